package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"smsetl/bi/metabase"
	"smsetl/internal/dev/long"
	"smsetl/internal/dev/metabasetest"
	"smsetl/vendors"
)

// readCatalog is what a BI tool's sync finds: every table and view that the login may read, with comments, over a connection of its own.
func readCatalog(d metabasetest.Details) ([]metabasetest.Table, error) {
	ctx := context.Background()
	u := url.URL{Scheme: "postgres", Host: fmt.Sprintf("%s:%d", d.Host, d.Port), Path: d.Database, User: url.UserPassword(d.User, d.Password)}
	conn, err := pgx.Connect(ctx, u.String())
	if err != nil {
		// As a driver that repeats what it was given.
		return nil, fmt.Errorf("FATAL: password authentication failed for user %q (password %q)", d.User, d.Password)
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, `
		SELECT n.nspname,
		       c.relname,
		       coalesce(obj_description(c.oid, 'pg_class'), ''),
		       a.attname,
		       coalesce(col_description(c.oid, a.attnum), '')
		FROM pg_class     AS c
		JOIN pg_namespace AS n ON n.oid = c.relnamespace
		JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		WHERE c.relkind IN ('r', 'v', 'p', 'm')
		  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
		  AND has_schema_privilege(n.oid, 'USAGE')
		  AND has_table_privilege(c.oid, 'SELECT')
		ORDER BY 1, 2, a.attnum`)
	if err != nil {
		return nil, err
	}
	var all []metabasetest.Table
	var schema, name, comment, column, meaning string
	_, err = pgx.ForEachRow(rows, []any{&schema, &name, &comment, &column, &meaning}, func() error {
		if len(all) == 0 || all[len(all)-1].Name != name {
			all = append(all, metabasetest.Table{Schema: schema, Name: name, Comment: comment})
		}
		t := &all[len(all)-1]
		semantic := ""
		if column == "share" { // a guess that is wrong
			semantic = "type/Quantity"
		}
		t.Columns = append(t.Columns, metabasetest.Column{Name: column, Comment: meaning, Semantic: semantic})
		return nil
	})
	return all, err
}

// studio is a warehouse, a login of an analyst, and a Metabase.
type studio struct {
	*world

	metabase  *metabasetest.Server
	warehouse string
}

func newStudio(t *testing.T, options metabasetest.Options) studio {
	t.Helper()
	options.Sync = readCatalog
	w := newWorld(t, quick(5))
	return studio{w, metabasetest.New(t, options), w.as("sms_analyst").url}
}

// bootstrap runs the program with what is needed in the environment, and more on the command line.
func (s studio) bootstrap(more ...string) (code int, report metabase.Report, stdout, stderr string) {
	s.t.Helper()
	return s.bootstrapWith(map[string]string{}, append([]string{"--url", s.metabase.URL, "-o", "json"}, more...)...)
}

func (s studio) bootstrapWith(set map[string]string, arguments ...string) (code int, report metabase.Report, stdout, stderr string) {
	s.t.Helper()
	all := map[string]string{"DATABASE_URL": s.url, "METABASE_API_KEY": s.metabase.Key, "METABASE_WAREHOUSE_URL": s.warehouse}
	maps.Copy(all, set)
	env := environment{vendors: vendors.All, lookup: func(name string) (string, bool) { v, ok := all[name]; return v, ok }, read: os.ReadFile}
	var out, errs bytes.Buffer
	code = run(context.Background(), append([]string{"bootstrap", "metabase"}, arguments...), env, &out, &errs)
	if slices.Contains(arguments, "json") && out.Len() > 0 {
		if err := json.Unmarshal(out.Bytes(), &report); err != nil {
			s.t.Fatalf("%v: %s", err, out.String())
		}
	}
	return code, report, out.String(), errs.String()
}

// mustBootstrap insists on exit 0 and gives how many things were created, updated, unchanged and kept.
func (s studio) mustBootstrap(more ...string) (metabase.Report, map[metabase.Did]int) {
	s.t.Helper()
	code, report, out, errs := s.bootstrap(more...)
	if code != exitOK {
		s.t.Fatalf("exit %d\n%s\n%s", code, out, errs)
	}
	counts := map[metabase.Did]int{}
	for _, c := range report.Changes {
		counts[c.Did]++
	}
	return report, counts
}

