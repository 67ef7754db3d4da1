package engagelab_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"smsetl/internal/dev/transformtest"
	"smsetl/internal/pack"
	"smsetl/sms"
)

// The tests of this file are about what a vendor may write otherwise than its pages show.

// failedRow writes a row of process_failed that makes one fact, with the given members before its counts.
func failedRow(members string) string {
	return `{"send_date":"2026-01-02","msg_type":"2",` + members + `"global_block":3,"partial_block":0,"unsubscribe":0,"keyword_block":0,` +
		`"variable_error":0,"content_error":0,"frequency_overrun":0,"other":0}`
}

func failedAnswer(t *testing.T, url, body string) (sms.Scope, []sms.Payload) {
	t.Helper()
	scope := transformtest.Scope(t, sms.EngageLab, "marketing", "2026-01-01/2026-01-03", sms.ProcessFailed)
	return scope, []sms.Payload{{
		Account: scope.Account, Dataset: sms.ProcessFailed, Window: scope.Window, Request: sms.Request{URL: url}, Body: pack.Bytes([]byte(body)),
	}}
}

func findings(b *sms.Batch, check string) (found []sms.Finding) {
	for _, f := range b.Findings {
		if f.Check == check {
			found = append(found, f)
		}
	}
	return found
}

func TestRowsWithoutUserAreThoseOfTheOneWhoAsked(t *testing.T) {
	const base = "http://127.0.0.1/v1/stats/process_failed?start_date=2026-01-01&"
	for query, isOurs := range map[string]bool{
		"":                                true,
		"template_ids=1%3B2":              true,
		"sms_users=marketing":             true,
		"sms_users=otp":                   false,
		"sms_users=marketing%3Botp":       false,
		"sms_users=marketing&sms_users=b": false,
		"sms_users=%zz":                   false,
	} {
		for _, user := range []string{"", `"sms_user":null,`, `"sms_user":"",`} {
			row := failedRow(user)
			scope, payloads := failedAnswer(t, base+query, `{"result":[`+row+`,`+row+`,`+failedRow(`"sms_user":"marketing",`)+`],"count":3}`)
			b, err := vendors.Batch(scope, payloads)
			transformtest.Hold(t, scope, &b, err)
			noted := findings(&b, "missing_user")
			switch {
			case err != nil:
				t.Errorf("%q, %q: %v", query, user, err)
			case isOurs && (len(b.Failures) != 3 || len(b.Rejects) != 0):
				t.Errorf("%q, %q: %d facts and %v", query, user, len(b.Failures), b.Rejects)
			case isOurs && (len(noted) != 1 || noted[0].Severity != sms.Info || noted[0].Rows != 2 || noted[0].Subject != "process_failed"):
				t.Errorf("%q, %q: findings %+v, want one of 2 rows", query, user, noted)
			case !isOurs && (len(b.Failures) != 1 || len(b.Rejects) != 2 || len(noted) != 0):
				t.Errorf("%q, %q: %d facts and %d rejects, want the rows without user rejected", query, user, len(b.Failures), len(b.Rejects))
			}
		}
	}
}

func TestAnswersThatSayRowsAreMissing(t *testing.T) {
	for envelope, want := range map[string]string{
		`"count":300`:           "count is 300 in an answer of 1 rows",
		`"count":"0"`:           "count is 0 in an answer of 1 rows",
		`"count":1,"total":250`: "it holds 1 rows out of a total of 250",
		`"total":"2"`:           "it holds 1 rows out of a total of 2",
	} {
		scope, payloads := transformtest.Stats(t, `{"result":[`+transformtest.Row+`],`+envelope+`}`)
		_, err := vendors.Batch(scope, payloads)
		cut, is := errors.AsType[*sms.IncompleteError](err)
		if !is || !errors.Is(err, sms.ErrMalformed) {
			t.Errorf("%s: %v, want an IncompleteError", envelope, err)
			continue
		}
		if d := cmp.Diff(sms.IncompleteError{Dataset: sms.StatsDay, Window: scope.Window, Detail: want}, *cut, cmp.Comparer(func(a, b sms.Window) bool { return a == b })); d != "" {
			t.Errorf("%s (-want +got):\n%s", envelope, d)
		}
	}
	for _, envelope := range []string{`"count":"many"`, `"count":-1`, `"count":[1]`} {
		scope, payloads := transformtest.Stats(t, `{"result":[`+transformtest.Row+`],`+envelope+`}`)
		_, err := vendors.Batch(scope, payloads)
		if _, is := errors.AsType[*sms.IncompleteError](err); is || !errors.Is(err, sms.ErrMalformed) {
			t.Errorf("%s: %v, want an error that says nothing of missing rows", envelope, err)
		}
	}
}

