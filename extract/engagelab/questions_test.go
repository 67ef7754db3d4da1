package engagelab

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"smsetl/extract"
	"smsetl/sms"
)

// A question is asked once, whatever comes back, and what comes back holds no key.
func TestAskOnce(t *testing.T) {
	const key = "canary-key-0000"
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path+"?"+r.URL.RawQuery)
		w.Header().Set("Retry-After", "7")
		w.Header().Set("Server", "somebody")
		w.Header().Set("X-RateLimit-Left", key)
		w.WriteHeader(http.StatusServiceUnavailable)
		w.Write([]byte("no " + key + " " + r.Header.Get("Authorization")))
	}))
	defer server.Close()
	at := extract.Options{BaseURL: server.URL, RequestsPerSecond: 1000}
	client, err := New("u", key, Options{Options: at, MsgType: "2", TemplateIDs: []string{"7"}}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	zone, err := sms.ParseZone("+08:00")
	if err != nil {
		t.Fatal(err)
	}
	day := sms.OneDay(sms.Date(2026, 11, 20), zone)
	account := sms.Account{Vendor: sms.EngageLab, ID: "u", Zone: zone}
	r, err := client.ask(t.Context(), account,
		question{dataset: sms.SendFailed, path: "/elsewhere", window: day, aggregate: sumOfRows})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"/elsewhere?aggregate_by=1&end_date=2026-11-20&start_date=2026-11-20&time_zone=%2B8"}, asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	if r.Status != http.StatusServiceUnavailable || strings.Contains(string(r.Body), key) || !strings.Contains(string(r.Body), "[secret]") {
		t.Errorf("%d %s", r.Status, r.Body)
	}
	want := http.Header{"Content-Type": {"text/plain; charset=utf-8"}, "Retry-After": {"7"}, "X-Ratelimit-Left": {"[secret]"}}
	if diff := cmp.Diff(want, r.Header); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	several, err := New("u", key, Options{Options: at, SMSUsers: []string{"other"}}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	defer several.Close()
	other := sms.Account{Vendor: sms.EngageLab, ID: "other", Zone: zone}
	if _, err := several.ask(t.Context(), other, question{dataset: sms.StatsDay, window: day}); err != nil {
		t.Fatal(err)
	}
	if last := asked[len(asked)-1]; !strings.HasPrefix(last, "/v1/stats_day?") || !strings.Contains(last, "sms_users=other") {
		t.Errorf("an account that is named in the configuration is not named in the question: %s", last)
	}
	if _, err := client.ask(t.Context(), other, question{dataset: sms.StatsDay, window: day}); err == nil {
		t.Error("another account was asked for")
	}
}
