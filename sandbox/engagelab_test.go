package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestEngageLabRefusals(t *testing.T) {
	good := "start_date=2026-03-01&end_date=2026-03-02"
	tests := []struct {
		name   string
		target string
		status int
		code   int
	}{
		{"good", "/v1/stats_day?" + good, 200, 0},
		{"example path of stats_day", "/v1/data/stats_day?" + good, 404, codeNoSuchPath},
		{"example path of send_failed", "/v1/data/sendFailed?" + good, 404, codeNoSuchPath},
		{"stats_day under stats", "/v1/stats/stats_day?" + good, 404, codeNoSuchPath},
		{"no end_date", "/v1/stats_day?start_date=2026-03-01", 400, codeBadParameter},
		{"no start_date", "/v1/stats_day?end_date=2026-03-01", 400, codeBadParameter},
		{"not a day", "/v1/stats_day?start_date=2026-3-1&end_date=2026-03-02", 400, codeBadParameter},
		{"reversed", "/v1/stats_day?start_date=2026-03-02&end_date=2026-03-01", 400, codeBadParameter},
		{"90 days", "/v1/stats_day?start_date=2025-12-01&end_date=2026-02-28", 200, 0},
		{"91 days", "/v1/stats_day?start_date=2025-12-01&end_date=2026-03-01", 400, codeBadParameter},
		{"encoded +8", "/v1/stats_day?time_zone=%2B8&" + good, 200, 0},
		{"raw +8", "/v1/stats_day?time_zone=+8&" + good, 400, codeBadParameter},
		{"8", "/v1/stats_day?time_zone=8&" + good, 200, 0},
		{"-5", "/v1/stats_day?time_zone=-5&" + good, 200, 0},
		{"half an hour", "/v1/stats_day?time_zone=%2B5:30&" + good, 400, codeBadParameter},
		{"-13", "/v1/stats_day?time_zone=-13&" + good, 400, codeBadParameter},
		{"10 templates", "/v1/stats_day?template_ids=" + strings.Repeat("1%3B", 9) + "1&" + good, 200, 0},
		{"11 templates", "/v1/stats_day?template_ids=" + strings.Repeat("1%3B", 10) + "1&" + good, 400, codeBadParameter},
		{"11 users, raw", "/v1/stats_day?sms_users=" + strings.Repeat("u;", 10) + "u&" + good, 400, codeBadParameter},
		{"label of letters", "/v1/stats_day?label_ids=abc&" + good, 400, codeBadLabel},
		{"aggregate_by=2", "/v1/stats_day?aggregate_by=2&" + good, 400, codeBadParameter},
		{"unknown parameter", "/v1/stats_day?msgTypeStr=2&" + good, 200, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := askRaw(newBox(), test.target)
			if w.Code != test.status {
				t.Fatalf("status %d, want %d: %.200s", w.Code, test.status, w.Body)
			}
			var problem struct {
				Code    int
				Message string
				Result  json.RawMessage
			}
			if err := json.Unmarshal(w.Body.Bytes(), &problem); err != nil {
				t.Fatal(err)
			}
			if problem.Code != test.code || (problem.Result == nil) != (test.code != 0) {
				t.Errorf("code %d, want %d: %.200s", problem.Code, test.code, w.Body)
			}
		})
	}
}

func TestEngageLabAuthentication(t *testing.T) {
	for _, test := range []struct {
		user, key string
		status    int
	}{
		{"harbor_service", "sandbox-key-service", 200},
		{"harbor_offers", "sandbox-key-offers", 200},
		{"harbor_service", "sandbox-key-offers", 401},
		{"nobody", "sandbox-key-service", 401},
		{"", "", 401},
	} {
		r := httptest.NewRequest(http.MethodGet, "/v1/stats_day?start_date=2026-03-01&end_date=2026-03-02", nil)
		if test.user != "" {
			r.SetBasicAuth(test.user, test.key)
		}
		w := httptest.NewRecorder()
		newBox().EngageLab().ServeHTTP(w, r)
		if w.Code != test.status {
			t.Errorf("%s:%s: status %d, want %d", test.user, test.key, w.Code, test.status)
		}
		if w.Code == 401 && !strings.Contains(w.Body.String(), `{"code":30000,"message":"authentication failed"}`) {
			t.Errorf("401 says %s", w.Body)
		}
	}
}