// unchangedNow insists that another run writes nothing.
func (s studio) unchangedNow() map[metabase.Did]int {
	s.t.Helper()
	before := len(s.metabase.Writes())
	report, counts := s.mustBootstrap()
	if writes := s.metabase.Writes()[before:]; len(writes) > 0 || report.Writes != 0 || counts[metabase.Created]+counts[metabase.Updated] > 0 {
		s.t.Errorf("a run that has nothing to do writes %v: %v", writes, counts)
	}
	return counts
}

// state is what can be seen in Metabase, but for numbers, which differ from one to the next.
func (s studio) state() []string {
	var all []string
	names := map[int]string{}
	for _, d := range s.metabase.Databases {
		all = append(all, fmt.Sprintln("database", d.Name, d.Details.Host, d.Details.Database, d.Details.SchemaPatterns, *d.Description))
		for _, t := range d.Tables {
			all = append(all, fmt.Sprintln("table", t.Name, *t.Description, *t.PointsOfInterest))
			for _, f := range t.Fields {
				names[f.ID] = t.Name + "." + f.Name
				if f.SemanticType != nil {
					all = append(all, fmt.Sprintln("field", t.Name, f.Name, *f.SemanticType))
				}
			}
		}
	}
	for _, c := range s.metabase.Cards {
		names[c.ID] = c.Name
		all = append(all, fmt.Sprintln("card", c.Name, c.Display, c.Query.Native.Query, len(c.Query.Native.Tags), string(c.Visualization), c.Archived))
	}
	for _, d := range s.metabase.Dashboards {
		all = append(all, fmt.Sprintln("dashboard", d.Name, len(d.Parameters), d.Archived))
		for _, t := range d.Tiles {
			card := "text"
			if t.CardID != nil {
				card = names[*t.CardID]
			}
			all = append(all, fmt.Sprintln("tile", d.Name, card, t.Row, t.Col, t.SizeX, t.SizeY, len(t.Mappings)))
		}
	}
	slices.Sort(all)
	return all
}

// The first run makes everything, the second nothing, with an old and with a new Metabase, however slow its sync is.
func TestBootstrapMetabase(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]metabasetest.Options{
		"0.50": {Version: "v0.50.36"},
		"0.57": {Version: "v0.57.13", Modern: true, TLS: true, SlowSync: 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStudio(t, options)
			report, counts := s.mustBootstrap()
			if counts[metabase.Created] != 1+1+len(metabase.Cards())+len(metabase.Dashboards()) || counts[metabase.Kept]+counts[metabase.Unchanged] != 0 {
				t.Errorf("%v\n%+v", counts, report.Changes)
			}
			if report.Writes != len(s.metabase.Writes()) || len(report.Pages) != 2 || report.Pages[0].Address != fmt.Sprintf("%s/dashboard/%d", s.metabase.URL, s.metabase.Dashboard("SMS delivery").ID) {
				t.Errorf("%d writes, %v", report.Writes, report.Pages)
			}
			d := s.metabase.Databases[0].Details
			if !strings.HasPrefix(d.User, "login_") || d.SchemaFilter != "inclusion" || d.SchemaPatterns != "sms" {
				t.Errorf("%+v", d)
			}
			view := s.metabase.Table("delivery_daily")
			for column, want := range map[string]string{"vendor": "type/Category", "country": "type/Country", "delivery_rate": "type/Share", "delivered": "type/Quantity", "billed_segments": "type/Quantity"} {
				if f := view.Field(column); f.SemanticType == nil || *f.SemanticType != want {
					t.Errorf("%s: %v, want %s", column, f.SemanticType, want)
				}
			}
			if share := s.metabase.Table("failure_ranking").Field("share"); *share.SemanticType != "type/Share" {
				t.Errorf("a wrong guess of Metabase's stays: %s", *share.SemanticType)
			}
			for _, table := range s.metabase.Databases[0].Tables {
				if table.Schema != "sms" || table.Description == nil {
					t.Errorf("%s.%s: %v", table.Schema, table.Name, table.Description)
				}
			}
			gaps := 0
			for _, c := range s.metabase.Cards {
				drawn := string(c.Visualization)
				if c.Display == "line" && !strings.Contains(drawn, `"line.missing":"none"`) || strings.Contains(drawn, `"zero"`) {
					t.Errorf("%s draws what is missing: %s", c.Name, drawn)
				}
				if c.Display == "line" {
					gaps++
				}
				if strings.Contains(*c.Description, "unfinished") {
					t.Errorf("%s: %s", c.Name, *c.Description)
				}
			}
			if gaps == 0 {
				t.Error("no line is drawn")
			}
			for _, d := range s.metabase.Dashboards {
				for _, tile := range d.Tiles {
					if tile.CardID != nil && len(tile.Mappings) < 2 {
						t.Errorf("%s: card %d hears no filter", d.Name, *tile.CardID)
					}
				}
			}
			counts = s.unchangedNow()
			if counts[metabase.Kept] != 0 {
				t.Errorf("nobody changed anything: %v", counts)
			}
			// A person reads tables, and the same command without a flag in JSON shows the same.
			code, _, out, _ := s.bootstrapWith(nil, "--url", s.metabase.URL)
			if code != exitOK || !strings.Contains(out, "0 created, 0 updated, ") || !strings.Contains(out, "SMS data quality: "+s.metabase.URL+"/dashboard/") {
				t.Errorf("exit %d\n%s", code, out)
			}
		})
	}
}

