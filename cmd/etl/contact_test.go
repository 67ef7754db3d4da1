package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"smsetl/doctor"
	"smsetl/sandbox"
)

// A vendor that repeats the credentials in every spelling, in bodies and headers, leaves none of them in a capture.
func TestCaptureHoldsNoCredential(t *testing.T) {
	t.Parallel()
	const user, key, id, secret, app = "canary_user", `k3y"+/&<ä canary`, "AKIDcanary0000", `s3cret"+/&<ä canary`, "1400777777"
	forms := map[string]string{}
	for name, text := range map[string]string{"user": user, "key": key, "pair": user + ":" + key, "id": id, "secret": secret, "app": app} {
		quoted, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		forms[name+" plain"], forms[name+" base64"] = text, base64.StdEncoding.EncodeToString([]byte(text))
		forms[name+" hex"], forms[name+" HEX"] = hex.EncodeToString([]byte(text)), strings.ToUpper(hex.EncodeToString([]byte(text)))
		forms[name+" url"], forms[name+" json"] = url.QueryEscape(text), strings.Trim(string(quoted), `"`)
	}
	var asked []string
	vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var all []string
		for _, form := range forms {
			all = append(all, form)
		}
		everything := strings.Join(all, " ") + " " + r.Header.Get("Authorization")
		text, _ := json.Marshal(everything)
		w.Header().Set("X-Ratelimit-Owner", url.QueryEscape(everything))
		w.Header().Set("Content-Type", "application/json; of="+base64.StdEncoding.EncodeToString([]byte(key)))
		w.Header().Set("Set-Cookie", "user="+user)
		asked = append(asked, r.Method)
		switch len(asked) % 4 {
		case 0: // no JSON at all
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(http.StatusBadRequest)
			w.Write([]byte("<html>" + everything + "</html>"))
		case 1:
			w.WriteHeader(http.StatusBadRequest)
			w.Write([]byte(`{"code":35001,"message":` + string(text) + `,"extra":` + string(text) + `}`))
		case 2:
			w.Write([]byte(`{"result":[{"send_date":"2026-11-20","sms_user":"` + user + `","template_id":77123456,"template_name":"Spring sale",
				"label_id":"88123456","phone":"+8613800000000","note":` + string(text) + `,"targets":3}],"count":1,"RequestId":"abc-` + user + `"}`))
		default:
			w.Write([]byte(`{"Response":{"Error":{"Code":"InvalidParameterValue","Message":` + string(text) + `},"RequestId":"f0f0-77123456"}}`))
		}
	}))
	t.Cleanup(vendor.Close)
	w := newWorld(t, smallVendors())
	config, err := json.Marshal(map[string][]map[string]any{"sources": {
		{"name": "a", "vendor": "engagelab", "sms_user": user, "sms_key": strings.ReplaceAll(key, "$", "$$"), "base_url": vendor.URL, "max_requests_per_second": 1000},
		{"name": "b", "vendor": "tencent", "secret_id": id, "secret_key": secret, "sdk_app_ids": []string{app}, "base_url": vendor.URL, "max_requests_per_second": 1000},
	}})
	if err != nil {
		t.Fatal(err)
	}
	w.write(string(config)) // JSON is YAML
	dir := filepath.Join(t.TempDir(), "captured")
	code, stdout, _ := w.etl("doctor", append(at(today), "--capture", dir)...)
	if code != exitOK || len(asked) < 30 {
		t.Fatalf("exit %d after %d questions:\n%s", code, len(asked), stdout)
	}
	others := map[string]string{"template": "77123456", "label": "88123456", "name of a template": "Spring", "phone": "13800000000", "cookie": "Set-Cookie"}
	files := filesOf(t, dir)
	files["what is shown"] = stdout
	for file, text := range files {
		for _, found := range []map[string]string{forms, others} {
			for what, form := range found {
				if strings.Contains(text, form) {
					t.Errorf("%s holds the %s: %q", file, what, form)
				}
			}
		}
	}
	rows := files["engagelab-user-1-stats_day-sums.json"]
	if !strings.Contains(rows, `"sms_user":"user-1","template_id":10001,"template_name":"[dropped]"`) || !strings.Contains(rows, `"label_id":"20001"`) {
		t.Errorf("ids are not replaced by others of their form:\n%s", rows)
	}
}