func TestRowsWithoutCountAreBelieved(t *testing.T) {
	for _, rest := range []string{"", `,"count":null`} {
		scope, payloads := transformtest.Stats(t, `{"result":[`+transformtest.Row+`]`+rest+`}`)
		b, err := vendors.Batch(scope, payloads)
		if noted := findings(&b, "count_missing"); err != nil || len(b.Deliveries) != 1 || len(noted) != 1 || noted[0].Severity != sms.Warning {
			t.Errorf("%q: %d facts, %v, findings %+v", rest, len(b.Deliveries), err, b.Findings)
		}
	}
}

func TestEmptyAnswersWithoutArray(t *testing.T) {
	for body, isEmpty := range map[string]bool{
		`{"result":null,"count":0}`:                           true,
		`{"count":"0","result":null}`:                         true,
		`{"result":null,"count":0,"code":0}`:                  true,
		`{"result":null}`:                                     false,
		`{"result":null,"count":1}`:                           false,
		`{"result":null,"count":null}`:                        false,
		`{"count":0}`:                                         false,
		`{"result":null,"count":0,"code":30000,"message":""}`: false,
	} {
		scope, payloads := transformtest.Stats(t, body)
		b, err := vendors.Batch(scope, payloads)
		if isEmpty != (err == nil) || err != nil && !errors.Is(err, sms.ErrMalformed) || b.Received() != 0 || isEmpty && len(b.Findings) != 0 {
			t.Errorf("%s: %v, %d facts, %v", body, err, b.Received(), b.Findings)
		}
	}
}

func TestDaysWithTimes(t *testing.T) {
	for date, isDay := range map[string]bool{
		"2026-01-02 00:00:00": true, "2026-01-02T00:00:00+08:00": true, "2026-01-02T16:00:00Z": true, "2026-01-02T23:59:59.999-12:00": true,
		"2026-01-02 00:00": true, "2026-01-02T00:00:00.000Z": true, "2026-01-02 00:00:00 +0800": true, "2026-01-02T00:00:00+08": true,
		"2026-01-02x": false, "2026-01-02T": false, "2026-01-02 99:00:00": false, "2026-01-02T00:00:00+8": false, "2026-01-02 00:00:00 CST": false,
		"2026-02-30 00:00:00": false, "2026-01-02T00:00:00Z2": false, "2026-01-0200:00:00": false,
	} {
		scope, payloads := transformtest.Stats(t, `{"result":[`+transformtest.Row+`,`+strings.Replace(transformtest.Row, "2026-01-02", date, 1)+`],"count":2}`)
		b, err := vendors.Batch(scope, payloads)
		if err != nil || isDay != (len(b.Deliveries) == 2) {
			t.Errorf("%s: %d facts, %v", date, len(b.Deliveries), err)
		}
		for _, d := range b.AllDeliveries() {
			if d.Day != sms.Date(2026, 1, 2) {
				t.Errorf("%s is read as %s", date, d.Day)
			}
		}
	}
}

func TestNoTemplateNoLabelIsOneKey(t *testing.T) {
	var rows []string
	for _, id := range []string{"0", `"0"`, "0.0", "-0", "0e5", "null", `""`, `"  "`, `"None"`, `"none"`, `"null"`, `"NULL"`, `" None "`} {
		rows = append(rows, fmt.Sprintf(`{"send_date":"2026-01-02","sms_user":"marketing","msg_type":"2","template_id":%s,"label_id":%s,"targets":1}`, id, id))
	}
	rows = append(rows, `{"send_date":"2026-01-02","sms_user":"marketing","msg_type":"2","targets":1}`)
	scope, payloads := transformtest.Stats(t, fmt.Sprintf(`{"result":[%s],"count":%d}`, strings.Join(rows, ","), len(rows)))
	b, err := vendors.Batch(scope, payloads)
	if err != nil || len(b.Deliveries) != len(rows) {
		t.Fatalf("%d facts of %d rows, %v", len(b.Deliveries), len(rows), err)
	}
	for i, d := range b.AllDeliveries() {
		if d.Template != sms.None || d.Label != sms.None || d.MessageType != sms.Named("2") {
			t.Errorf("%s has template %s, label %s, type %s", rows[i], d.Template, d.Label, d.MessageType)
		}
	}
	if !slices.ContainsFunc(findings(&b, "missing_field"), func(f sms.Finding) bool { return f.Subject == "label_id" }) {
		t.Errorf("findings %+v, want one about the field that is absent", b.Findings)
	}
}