// A rehearsal says what a run would do, and writes nothing: before anything is there, and afterwards.
func TestBootstrapRehearsal(t *testing.T) {
	t.Parallel()
	s := newStudio(t, metabasetest.Options{})
	_, before := s.mustBootstrap("--dry-run")
	if before[metabase.Created] < len(metabase.Cards())+len(metabase.Dashboards())+2 || len(s.metabase.Writes()) != 0 {
		t.Errorf("%v, written: %v", before, s.metabase.Writes())
	}
	s.mustBootstrap()
	done := len(s.metabase.Writes())
	s.setMeant("Templates", "0123456789")
	report, after := s.mustBootstrap("--dry-run")
	if after[metabase.Updated] != 1 || after[metabase.Created] != 0 || len(s.metabase.Writes()) != done {
		t.Errorf("%+v", report.Changes)
	}
	code, _, out, _ := s.bootstrapWith(nil, "--url", s.metabase.URL, "--dry-run")
	if code != exitOK || !strings.Contains(out, "Nothing was written") {
		t.Errorf("exit %d\n%s", code, out)
	}
}

// setMeant makes a card one that another version of the program has made.
func (s studio) setMeant(card, meant string) {
	s.t.Helper()
	c := s.metabase.Card(card)
	text, mark, ok := strings.Cut(*c.Description, "\n(etl ")
	words := strings.Fields(mark)
	if !ok || len(words) < 4 {
		s.t.Fatalf("no mark in %q", *c.Description)
	}
	words[len(words)-2] = meant
	changed := text + "\n(etl " + strings.Join(words, " ")
	c.Description = &changed
}

