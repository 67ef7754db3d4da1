package main

import (
	"context"
	"crypto/rand"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"smsetl/sandbox"
)

// as gives the same world to somebody who may do less: a login of the test's own that is a member of the role.
func (w *world) as(role string) *world {
	w.t.Helper()
	name := "login_" + strings.ToLower(rand.Text()[:10])
	if _, err := w.conn.Exec(context.Background(), `CREATE ROLE `+name+` LOGIN PASSWORD 'x' IN ROLE `+role); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		// The world's connection and programs are closed by then, its database is not.
		if _, err := w.conn.Exec(context.Background(), `DROP ROLE `+name); err != nil {
			w.t.Error(err)
		}
	})
	u, err := url.Parse(w.url)
	if err != nil {
		w.t.Fatal(err)
	}
	u.User = url.UserPassword(name, "x")
	other := *w
	other.url = u.String()
	return &other
}

// What loads need is what sms_loader has, what operators need is what sms_operator has, and an analyst can start neither.
func TestEveryRoleDoesItsWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(60))
	loader, operator, analyst := w.as("sms_loader"), w.as("sms_operator"), w.as("sms_analyst")
	now := at(today)
	first, second := w.vendors.First(), today.AddDate(0, 0, -59).Format("2006-01-02")
	days := func(more ...string) []string {
		return append(append([]string{"--from", second, "--to", second}, now...), more...)
	}
	decision := days("--reason", "a test", "--account", "1400006874")

	loader.must(0, "doctor")
	loader.must(0, "run", now...)
	if !w.equalsTruth() {
		t.Error("the loader's warehouse differs from the truth")
	}
	loader.must(0, "run", now...)
	loader.must(0, "backfill", append([]string{"--from", first, "--to", second, "--refetch"}, now...)...)
	loader.elsewhere(0, append([]string{"replay"}, days()...)...)
	loader.must(0, "status", now...)
	loader.elsewhere(0, "raw", "list", "--date", second)
	if code, _, errs := loader.etl("check", now...); code != 0 && code != 4 {
		t.Error("check:", code, errs)
	}

	operator.must(0, "status", now...)
	operator.must(0, "freeze", decision...)
	operator.must(0, "unfreeze", decision...)
	operator.must(0, "pause", "tencent-main")
	operator.must(0, "resume", "tencent-main")
	operator.must(0, "backfill", append([]string{"--from", first, "--to", second, "--refetch", "--detach"}, now...)...)
	operator.elsewhere(0, "backfills")
	run := w.number(`SELECT max(run_id) FROM etl.run WHERE command = 'backfill'`)
	operator.elsewhere(0, "cancel", strconv.FormatInt(run, 10))
	operator.must(0, "backfill", append([]string{"--from", first, "--to", second, "--refetch", "--detach"}, now...)...)
	server := loader.serve()
	w.untilNone("what the operator ordered is loaded", openRuns)
	server.end(exitOK)
	if strings.Contains(server.log(), "42501") {
		t.Errorf("a server as loader is refused something:\n%s", server.log())
	}

	// None of them does another's work.
	for _, refused := range []struct {
		who       *world
		command   string
		arguments []string
	}{
		{loader, "freeze", decision},
		{loader, "pause", []string{"tencent-main"}},
		{operator, "backfill", append([]string{"--from", first, "--to", second, "--refetch"}, now...)},
		{analyst, "run", now},
		{analyst, "status", now},
	} {
		if code, out, _ := refused.who.etl(refused.command, refused.arguments...); code == 0 {
			t.Errorf("%s %v: exit 0\n%s", refused.command, refused.arguments, out)
		}
	}
	if !w.equalsTruth() {
		t.Error("the warehouse differs from the truth afterwards")
	}

	// The loader doubts a doubled answer, the operator believes it.
	if err := w.vendors.Restate(sandbox.Restatement{Kind: sandbox.DoubledAnswer, Account: "harbor_service", From: "2026-11-01", To: "2026-11-02"}); err != nil {
		t.Fatal(err)
	}
	loader.must(exitOK, "backfill", append(append(now, firstDays...), "--refetch")...)
	if report := operator.decide("release"); report.Days != 2 {
		t.Errorf("%+v", report)
	}
}

// The doctor has the statements for what the migrations may not do, and says nothing of what is done.
func TestDoctorSaysWhoMayComeIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(5))
	analyst, err := url.Parse(w.as("sms_analyst").url)
	if err != nil {
		t.Fatal(err)
	}
	open, unlimited := `REVOKE CONNECT, TEMPORARY ON DATABASE `, `ALTER ROLE `+analyst.User.Username()+` CONNECTION LIMIT 20`
	for _, change := range []struct {
		sql                 string
		isOpen, isUnlimited bool
	}{
		{`GRANT CONNECT ON DATABASE ` + strings.Trim(analyst.Path, "/") + ` TO PUBLIC`, true, true},
		{`SELECT etl.grant_roles()`, false, true},
		{unlimited, false, false},
	} {
		w.exec(change.sql)
		out := w.must(exitOK, "doctor", at(today)...)
		if strings.Contains(out, open) != change.isOpen || strings.Contains(out, unlimited) != change.isUnlimited {
			t.Errorf("after %s:\n%s", change.sql, out)
		}
	}
}