// The answers of all three calls, put into an analyst's words by the test, are the truth.
func TestEngageLabTellsTheTruth(t *testing.T) {
	for _, zone := range []int{8, 0, -5} {
		box := newBox()
		first, last := "2026-03-08", "2026-03-20"
		p := days(first, last, "time_zone", fmt.Sprintf("%+d", zone))
		truth, err := box.TruthOf(Query{
			From: first, To: last, At: at, Vendor: EngageLab, Account: "harbor_service", Zone: fmt.Sprintf("%+03d:00", zone),
		})
		if err != nil {
			t.Fatal(err)
		}
		var got Truth
		for _, path := range []string{"/v1/stats_day", "/v1/stats/process_failed", "/v1/stats/send_failed"} {
			got.read(t, path, ask(box, path, p).Body.Bytes())
		}
		got.sort()
		if diff := cmp.Diff(truth, got); diff != "" {
			t.Errorf("zone %d (-truth +answers):\n%.2000s", zone, diff)
		}
		if len(got.Deliveries) < 50 || len(got.Failures) < 300 {
			t.Errorf("only %d deliveries and %d failures", len(got.Deliveries), len(got.Failures))
		}
	}
}

// read adds the rows of an answer by the names of its fields, in a way of its own. The path "" is stats_day with `sent` read
// as H2.
func (t *Truth) read(tt *testing.T, path string, body []byte) {
	tt.Helper()
	var answer struct {
		Result []map[string]json.RawMessage
		Count  int
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Count != len(answer.Result) {
		tt.Fatalf("%v: count %d of %d rows", err, answer.Count, len(answer.Result))
	}
	for _, row := range answer.Result {
		text := func(name string) string {
			s := strings.Trim(string(row[name]), `"`)
			if s == "null" {
				return "(none)"
			}
			return s
		}
		number := func(name string) (n int64) {
			if err := json.Unmarshal(row[name], &n); err != nil {
				tt.Fatalf("%s: %v", name, err)
			}
			return n
		}
		k := Failure{
			SendDate: text("send_date"), Vendor: EngageLab, Account: text("sms_user"),
			Template: text("template_id"), Label: text("label_id"), MessageType: text("msg_type"),
		}
		if path == "" || path == "/v1/stats_day" {
			t.add(k, number("targets"), number("process_failed"), number("delivered"), number("send_failed"),
				number("wait_result"), number("billing_count"))
			if path != "" && number("sent") != number("delivered")+number("send_failed")+number("wait_result") {
				tt.Errorf("sent %d is not H1", number("sent"))
			}
			continue
		}
		k.Stage = map[string]string{"/v1/stats/process_failed": "processing", "/v1/stats/send_failed": "sending"}[path]
		for name := range row {
			switch name {
			case "send_date", "sms_user", "template_id", "label_id", "msg_type":
				continue
			}
			if k.Reason, k.Messages = name, number(name); k.Messages > 0 {
				k.Category = categories[k.Stage+"/"+name]
				t.Failures = append(t.Failures, k)
			}
		}
	}
}

func TestEngageLabRowsLookLikeTheVendors(t *testing.T) {
	w := ask(newBox(), "/v1/stats_day", days("2026-03-01", "2026-03-19"))
	text := w.Body.String()
	for _, want := range []string{`"msg_type":"2"`, `"msg_type":"0"`, `"template_id":null`, `"label_id":null`, `_percent":0,`, `"wait_result_percent":0}`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in the answer", want)
		}
	}
	var dates []string
	for _, r := range readAnswer(t, w.Body.Bytes()).Result {
		dates = append(dates, r.SendDate)
		if want := float64(r.Delivered) / float64(*r.Targets) * 100; r.DeliveredPercent < want-0.006 || r.DeliveredPercent > want+0.006 {
			t.Errorf("delivered_percent %v, want %v", r.DeliveredPercent, want)
		}
	}
	if slices.IsSorted(dates) {
		t.Error("rows come in the order of their days: nothing promises that")
	}
	if again := ask(newBox(), "/v1/stats_day", days("2026-03-01", "2026-03-19")).Body.String(); again != text {
		t.Error("the same question had two answers")
	}
}

func TestEngageLabFilters(t *testing.T) {
	box := newBox()
	all := readAnswer(t, ask(box, "/v1/stats_day", days("2026-03-10", "2026-03-10")).Body.Bytes()).Result
	template, label := *all[slices.IndexFunc(all, func(r wireRow) bool { return r.TemplateID != nil })].TemplateID, int64(32)
	tests := []struct {
		name string
		with []string
		keep func(wireRow) bool
	}{
		{"template", []string{"template_ids", fmt.Sprint(template)}, func(r wireRow) bool { return r.TemplateID != nil && *r.TemplateID == template }},
		{"labels", []string{"label_ids", "31;32"}, func(r wireRow) bool { return r.LabelID != nil && (*r.LabelID == 31 || *r.LabelID == label) }},
		{"type", []string{"msg_type", "0"}, func(r wireRow) bool { return r.MsgType == "0" }},
		{"self", []string{"sms_users", "harbor_service"}, func(wireRow) bool { return true }},
		{"somebody else", []string{"sms_users", "harbor_offers"}, func(wireRow) bool { return false }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := days("2026-03-10", "2026-03-10", test.with...)
			want := slices.DeleteFunc(slices.Clone(all), func(r wireRow) bool { return !test.keep(r) })
			for _, target := range []string{p.Encode(), strings.ReplaceAll(p.Encode(), "%3B", ";")} {
				got := readAnswer(t, askRaw(box, "/v1/stats_day?"+target).Body.Bytes()).Result
				if diff := cmp.Diff(len(want), len(got)); diff != "" || len(want) > 0 && !cmp.Equal(want, got) {
					t.Errorf("%s: %d rows, want %d", target, len(got), len(want))
				}
			}
		})
	}
}