// proxied puts somebody between EngageLab and its customers who changes what is asked.
func (w *world) proxied(change func(r *http.Request, query url.Values)) {
	w.t.Helper()
	text := w.swap("base_url", "base_url")
	base := regexp.MustCompile(`(?s)vendor: engagelab.*?base_url: (\S+)`).FindStringSubmatch(text)[1]
	to, err := url.Parse(base)
	if err != nil {
		w.t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
		p.SetURL(to)
		query := p.Out.URL.Query()
		change(p.Out, query)
		p.Out.URL.RawQuery = query.Encode()
	}}
	server := httptest.NewServer(proxy)
	w.t.Cleanup(server.Close)
	w.swap(base, server.URL)
}

// The doctor reads a day of every dataset of every account, a line for each.
func TestDoctorReadsEveryDataset(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(20))
	out := w.must(exitOK, "doctor", at(today)...)
	for _, want := range []string{
		`engagelab-service harbor_service stats_day +ok +\d+ rows of 2026-11-21: [\d,]+ messages`,
		`engagelab-service harbor_service process_failed +ok +\d+ rows of 2026-11-21: [\d,]+ messages failed`,
		`engagelab-service harbor_service send_failed +ok +\d+ rows of 2026-11-21: [\d,]+ messages failed`,
		`engagelab-offers harbor_offers send_failed +ok`,
		`tencent-main 1400006874 send_status +ok +the sum of 2026-11-21: [\d,]+ messages`,
		`tencent-main 1400006874 callback_status +ok +the sum of 2026-11-21: [\d,]+ messages with a receipt`,
		`tencent-main 1400012345 callback_status +ok`,
		`engagelab-service harbor_service dialect +ok +not asked yet: etl probe engagelab`,
	} {
		if !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("there is no line %q:\n%s", want, out)
		}
	}
	calls := w.vendors.Counters()
	if n := calls.Count("engagelab", ""); n != 6 {
		t.Errorf("%d calls to EngageLab, want 3 for each account", n)
	}
	if n := calls.Count("tencent", ""); n != 4 {
		t.Errorf("%d calls to Tencent, want 2 for each application", n)
	}
}

// A status of 200 is not enough: what cannot be read is a failure, of its dataset alone.
func TestDoctorReadsWhatComes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, smallVendors())
	w.proxied(func(r *http.Request, query url.Values) {
		if strings.HasSuffix(r.URL.Path, "send_failed") {
			query.Set("aggregate_by", "1") // an object without days, under 200
		}
	})
	code, out, _ := w.etl("doctor", at(today)...)
	for _, want := range []string{`harbor_offers stats_day +ok`, `harbor_offers send_failed +FAILED .*result is an object`, `1400006874 send_status +ok`} {
		if !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("there is no line %q:\n%s", want, out)
		}
	}
	if code != exitFailed {
		t.Errorf("exit %d, want %d", code, exitFailed)
	}
	w.swap("sandbox-key-offers", "another")
	before := w.vendors.Counters().Count("engagelab", "")
	_, out, _ = w.etl("doctor", at(today)...)
	if !strings.Contains(out, "30000") {
		t.Errorf("the vendor's own words are missing:\n%s", out)
	}
	if n := w.vendors.Counters().Count("engagelab", "") - before; n != 1 {
		t.Errorf("%d calls with credentials that were refused at the first, want 1", n)
	}
}

