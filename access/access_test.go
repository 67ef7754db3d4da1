package access_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"smsetl/access"
	"smsetl/internal/db"
	"smsetl/internal/dev/long"
	"smsetl/internal/dev/pgtest"
)

var _ = long.Wanted

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// as opens a database as a role would.
func as(t *testing.T, address, role string) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), address+"&role="+role, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

func session(login string) access.Session {
	return access.Session{Login: login, Credential: []byte(login), Client: "192.0.2.1", StartedAt: noon, SeenAt: noon, EndsAt: noon.Add(7 * 24 * time.Hour)}
}

// Sessions are kept by the role that serves, ended by it and by operators, and seen by nobody else.
func TestSessions(t *testing.T) {
	t.Parallel()
	address := pgtest.New(t)
	loader, operator := access.Sessions{DB: as(t, address, "sms_loader")}, access.Sessions{DB: as(t, address, "sms_operator")}
	for i, login := range []string{"anna", "berta", "carla"} {
		if err := loader.Start(t.Context(), access.Token{byte(i)}, session(login), 12*time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	if err := loader.Seen(t.Context(), access.Token{1}, noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	got, ok, err := loader.Find(t.Context(), access.Token{1})
	want := session("berta")
	want.ID, want.SeenAt = got.ID, noon.Add(time.Hour)
	if diff := cmp.Diff(want, got, cmp.Comparer(time.Time.Equal)); err != nil || !ok || diff != "" {
		t.Errorf("%v %v (-want +got):\n%s", ok, err, diff)
	}
	if _, ok, err := loader.Find(t.Context(), access.Token{9}); ok || err != nil {
		t.Errorf("nobody's token: %v %v", ok, err)
	}
	all, err := operator.List(t.Context(), noon)
	if err != nil || len(all) != 3 || all[0].Login != "carla" {
		t.Fatalf("%+v %v", all, err)
	}
	ended, err := operator.Revoke(t.Context(), []int64{all[0].ID, 999}, "olga", noon)
	if err != nil || len(ended) != 1 {
		t.Errorf("ended %v %v", ended, err)
	}
	if err := loader.End(t.Context(), access.Token{1}); err != nil {
		t.Error(err)
	}
	if ended, err = loader.Revoke(t.Context(), nil, "olga", noon); err != nil || len(ended) != 1 {
		t.Errorf("ended %v %v, want the last one", ended, err)
	}
	if ended, err = loader.Revoke(t.Context(), nil, "olga", noon); err != nil || len(ended) != 0 {
		t.Errorf("ended %v %v, want none", ended, err)
	}
	lines, err := db.All[string](t.Context(), operator.DB, `SELECT concat_ws(' ', operation, who, cardinality(ids)) FROM etl.operation`)
	if err != nil || strings.Join(lines, "; ") != "session_end olga 1; session_end olga 1" {
		t.Errorf("%q %v", lines, err)
	}
	// What is over goes with the next login.
	if err := loader.Start(t.Context(), access.Token{1}, session("anna"), 12*time.Hour); err != nil {
		t.Fatal(err)
	}
	later := session("anna")
	later.StartedAt, later.EndsAt = noon.Add(13*time.Hour), noon.Add(14*time.Hour)
	if err := loader.Start(t.Context(), access.Token{2}, later, 12*time.Hour); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := loader.Find(t.Context(), access.Token{1}); ok || err != nil {
		t.Errorf("a session that nobody used for 13 hours: %v %v", ok, err)
	}
}

// Whoever serves pages signs what is done on them, and no decision about days.
func TestOnlyActionsOfPagesAreRecorded(t *testing.T) {
	t.Parallel()
	address := pgtest.New(t)
	loader := access.Operations{DB: as(t, address, "sms_loader")}
	for name, o := range map[string]access.Operation{
		"a decision about days":  {Name: "freeze", Who: "x", IDs: []int64{1}, At: noon},
		"jobs without numbers":   {Name: access.JobCancel, Who: "x", At: noon},
		"jobs with a queue":      {Name: access.JobCancel, Who: "x", IDs: []int64{1}, Queue: "q", At: noon},
		"a queue without a name": {Name: access.QueuePause, Who: "x", At: noon},
		"what is no operation":   {Name: "anything", Who: "x", IDs: []int64{1}, At: noon},
	} {
		if err := loader.Record(t.Context(), o); err == nil {
			t.Errorf("%s is recorded", name)
		}
	}
	if err := loader.Record(t.Context(), access.Operation{Name: access.QueuePause, Who: "x", Queue: "q", At: noon}); err != nil {
		t.Error(err)
	}
}