// What people change stays as they made it, and what they did not change follows the program.
func TestBootstrapLeavesPeoplesWork(t *testing.T) {
	t.Parallel()
	s := newStudio(t, metabasetest.Options{Version: "v0.57.13", Modern: true})
	s.mustBootstrap()
	m := s.metabase
	m.Card("Templates").Query.Native.Query += "\n-- mine"
	s.setMeant("Templates", "0123456789") // and a new version wants something else
	m.Card("Countries").Visualization = json.RawMessage(`{"table.pivot": true}`)
	named := "What I want to say about it\n" + strings.SplitN(*m.Card("Open findings").Description, "\n", 2)[1]
	m.Card("Open findings").Description = &named
	m.Card("Failures by day").Archived = true
	m.Card("Numbers that changed").CollectionID = 0 // moved
	quality := m.Dashboard("SMS data quality")
	quality.Tiles[0].SizeY++
	mine := "type/Name"
	m.Table("delivery_daily").Field("vendor").SemanticType = &mine
	m.Table("delivery_daily").Field("country").SemanticType = nil
	own := "Ours."
	m.Table("delivery_daily").Description = &own
	m.Cards = append(m.Cards, &metabasetest.Card{ID: 9999, Name: "Delivery rate", DatabaseID: m.Databases[0].ID, Visualization: json.RawMessage("{}")})
	before := s.state()

	counts := s.unchangedNow()
	if counts[metabase.Kept] != 6 {
		t.Errorf("%v: want the four cards that were changed, and both dashboards: one lost a card to the Trash", counts)
	}
	if d := cmp.Diff(before, s.state()); d != "" {
		t.Errorf("(-before +after):\n%s", d)
	}

	s.setMeant("Messages requested", "0123456789")
	_, counts = s.mustBootstrap()
	if counts[metabase.Updated] != 1 || counts[metabase.Created] != 0 {
		t.Errorf("%v: want the one card that another version has made", counts)
	}
	if d := cmp.Diff(before, s.state()); d != "" {
		t.Errorf("(-before +after):\n%s", d)
	}
	s.unchangedNow()

	// What people threw away for good is theirs to have again.
	m.Dashboards = slices.DeleteFunc(m.Dashboards, func(d *metabasetest.Dashboard) bool { return d == quality })
	_, counts = s.mustBootstrap()
	if counts[metabase.Created] != 1 || m.Dashboard("SMS data quality") == nil {
		t.Errorf("%v", counts)
	}
	s.unchangedNow()
	// What is in the Trash stays there.
	m.Dashboard("SMS delivery").Archived = true
	s.unchangedNow()
	report, _ := s.mustBootstrap()
	inTrash := metabase.Change{Kind: "dashboard", Name: "SMS delivery", Did: metabase.Kept, Detail: "it is in the Trash"}
	if !slices.Contains(report.Changes, inTrash) || len(m.Dashboards) != 2 || len(report.Pages) != 1 {
		t.Errorf("%d dashboards, %v\n%+v", len(m.Dashboards), report.Pages, report.Changes)
	}

	// A view that has got another column is looked at again: what is empty is filled in, and what people chose stays.
	view := m.Table("delivery_daily")
	older := regexp.MustCompile(`[0-9a-f]{10}`).ReplaceAllString(*view.PointsOfInterest, "0123456789")
	view.PointsOfInterest = &older
	_, counts = s.mustBootstrap()
	if f := view.Field("country"); counts[metabase.Updated] != 1 || f.SemanticType == nil || *f.SemanticType != "type/Country" || *view.Field("vendor").SemanticType != mine || *view.Description != own {
		t.Errorf("%v, country %v, vendor %s: %s", counts, f.SemanticType, *view.Field("vendor").SemanticType, *view.Description)
	}
	s.unchangedNow()
}

// A run that breaks off, wherever, is gone on with by the next one, and what comes of it is what one run makes.
func TestBootstrapResumes(t *testing.T) {
	t.Parallel()
	whole := newStudio(t, metabasetest.Options{Modern: true})
	whole.mustBootstrap()
	writes := len(whole.metabase.Writes())
	want := whole.state()
	s := newStudio(t, metabasetest.Options{Modern: true})
	s.warehouse, s.url = whole.warehouse, whole.url
	// At the first few, and then at some of the others.
	for at := 0; at < writes; {
		s.metabase.Rude = func(w http.ResponseWriter, r *http.Request, done int) bool {
			if r.Method == http.MethodGet || done < at {
				return false
			}
			http.Error(w, "the connection pool is exhausted", http.StatusInternalServerError)
			return true
		}
		wantCode := exitPartial
		if len(s.metabase.Writes()) == at {
			wantCode = exitFailed // nothing was written in this run
		}
		code, _, _, errs := s.bootstrap()
		if code == exitOK {
			break
		}
		if code != wantCode || !strings.Contains(errs, "connection pool") {
			t.Fatalf("after %d writes: exit %d, want %d\n%s", at, code, wantCode, errs)
		}
		if at < long.Or(2, 5) {
			at++
		} else {
			at += long.Or(20, 7)
		}
	}
	s.metabase.Rude = nil
	s.mustBootstrap()
	if d := cmp.Diff(want, s.state()); d != "" {
		t.Errorf("(-one run +many):\n%s", d)
	}
	if counts := s.unchangedNow(); counts[metabase.Kept] != 0 {
		t.Errorf("%v", counts)
	}
}

