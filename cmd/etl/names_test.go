package main

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"smsetl/vendors"
)

// called gives what the views call the templates or labels of an account, by their ids.
func (w *world) called(column, account string) map[string]string {
	w.t.Helper()
	all := map[string]string{}
	for line := range strings.Lines(w.text(strings.ReplaceAll(`
		SELECT coalesce(string_agg(DISTINCT COLUMN || E'\t' || coalesce(COLUMN_name, '-'), E'\n'), '')
		FROM sms.delivery_daily
		WHERE COLUMN NOT LIKE '(%' AND account = '`+account+`'`, "COLUMN", column))) {
		id, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		all[id] = name
	}
	return all
}

// command runs the program without a configuration, and gives all that it says.
func (w *world) command(want int, arguments ...string) string {
	w.t.Helper()
	var out bytes.Buffer
	env := environment{vendors: vendors.All, lookup: func(name string) (string, bool) { return w.url, name == "DATABASE_URL" }, read: os.ReadFile}
	if code := run(w.t.Context(), arguments, env, &out, &out); code != want {
		w.t.Fatalf("%v: exit %d, want %d\n%s", arguments, code, want, &out)
	}
	return out.String()
}

func (w *world) names(want int, arguments ...string) string {
	w.t.Helper()
	return w.command(want, append([]string{"names"}, append(arguments, at(today)...)...)...)
}

// Whoever asks the vendor gets names of what facts are of, page after page, from rude answers too; facts that come later have theirs; people's
// names beat them, and both are kept with their times.
func TestNames(t *testing.T) {
	t.Parallel()
	rude := quick(400)
	rude.EngageLab.RudeNames = true
	w := newWorld(t, rude)
	w.must(exitOK, "backfill", append(at(today), "--from", "2026-10-01", "--to", "2026-10-31", "--vendor", "engagelab")...)
	w.names(exitOK, "refresh", "--config", w.config)
	templates, labels := w.vendors.Names("harbor_service")
	equal := func(when, column string, names map[string]string) {
		t.Helper()
		got := w.called(column, "harbor_service")
		if len(got) == 0 {
			t.Fatalf("%s: no %s", when, column)
		}
		for id, name := range got {
			if name != names[id] {
				t.Errorf("%s: %s %s is called %q, want %q", when, column, id, name, names[id])
			}
		}
	}
	equal("after the facts", "template", templates)
	equal("after the facts", "label", labels)
	if n := w.number(`SELECT count(*) FROM sms.names WHERE name ~ 'verification code' OR name IN ('of nobody', 'of null', 'another name')`); n != 0 {
		t.Errorf("%d names of nobody, or texts", n)
	}
	w.must(exitOK, "backfill", append(at(today), "--from", "2026-01-01", "--to", "2026-03-31", "--vendor", "engagelab")...)
	equal("names before the facts", "template", templates)

	before := w.text(`SELECT string_agg(n::text, ' ' ORDER BY name_id) FROM etl.name AS n`)
	if out := w.names(exitOK, "refresh", "--config", w.config); !strings.Contains(out, " 0 new or changed") {
		t.Errorf("the same names again: %s", out)
	}
	if after := w.text(`SELECT string_agg(n::text, ' ' ORDER BY name_id) FROM etl.name AS n`); after != before {
		t.Error("the same names again were written")
	}

	id := slices.Min(slices.Collect(maps.Keys(w.called("template", "harbor_service"))))
	file := filepath.Join(t.TempDir(), "names.csv")
	write := func(text string) string {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	imported := func(want int, text string) string {
		return w.names(want, "import", write(text))
	}
	imported(exitOK, "\ufeffname,kind,vendor,account,id\n\"Login, new\",template,engagelab,,"+id+"\nHarbor,account,engagelab,,harbor_service\nabroad,message_type,engagelab,,2\n")
	templates[id] = "Login, new"
	equal("as people say", "template", templates)
	if got := w.text(`SELECT DISTINCT account_name || ' ' || message_type_name FROM sms.delivery_daily WHERE account = 'harbor_service' AND message_type = '2'`); got != "Harbor abroad" {
		t.Errorf("account and message type are called %q", got)
	}
	w.command(exitOK, "migrate", "up") // the program's own names of message types do not come back
	if got := w.text(`SELECT DISTINCT message_type_name FROM sms.delivery_daily WHERE message_type = '2'`); got != "abroad" {
		t.Errorf("after migrate up the message type is called %q", got)
	}
	imported(exitOK, "kind,vendor,id,name\ntemplate,engagelab,"+id+",Login 2\n")
	if got := w.text(`
		SELECT string_agg(concat_ws(' ', source, name, valid_to IS NULL), ', ' ORDER BY name)
		FROM sms.names WHERE kind = 'template' AND id = '` + id + `' AND source = 'people'`); got != "people Login 2 t, people Login, new f" {
		t.Errorf("history: %s", got)
	}

	out := imported(exitUsage, "kind,vendor,account,id,name\ntemplate,engagelab,,"+id+",Login 3\ntmplate,engagelab,,1,x\ntemplate,engagelab,nobody,1,x\naccount,engagelab,,nobody,x\nlabel,engagelab,,31,\n"+
		"label,nobody,,31,x\nlabel,engagelab,,31,a\nlabel,engagelab,,31,b\naccount,engagelab,harbor_service,harbor_service,x\n")
	for _, want := range []string{
		`names.csv:3: kind "tmplate"`, `names.csv:4: account "nobody" of engagelab is not known`, `names.csv:5: account "nobody"`, `names.csv:6: name is empty`,
		`names.csv:7: vendor "nobody" is not known`, `names.csv:9: label 31 is called "b" here and "a" above`, `names.csv:10: a name of kind account belongs to no account`,
	} {
		if !strings.Contains(out, want) {
			t.Errorf("nobody is told %s\n%s", want, out)
		}
	}
	if got := w.called("template", "harbor_service")[id]; got != "Login 2" {
		t.Errorf("a file with a wrong line was imported: %q", got)
	}
}

// An account without the right is told of, and nothing fails.
func TestNamesRefused(t *testing.T) {
	t.Parallel()
	closed := quick(10)
	closed.EngageLab.NoNames = true
	w := newWorld(t, closed)
	if out := w.names(exitOK, "refresh", "--config", w.config); strings.Count(out, "gives no names: ") != 2 || !strings.Contains(out, "HTTP 403") {
		t.Errorf("%s", out)
	}
}