// Where people are told is tried before there is something to tell, and only when somebody asks for it. No address is printed.
func TestDoctorTellsPeople(t *testing.T) {
	t.Parallel()
	w := newWorld(t, smallVendors())
	var took atomic.Int32
	hook := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/canary-good" {
			took.Add(1)
			return
		}
		answer.WriteHeader(http.StatusNotFound)
	}))
	t.Cleanup(hook.Close)
	w.write(string(readFile(t, w.config)) + "\nnotify:\n  webhook: ${HOOK}\n  services: ${SERVICE}\n")
	service := "generic://" + hook.Listener.Addr().String() + "/canary-good?disabletls=yes"
	for _, c := range []struct {
		name, hook string
		arguments  []string
		code       int
		took       int32
		want       []string
	}{
		{"nobody is told unasked", "/canary-good", nil, exitOK, 0, []string{`notify webhook +ok +its address can be read`, `notify service 1 +ok`}},
		{"both take it", "/canary-good", []string{"--notify"}, exitOK, 2, []string{`notify webhook +ok +took a message`, `notify service 1 +ok +took a message`}},
		{"one does not", "/canary-gone", []string{"--notify"}, exitFailed, 1, []string{`notify webhook +FAILED +status 404`, `notify service 1 +ok`}},
	} {
		took.Store(0)
		code, out, stderr := w.etlWith(map[string]string{"HOOK": hook.URL + c.hook, "SERVICE": service}, "doctor", append(at(today), c.arguments...)...)
		if code != c.code || took.Load() != c.took || strings.Contains(out+stderr, "canary") {
			t.Errorf("%s: exit %d, %d messages\n%s%s", c.name, code, took.Load(), out, stderr)
		}
		for _, want := range c.want {
			if !regexp.MustCompile(want).MatchString(out) {
				t.Errorf("%s: there is no line %q:\n%s", c.name, want, out)
			}
		}
	}
}

// With credentials that are refused, a capture stops asking and says so.
func TestCaptureStopsWhenDenied(t *testing.T) {
	t.Parallel()
	w := newWorld(t, smallVendors())
	w.swap("sandbox-key-offers", "another")
	dir := filepath.Join(t.TempDir(), "captured")
	code, _, stderr := w.etl("doctor", append(at(today), "--capture", dir)...)
	if code != exitPartial || !strings.Contains(stderr, "without an answer") {
		t.Errorf("exit %d\n%s", code, stderr)
	}
	if n := w.vendors.Counters().Count("engagelab", ""); n != 1 {
		t.Errorf("%d calls, want 1", n)
	}
	if report := filesOf(t, dir)["assumptions.md"]; !strings.Contains(report, "does not take the credentials") {
		t.Errorf("the report does not say why:\n%s", report)
	}
}

// A capture asks each question once, and no faster than the source may be asked.
func TestCaptureKeepsThePace(t *testing.T) {
	t.Parallel()
	options := smallVendors()
	options.Secrets = []sandbox.Secret{}
	w := newWorld(t, options)
	w.swap("max_requests_per_second: 1000", "max_requests_per_second: 20")
	w.must(exitOK, "doctor", append(at(today), "--capture", filepath.Join(t.TempDir(), "captured"))...)
	calls := map[string]int{}
	for _, a := range w.vendors.Arrivals() {
		calls[a.Action]++
	}
	for _, r := range w.vendors.Rates(time.Time{}) {
		if r.Peak > 21 {
			t.Errorf("%d calls in a second at 20", r.Peak)
		}
	}
	if calls["stats_day"] != 10 || calls["process_failed"] != 8 || calls["send_failed"] != 8 {
		t.Errorf("the calls are %v", calls)
	}
}

// The probe stores what settles how EngageLab speaks to an account, shows it, and the doctor shows it again.
func TestProbeEngageLab(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(100))
	out := w.must(exitOK, "probe", append(at(today), "engagelab", "--account", "harbor_service")...)
	for _, want := range []string{"paths", "as documented", "msg_type_default", "not 2", "days_90", "taken", "aggregate", "agrees", "sms_user", "named", "handed on"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing:\n%s", want, out)
		}
	}
	if n := w.number("SELECT count(*) FROM etl.dialect AS d JOIN sms.dim_account AS a USING (account_key) WHERE a.account = 'harbor_service' AND answer IS NOT NULL AND evidence <> ''"); n != int64(len(doctor.Stored)) {
		t.Errorf("%d answers are stored, want %d", n, len(doctor.Stored))
	}
	if n := w.number("SELECT count(*) FROM etl.coverage") + w.number("SELECT count(*) FROM etl.load"); n != 0 {
		t.Errorf("the probe left %d lines of loads", n)
	}
	if calls := w.vendors.Counters().Count("engagelab", ""); calls != 14 {
		t.Errorf("%d calls, want 14", calls)
	}
	if out := w.must(exitOK, "doctor", at(today)...); !regexp.MustCompile(`harbor_service msg_type_default +ok +not 2, asked 2026-11-21`).MatchString(out) {
		t.Errorf("the doctor does not show what is stored:\n%s", out)
	}
	var reports []doctor.Dialect
	if err := readJSON(w.must(exitOK, "probe", append(at(today), "engagelab", "-o", "json")...), &reports); err != nil || len(reports) != 2 {
		t.Errorf("%d reports: %v", len(reports), err)
	}
}