// Every mistake has a message that says what is wrong, and an exit code that says who can mend it. No secret is in any of them.
func TestBootstrapMistakes(t *testing.T) {
	t.Parallel()
	with := func(status int, kind, body string) func(http.ResponseWriter, *http.Request, int) bool {
		return func(w http.ResponseWriter, _ *http.Request, _ int) bool {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			fmt.Fprint(w, body)
			return true
		}
	}
	sendOn := func(w http.ResponseWriter, _ *http.Request, _ int) bool {
		w.Header().Set("Location", "https://elsewhere.example.com/api")
		w.WriteHeader(http.StatusFound)
		return true
	}
	s := newStudio(t, metabasetest.Options{})
	password := "pass+word/wrong"
	wrongLogin, err := url.Parse(s.warehouse)
	if err != nil {
		t.Fatal(err)
	}
	wrongLogin.User = url.UserPassword("nobody_here", password)
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		options   metabasetest.Options
		rude      func(http.ResponseWriter, *http.Request, int) bool
		set       map[string]string
		arguments []string
		code      int
		want      string
	}{
		"no key":             {set: map[string]string{"METABASE_API_KEY": ""}, code: exitUsage, want: "--api-key is missing: give it, or set METABASE_API_KEY"},
		"wrong key":          {set: map[string]string{"METABASE_API_KEY": "mb_no"}, code: exitUsage, want: "the API key is not accepted"},
		"key with a newline": {set: map[string]string{"METABASE_API_KEY": "mb_no\nmb"}, code: exitUsage, want: "holds spaces or line ends"},
		"file of key":        {arguments: []string{"--api-key", "file:" + filepath.Join(t.TempDir(), "absent")}, code: exitUsage, want: "no such file"},
		"empty file":         {arguments: []string{"--api-key", "file:" + empty}, code: exitUsage, want: "the API key is empty"},
		"no rights":          {options: metabasetest.Options{Reader: true}, code: exitUsage, want: "its group has to be Administrators"},
		"forbidden":          {rude: with(403, "text/plain", "You don't have permissions to do that."), code: exitUsage, want: "its group has to be Administrators"},
		"too old":            {options: metabasetest.Options{Version: "v0.49.12"}, code: exitUsage, want: "is Metabase v0.49.12: 0.50 or newer is needed"},
		"too old, licensed":  {options: metabasetest.Options{Version: "v1.48.1"}, code: exitUsage, want: "0.50 or newer is needed"},
		"plain http":         {arguments: []string{"--url", "http://metabase.example.com"}, code: exitUsage, want: "http to metabase.example.com would send the key and the password in the clear"},
		"no address":         {arguments: []string{"--url", "metabase.example.com"}, code: exitUsage, want: "the address is not one"},
		"key in address":     {arguments: []string{"--url", "https://u:canary@metabase.example.com"}, code: exitUsage, want: "more than scheme, host and path"},
		"a web server":       {rude: with(200, "text/html", "<html>hello</html>"), code: exitUsage, want: "the answer is not JSON: is this the address of a Metabase?"},
		"another service":    {rude: with(200, "application/json", "{}"), code: exitUsage, want: "does not say which version of Metabase it is"},
		"no such path":       {rude: with(404, "text/plain", "Not found"), code: exitUsage, want: "is this the address of a Metabase?"},
		"proxy":              {rude: with(502, "text/html", "<html><h1>502 Bad Gateway</h1></html>"), code: exitFailed, want: "what answers is a proxy, and Metabase behind it is starting or down"},
		"server error":       {rude: with(500, "application/json", `{"message": "boom"}`), code: exitFailed, want: "500: boom"},
		"sent on":            {rude: sendOn, code: exitUsage, want: "sends on to https://elsewhere.example.com: give the address where Metabase is"},
		"cut answer":         {rude: with(200, "application/json", `{"version": {"tag`), code: exitFailed, want: "not of the form that is documented"},
		"nobody there":       {arguments: []string{"--url", "http://127.0.0.1:1"}, code: exitFailed, want: "nothing answers at http://127.0.0.1:1"},
		"sync failed":        {options: metabasetest.Options{FailSync: 1}, code: exitPartial, want: `the sync of "SMS delivery" has failed`},
		"sync too slow":      {options: metabasetest.Options{SlowSync: 1000}, arguments: []string{"--sync-timeout", "1ms"}, code: exitPartial, want: "run this again, or give it longer"},
		"no warehouse":       {set: map[string]string{"METABASE_WAREHOUSE_URL": ""}, code: exitUsage, want: "--warehouse is missing: give it, or set METABASE_WAREHOUSE_URL"},
		"odd warehouse":      {arguments: []string{"--warehouse", "mysql://u:canary@h/d"}, code: exitUsage, want: "want postgres://user:password@host:port/database"},
		"no password":        {arguments: []string{"--warehouse", "postgres://u@h/d"}, code: exitUsage, want: "password is missing"},
		"odd sslmode":        {arguments: []string{"--warehouse", "postgres://u:p@h/d?sslmode=perhaps"}, code: exitUsage, want: `sslmode "perhaps" is none of`},
		"the owner":          {arguments: []string{"--warehouse", s.url}, code: exitUsage, want: "let Metabase read as sms_analyst"},
		"wrong password":     {set: map[string]string{"METABASE_WAREHOUSE_URL": wrongLogin.String()}, code: exitUsage, want: `password authentication failed for user \"nobody_here\" (password \"***\")`},
		"a colon":            {arguments: []string{"--name", "SMS: delivery"}, code: exitUsage, want: "which stand in the marks"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.options.Sync = readCatalog
			one := s
			one.metabase = metabasetest.New(t, c.options)
			one.metabase.Rude = c.rude
			arguments := append([]string{"--url", one.metabase.URL}, c.arguments...)
			code, _, out, errs := one.bootstrapWith(c.set, arguments...)
			if code != c.code || !strings.Contains(errs, c.want) {
				t.Errorf("exit %d, want %d; want %q in:\n%s", code, c.code, c.want, errs)
			}
			for _, secret := range []string{one.metabase.Key, "mb_no", password, "canary"} {
				if strings.Contains(out+errs, secret) {
					t.Errorf("%q is shown:\n%s%s", secret, out, errs)
				}
			}
		})
	}
}

