package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"smsetl/vendors"
)

// mistake is something that people type, and the files and variables that they have.
type mistake struct {
	title string
	typed string // the command line
	file  string // schedules.yaml; "" for none
	set   map[string]string
	as    string // a role that may do less than is asked
}

const mistakenConfig = `sources:
  - name: engagelab-main
    vendor: engagelab
    sms_user: ${ENGAGELAB_SMS_USER}
    sms_key: ${ENGAGELAB_SMS_KEY}
schedules:
  - name: daily
    cron: "30 2 * * *"
    sources: [engagelab-main]
`

// mistakes are those that people make most. Each is made in an empty folder.
func mistakes() []mistake {
	edited := func(part, other string) string { return strings.Replace(mistakenConfig, part, other, 1) }
	return []mistake{
		{title: "No command", typed: "etl"},
		{title: "A misspelt command", typed: "etl backfil", file: mistakenConfig},
		{title: "A flag of another program", typed: "etl run --verbose", file: mistakenConfig},
		{title: "A misspelt flag", typed: "etl backfill --form 2026-01-01", file: mistakenConfig},
		{title: "A command without its part", typed: "etl migrate", file: mistakenConfig},
		{title: "A form of output that is not there", typed: "etl status -o yaml", file: mistakenConfig},
		{title: "A date in another form", typed: "etl backfill --from 01.02.2026 --to 2026-02-03", file: mistakenConfig},
		{title: "A date in the future", typed: "etl backfill --from 2026-11-01 --to 2030-01-01 --now 2026-11-22T03:00:00+08:00", file: mistakenConfig},
		{title: "Days in the wrong order", typed: "etl backfill --from 2026-02-03 --to 2026-02-01", file: mistakenConfig},
		{title: "A source that is not there", typed: "etl run --source engagelab", file: mistakenConfig},
		{title: "No configuration", typed: "etl run"},
		{title: "A first configuration for an unknown vendor", typed: "etl init --vendor engagelabs"},
		{title: "A wrong indentation", typed: "etl run", file: edited("    vendor:", "     vendor:")},
		{title: "A misspelt key", typed: "etl run", file: edited("sms_key:", "sms_kye:")},
		{title: "An unknown vendor in the configuration", typed: "etl run", file: edited("vendor: engagelab", "vendor: engage-lab")},
		{title: "A variable that is not set", typed: "etl run", file: mistakenConfig, set: map[string]string{"ENGAGELAB_SMS_KEY": unset}},
		{title: "A date in the future in the configuration", typed: "etl run --now 2026-11-22T03:00:00+08:00", file: edited("    sms_key:", "    history_start: 2030-01-01\n    sms_key:")},
		{title: "A wrong secret", typed: "etl backfill --from 2026-11-20 --to 2026-11-20 --now 2026-11-22T03:00:00+08:00", file: edited("    sms_key:", "    base_url: ${SANDBOX}\n    sms_key:")},
		{title: "A database that is down", typed: "etl run", file: mistakenConfig, set: map[string]string{"DATABASE_URL": "postgres://etl:secret@127.0.0.1:1/sms"}},
		{title: "An address of another kind of database", typed: "etl run", file: mistakenConfig, set: map[string]string{"DATABASE_URL": "mysql://etl:secret@127.0.0.1/sms"}},
		{title: "A role that may not", typed: "etl pause engagelab-main", file: mistakenConfig, as: "sms_analyst"},
		{title: "A port that is taken", typed: "etl serve --listen TAKEN", file: mistakenConfig},
		{title: "A file that is not there", typed: "etl import huawei export.csv --source huawei-main", file: "sources:\n  - {name: huawei-main, vendor: huawei, applications: [shop], phone_key: 0123456789abcdef}\n"},
		{title: "Nothing is due", typed: "etl run --now 2026-11-22T03:00:00+08:00", file: edited("    sms_key:", "    history_start: 2026-11-22\n    sms_key:")},
	}
}

// unset takes a variable away that every case has.
const unset = "\x00"

// volatiles are what differs from run to run.
var volatiles = []struct {
	form *regexp.Regexp
	as   string
}{
	{regexp.MustCompile(`\b[0-9.]+(µs|ms|s)\b`), "12ms"},
	{regexp.MustCompile(`login_[a-z0-9]+`), "analyst"},
	{regexp.MustCompile(`127\.0\.0\.1:[0-9]{4,}`), "127.0.0.1:8080"},
	{regexp.MustCompile(`(?m)^\{.*\n`), ""}, // the log
}

// said makes a mistake and gives what the program says, with the exit code where it is not 0.
func (m mistake) said(t *testing.T, w *world, taken string) string {
	t.Chdir(t.TempDir())
	if m.file != "" {
		if err := os.WriteFile("schedules.yaml", []byte(m.file), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	set := map[string]string{
		"DATABASE_URL": w.url, "ENGAGELAB_SMS_USER": "harbor", "ENGAGELAB_SMS_KEY": "not-the-key", "SANDBOX": w.base(t),
	}
	if m.as != "" {
		set["DATABASE_URL"] = w.as(m.as).url
	}
	maps.Copy(set, m.set)
	env := environment{vendors: vendors.All, read: os.ReadFile, lookup: func(name string) (string, bool) {
		value, ok := set[name]
		return value, ok && value != unset
	}}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var out bytes.Buffer
	code := run(ctx, strings.Fields(strings.Replace(m.typed, "TAKEN", taken, 1))[1:], env, &out, &out)
	text := out.String()
	for _, v := range volatiles {
		text = v.form.ReplaceAllString(text, v.as)
	}
	if database := databaseOf(t, w.url); database != "" {
		text = strings.ReplaceAll(text, database, "sms")
	}
	if m.typed == "etl" && code == exitOK {
		text, _, _ = strings.Cut(text, "To load:")
		text += "...\n"
	}
	if code != exitOK {
		text += fmt.Sprintf("(exit code %d)\n", code)
	}
	return text
}

func databaseOf(t *testing.T, address string) string {
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(u.Path, "/")
}

// base gives the address of the world's EngageLab.
func (w *world) base(t *testing.T) string {
	text, err := os.ReadFile(w.config)
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`base_url: (\S+)`).FindStringSubmatch(string(text))[1]
}

// takenPort gives an address that somebody else listens on.
func takenPort(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener.Addr().String()
}

// saidOfMistakes is what the program says of each mistake, by its title.
func saidOfMistakes(t *testing.T) map[string]string {
	w, taken, said := newWorld(t, quick(30)), takenPort(t), map[string]string{}
	for _, m := range mistakes() {
		t.Run(m.title, func(t *testing.T) { said[m.title] = m.said(t, w, taken) })
	}
	return said
}
