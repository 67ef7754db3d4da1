package replay

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"smsetl/internal/dev/long"
)

var _ = long.Wanted

// recorded is a folder with an account of each vendor.
func recorded(t *testing.T) *Vendors {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"manifest.json": `{"format":1,"captured_at":"2026-11-22T03:00:00+08:00","accounts":[{"vendor":"engagelab","id":"user-1","zone":"+08:00"},
			{"vendor":"tencent","id":"1400000001","zone":"+08:00"}],"files":["rows.json","week.json","type.json","sum.json","refused.json","failed.json","day.json","html.json"]}`,
		"rows.json": `{"vendor":"engagelab","account":"user-1","status":200,"headers":[{"name":"Content-Type","value":"application/json"}],
			"request":{"path":"/v1/stats_day","query":[{"name":"start_date","value":"2026-11-01"},{"name":"end_date","value":"2026-11-20"},{"name":"aggregate_by","value":"0"},{"name":"time_zone","value":"+8"}]},
			"body":{"count":"3","result":[{"send_date":"2026-11-01","n":1.0},{"send_date":"2026-11-05 00:00:00","n":"2"},{"send_date":"2026-11-20"}],"more":null}}`,
		"week.json": `{"vendor":"engagelab","account":"user-1","status":200,
			"request":{"path":"/v1/stats_day","query":[{"name":"start_date","value":"2026-11-04"},{"name":"end_date","value":"2026-11-10"},{"name":"time_zone","value":"+8"}]},
			"body":{"result":[{"send_date":"2026-11-05","of":"the week"}]}}`,
		"type.json": `{"vendor":"engagelab","account":"user-1","status":200,
			"request":{"path":"/v1/stats_day","query":[{"name":"start_date","value":"2026-11-01"},{"name":"end_date","value":"2026-11-20"},{"name":"msg_type","value":"2"},{"name":"time_zone","value":"+8"}]},
			"body":{"result":[],"count":0}}`,
		"sum.json": `{"vendor":"engagelab","account":"user-1","status":200,
			"request":{"path":"/v1/stats_day","query":[{"name":"start_date","value":"2026-11-01"},{"name":"end_date","value":"2026-11-20"},{"name":"aggregate_by","value":"1"},{"name":"time_zone","value":"+8"}]},
			"body":{"result":{"targets":9}}}`,
		"refused.json": `{"vendor":"engagelab","account":"user-1","status":400,
			"request":{"path":"/v1/stats_day","query":[{"name":"start_date","value":"2026-08-01"},{"name":"end_date","value":"2026-11-20"},{"name":"time_zone","value":"+8"}]},
			"body":{"code":35001,"message":"too long"}}`,
		"failed.json": `{"vendor":"engagelab","account":"user-1","failed":"the network","request":{"path":"/v1/stats/send_failed","query":[{"name":"start_date","value":"2026-11-01"},{"name":"end_date","value":"2026-11-01"}]}}`,
		"html.json": `{"vendor":"engagelab","account":"user-1","status":502,"text":"<html>",
			"request":{"path":"/v1/stats/process_failed","query":[{"name":"start_date","value":"2026-11-01"},{"name":"end_date","value":"2026-11-01"},{"name":"time_zone","value":"+8"}]}}`,
		"day.json": `{"vendor":"tencent","account":"1400000001","status":200,"body":{"Response":{"RequestId":"r"}},
			"request":{"path":"/","headers":[{"name":"X-TC-Action","value":"SendStatusStatistics"}],"body":"{\"BeginTime\":\"2026112000\",\"EndTime\":\"2026112023\",\"SmsSdkAppId\":\"1400000001\"}"}}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestReplayOfEngageLab(t *testing.T) {
	p := recorded(t)
	const day = "/v1/stats_day?time_zone=%2B8&"
	for name, c := range map[string]struct {
		path   string
		status int
		body   string // its beginning
	}{
		"the same question": {day + "start_date=2026-11-01&end_date=2026-11-20&aggregate_by=0", 200, `{"count":"3"`},
		"fewer days: rows, count and the rest keep their form": {day + "start_date=2026-11-01&end_date=2026-11-05", 200,
			`{"count":"2","result":[{"send_date":"2026-11-01","n":1.0},{"send_date":"2026-11-05 00:00:00","n":"2"}],"more":null}`},
		"no rows":                       {day + "start_date=2026-11-02&end_date=2026-11-03", 200, `{"count":"0","result":[],"more":null}`},
		"the smallest window that fits": {day + "start_date=2026-11-05&end_date=2026-11-05", 200, `{"result":[{"send_date":"2026-11-05","of":"the week"}]}`},
		"another type":                  {day + "start_date=2026-11-05&end_date=2026-11-05&msg_type=2", 200, `{"result":[],"count":0}`},
		"a type that was not asked for": {day + "start_date=2026-11-05&end_date=2026-11-05&msg_type=0", 404, `{"code":404,"message":"this question was not captured`},
		"the sum":                       {day + "start_date=2026-11-01&end_date=2026-11-20&aggregate_by=1", 200, `{"result":{"targets":9}}`},
		"the sum of fewer days":         {day + "start_date=2026-11-01&end_date=2026-11-19&aggregate_by=1", 404, `{"code":404`},
		"a filter":                      {day + "start_date=2026-11-05&end_date=2026-11-05&template_ids=7", 404, `{"code":404`},
		"another zone":                  {"/v1/stats_day?time_zone=%2B9&start_date=2026-11-05&end_date=2026-11-05", 404, `{"code":404`},
		"more days":                     {day + "start_date=2026-10-31&end_date=2026-11-05", 404, `{"code":404`},
		"refused then":                  {day + "start_date=2026-08-01&end_date=2026-11-20", 400, `{"code":35001`},
		"another path":                  {"/v1/data/stats_day?time_zone=%2B8&start_date=2026-11-05&end_date=2026-11-05", 404, `{"code":404`},
		"never answered":                {"/v1/stats/send_failed?time_zone=%2B8&start_date=2026-11-01&end_date=2026-11-01", 404, `{"code":404`},
		"no JSON":                       {"/v1/stats/process_failed?time_zone=%2B8&start_date=2026-11-01&end_date=2026-11-01", 502, `<html>`},
	} {
		for _, user := range []string{"user-1", "whoever"} {
			r := httptest.NewRequest(http.MethodGet, c.path, nil)
			r.SetBasicAuth(user, "any")
			w := httptest.NewRecorder()
			p.engageLab(w, r)
			if w.Code != c.status || !strings.HasPrefix(w.Body.String(), c.body) {
				t.Errorf("%s: %d %s, want %d %s", name, w.Code, w.Body, c.status, c.body)
			}
		}
	}
}

func TestReplayOfTencent(t *testing.T) {
	p := recorded(t)
	for name, c := range map[string]struct {
		action, body string
		status       int
	}{
		"the same question":      {"SendStatusStatistics", `{"SmsSdkAppId":"1400000001","BeginTime":"2026112000","EndTime":"2026112023","Limit":0}`, 200},
		"another application":    {"SendStatusStatistics", `{"SmsSdkAppId":"1400000009","BeginTime":"2026112000","EndTime":"2026112023"}`, 404},
		"other hours":            {"SendStatusStatistics", `{"SmsSdkAppId":"1400000001","BeginTime":"2026112000","EndTime":"2026112022"}`, 404},
		"the other action":       {"CallbackStatusStatistics", `{"SmsSdkAppId":"1400000001","BeginTime":"2026112000","EndTime":"2026112023"}`, 404},
		"what is no JSON":        {"SendStatusStatistics", `junk`, 404},
		"nothing that was asked": {"", ``, 404},
	} {
		r := httptest.NewRequest(http.MethodPost, "/", io.NopCloser(strings.NewReader(c.body)))
		r.Header.Set("X-TC-Action", c.action)
		w := httptest.NewRecorder()
		p.tencent(w, r)
		if w.Code != c.status || w.Code == 404 && !strings.Contains(w.Body.String(), "not captured") {
			t.Errorf("%s: %d %s, want %d", name, w.Code, w.Body, c.status)
		}
	}
}

func TestReplayRefusesWhatIsNoCapture(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "manifest.json") {
		t.Errorf("an empty folder: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "manifest.json"), []byte(`{"format":2}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "want format 1") {
		t.Errorf("another format: %v", err)
	}
}