// A database of the same name that is somebody else's is not taken over; a broken sync is asked for again.
func TestBootstrapBesideOthers(t *testing.T) {
	t.Parallel()
	s := newStudio(t, metabasetest.Options{FailSync: 2})
	s.metabase.Databases = append(s.metabase.Databases, &metabasetest.Database{ID: 3, Name: "SMS delivery", Engine: "postgres", Details: metabasetest.Details{Host: "elsewhere", Port: 5432}})
	code, _, _, errs := s.bootstrap()
	if code != exitUsage || !strings.Contains(errs, "choose another name") || len(s.metabase.Writes()) != 0 {
		t.Fatalf("exit %d, %v\n%s", code, s.metabase.Writes(), errs)
	}
	if code, _, _, errs = s.bootstrap("--name", "Staging"); code != exitPartial || !strings.Contains(errs, `the sync of "Staging" has failed`) {
		t.Fatalf("exit %d\n%s", code, errs)
	}
	if code, _, _, errs = s.bootstrap("--name", "Staging", "--sync-timeout", "300ms"); code != exitPartial || !strings.Contains(errs, `the sync of "Staging" has failed`) {
		t.Fatalf("exit %d\n%s", code, errs) // it was asked for again, and failed again
	}
	s.mustBootstrap("--name", "Staging")
	// A second warehouse in the same Metabase has a set of its own.
	other := newWorld(t, quick(5))
	second := s
	second.world, second.warehouse = other, other.as("sms_analyst").url
	second.mustBootstrap("--name", "Production")
	if n := len(s.metabase.Cards); n != 2*len(metabase.Cards()) {
		t.Errorf("%d cards", n)
	}
	before := len(s.metabase.Writes())
	s.mustBootstrap("--name", "Staging")
	second.mustBootstrap("--name", "Production")
	if writes := s.metabase.Writes()[before:]; len(writes) != 0 {
		t.Errorf("written: %v", writes)
	}
	// The password is sent again only when it is said so: Metabase does not tell the one it has.
	second.mustBootstrap("--name", "Production", "--set-password")
	if writes := s.metabase.Writes()[before:]; len(writes) != 1 {
		t.Errorf("written: %v", writes)
	}
}