func TestMessageTypeZeroIsDomestic(t *testing.T) {
	for typ, want := range map[string]sms.Key{
		"0": sms.Named("0"), `"0"`: sms.Named("0"), "0.0": sms.Named("0"), "2.0": sms.Named("2"), `"2"`: sms.Named("2"),
		"null": sms.None, `""`: sms.None, `"none"`: sms.None,
	} {
		// The label 0 comes first, so that what is remembered of it would show.
		scope, payloads := transformtest.Stats(t, `{"result":[{"send_date":"2026-01-02","sms_user":"marketing","label_id":`+typ+`,"msg_type":`+typ+`,"targets":1}],"count":1}`)
		b, err := vendors.Batch(scope, payloads)
		if err != nil || len(b.Deliveries) != 1 || b.Subjects[0].MessageType != want {
			t.Errorf("msg_type %s: %+v, %v", typ, b.Deliveries, err)
		}
	}
}

func TestCodeZeroBesideRowsIsASuccess(t *testing.T) {
	for code, isGood := range map[string]bool{"0": true, `"0"`: true, "null": true, "0.0": true, "30000": false, `"30000"`: false, `"ok"`: false} {
		scope, payloads := transformtest.Stats(t, `{"code":`+code+`,"message":"success","result":[`+transformtest.Row+`],"count":1}`)
		b, err := vendors.Batch(scope, payloads)
		if isGood != (err == nil && len(b.Deliveries) == 1) {
			t.Errorf("code %s: %d facts, %v", code, len(b.Deliveries), err)
		}
	}
}

func TestNothingRestsOnSent(t *testing.T) {
	for _, sent := range []string{``, `"sent":null,`} {
		row := strings.Replace(transformtest.Row, `"sent":1,`, sent, 1)
		scope, payloads := transformtest.Stats(t, `{"result":[`+row+`],"count":1}`)
		b, err := vendors.Batch(scope, payloads)
		if err != nil || len(b.Deliveries) != 1 || b.Delivery(0).VendorSent.IsReported() || b.Delivery(0).Accepted != sms.Reported(1) {
			t.Fatalf("%q: %+v, %v", sent, b.Deliveries, err)
		}
		for _, f := range b.Findings {
			if f.Severity != sms.Info {
				t.Errorf("%q: %+v", sent, f)
			}
		}
	}
}

func TestUnknownFieldsAndPercentsNeverReject(t *testing.T) {
	for _, extra := range []string{
		`"delivered_percent":"99 %"`, `"delivered_percent":{"a":1}`, `"delivered_percent":"NaN"`, `"delivered_percent":[]`, `"delivered_percent":1e999`,
		`"new":null`, `"new":{"a":[{"b":1}]}`, `"new":-5`, `"new":"x"`, `"new":true`, `"":1`, `"\u0000":1`,
	} {
		for _, dataset := range []sms.Dataset{sms.StatsDay, sms.ProcessFailed, sms.SendFailed} {
			scope := transformtest.Scope(t, sms.EngageLab, "marketing", "2026-01-01/2026-01-03", dataset)
			body := `{"result":[` + strings.TrimSuffix(transformtest.Row, "}") + "," + extra + `}],"count":1,` + extra + `}`
			b, err := vendors.Batch(scope, []sms.Payload{{Account: scope.Account, Dataset: dataset, Window: scope.Window, Body: pack.Bytes([]byte(body))}})
			transformtest.Hold(t, scope, &b, err)
			if err != nil || len(b.Rejects) != 0 {
				t.Errorf("%s %s: %v, %+v", dataset, extra, err, b.Rejects)
			}
		}
	}
}

func TestTooManyNewReasons(t *testing.T) {
	scope := transformtest.Scope(t, sms.EngageLab, "marketing", "2026-01-02/2026-01-02", sms.SendFailed)
	answer := func(fields int) []sms.Payload {
		body := `{"result":[{"send_date":"2026-01-02","sms_user":"marketing"`
		for i := range fields {
			body += fmt.Sprintf(`,"new_%d":1`, i)
		}
		return []sms.Payload{{Account: scope.Account, Dataset: sms.SendFailed, Window: scope.Window, Body: pack.Bytes([]byte(body + `}],"count":1}`))}}
	}
	if batch, err := vendors.Batch(scope, answer(100)); err != nil || len(batch.Failures) != 110 {
		t.Errorf("100 new reasons: %d failures, error %v", len(batch.Failures), err)
	}
	if _, err := vendors.Batch(scope, answer(101)); !errors.Is(err, sms.ErrMalformed) {
		t.Errorf("101 new reasons: %v, want ErrMalformed", err)
	}
}