func TestEngageLabAggregate(t *testing.T) {
	box := newBox()
	var sum int64
	for _, r := range readAnswer(t, ask(box, "/v1/stats_day", days("2026-03-10", "2026-03-12")).Body.Bytes()).Result {
		sum += *r.Targets
	}
	var one struct{ Result wireRow }
	body := ask(box, "/v1/stats_day", days("2026-03-10", "2026-03-12", "aggregate_by", "1")).Body.Bytes()
	if err := json.Unmarshal(body, &one); err != nil {
		t.Fatal(err)
	}
	if *one.Result.Targets != sum || one.Result.SendDate != "" {
		t.Errorf("aggregate %s, want targets %d and no day", body, sum)
	}
}

func TestEngageLabRules(t *testing.T) {
	ask := func(box *Sandbox) string {
		return ask(box, "/v1/stats_day", days("2026-03-19", "2026-03-20")).Body.String()
	}
	t.Run("sent queued", func(t *testing.T) {
		box := newBox(func(o *Options) { o.EngageLab.Sent = SentQueued })
		queued := int64(0)
		for _, r := range readAnswer(t, []byte(ask(box))).Result {
			if r.Sent+r.ProcessFailed+r.Delivered+r.SendFailed+r.WaitResult != *r.Targets {
				t.Errorf("%+v is not H2", r)
			}
			queued += r.Sent
		}
		if queued == 0 {
			t.Error("nothing is queued in the running day")
		}
		truth, err := box.TruthOf(Query{From: "2026-03-19", To: "2026-03-20", At: at, Vendor: EngageLab, Account: "harbor_service"})
		if err != nil {
			t.Fatal(err)
		}
		var got Truth
		got.read(t, "", []byte(ask(box)))
		got.sort()
		if diff := cmp.Diff(truth.Deliveries, got.Deliveries); diff != "" {
			t.Errorf("(-truth +answers):\n%.1000s", diff)
		}
	})
	t.Run("quoted", func(t *testing.T) {
		body := ask(newBox(func(o *Options) { o.EngageLab.QuotedCounts = true; o.EngageLab.AbsentKey = `"None"` }))
		if !strings.Contains(body, `"sent":"`) || !strings.Contains(body, `"label_id":"None"`) {
			t.Errorf("%.300s", body)
		}
	})
	t.Run("whole customer", func(t *testing.T) {
		body := ask(newBox(func(o *Options) { o.EngageLab.WholeCustomer = true }))
		if !strings.Contains(body, "harbor_offers") || strings.Contains(ask(newBox()), "harbor_offers") {
			t.Error("rows of other users are told, or not told, against the rule")
		}
	})
	t.Run("cached", func(t *testing.T) {
		box := newBox(func(o *Options) { o.EngageLab.CacheFor = 10 * time.Minute })
		before := ask(box)
		box.Advance(9 * time.Minute)
		repeated := ask(box)
		box.Advance(70 * time.Minute)
		if repeated != before || ask(box) == before {
			t.Error("an answer must stand for ten minutes and no longer")
		}
	})
	t.Run("limit", func(t *testing.T) {
		box := newBox(func(o *Options) { o.EngageLab.PerSecond = 1 })
		ask(box)
		if body := ask(box); !strings.Contains(body, fmt.Sprint(codeTooMany)) || box.Breaches() != 1 {
			t.Errorf("second call in the same moment: %.200s", body)
		}
	})
}

func TestParameters(t *testing.T) {
	got, err := Parameters("a=1;2&b=+8&c=%2B8&a=3&&d")
	if diff := cmp.Diff(map[string]string{"a": "1;2", "b": " 8", "c": "+8", "d": ""}, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	if v, _ := url.ParseQuery("a=1;2"); v.Get("a") != "" {
		t.Error("net/url reads a bare semicolon now: parameters can go")
	}
}