// Calls of one account that stand for different messages when msg_type is left out: the advice is to set it.
func TestProbeSaysToSetMsgType(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(100))
	w.proxied(func(r *http.Request, query url.Values) {
		if strings.HasSuffix(r.URL.Path, "process_failed") && !query.Has("msg_type") {
			query.Set("msg_type", "2")
		}
	})
	if out := w.must(exitOK, "probe", append(at(today), "engagelab", "--account", "harbor_service")...); !strings.Contains(out, "Set msg_type: 2") {
		t.Errorf("no advice:\n%s", out)
	}
	code, out, _ := w.etl("doctor", at(today)...)
	if code != exitFailed || !regexp.MustCompile(`msg_type_default +FAILED .*Set msg_type: 2`).MatchString(out) {
		t.Errorf("exit %d:\n%s", code, out)
	}
	w.swap("    sms_key:", "    msg_type: \"2\"\n    sms_key:")
	w.must(exitOK, "doctor", at(today)...)
}

// What cannot be told keeps what is known, and an account that refuses does not keep the others from being asked.
func TestProbeEngageLabKeepsWhatItKnows(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(100))
	w.must(exitOK, "probe", append(at(today), "engagelab")...)
	w.must(exitPartial, "probe", append(at(today.AddDate(0, 0, -100)), "engagelab")...) // nothing was sent then
	if n := w.number("SELECT count(*) FROM etl.dialect WHERE question IN ('sent', 'sms_user', 'count') AND answer IS NULL"); n != 0 {
		t.Errorf("%d answers were forgotten", n)
	}
	w.swap("sandbox-key-offers", "another")
	code, out, stderr := w.etl("probe", append(at(today), "engagelab")...)
	if code != exitPartial || !strings.Contains(out, "harbor_service") || !strings.Contains(stderr, "30000") {
		t.Errorf("exit %d\n%s\n%s", code, out, stderr)
	}
}

// A capture is played as a vendor, and the program reads it as it read the vendor itself.
func TestSandboxReplays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, smallVendors())
	config := filepath.Join(t.TempDir(), "replay.yaml")
	ctx, stop := context.WithCancel(t.Context())
	var out, errs bytes.Buffer
	ended := make(chan int)
	go func() {
		ended <- run(ctx, []string{"sandbox", "--replay", filepath.Join(captures, "sandbox"), "--config", config}, variables(nil), &out, &errs)
	}()
	t.Cleanup(func() {
		stop()
		if code := <-ended; code != exitOK {
			t.Errorf("exit %d: %s", code, &errs)
		}
	})
	for wait := 0; ; wait++ {
		if text := filesOf(t, filepath.Dir(config))["replay.yaml"]; strings.Contains(text, "web:") {
			break
		}
		if wait == 100 {
			t.Fatal("no configuration was written")
		}
		time.Sleep(50 * time.Millisecond)
	}
	w.config = config
	said := w.must(exitOK, "doctor", at(today)...)
	for _, want := range []string{`user-1 stats_day +ok +\d+ rows of 2026-11-21`, `1400000001 callback_status +ok +the sum of 2026-11-21`} {
		if !regexp.MustCompile(want).MatchString(said) {
			t.Errorf("there is no line %q:\n%s", want, said)
		}
	}
	again := filepath.Join(t.TempDir(), "again")
	w.swap("    sms_user:", "    max_requests_per_second: 1000\n    sms_user:")
	w.must(exitOK, "doctor", append(at(today), "--capture", again)...)
	if a, b := filesOf(t, again)["assumptions.md"], filesOf(t, filepath.Join(captures, "sandbox"))["assumptions.md"]; a != b {
		t.Errorf("the vendor that is played is judged otherwise than the one that was captured:\n%s\n%s", a, b)
	}
}
