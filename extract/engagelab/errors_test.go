package engagelab

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"go.uber.org/zap"

	"smsetl/extract"
	"smsetl/internal/dev/extracttest"
	"smsetl/sms"
)

func TestErrors(t *testing.T) {
	tests := []struct {
		name   string
		answer http.Handler
		kind   error
		calls  int    // of which all but the question about yesterday are kept
		text   string // after the name of the scope
	}{
		{"401", extracttest.Say(401, `{"code":30000,"message":"authentication failed"}`), sms.ErrSourceDenied, 1,
			`source denied: HTTP 401, code 30000, "authentication failed": check sms_user and sms_key, and that they belong to the old EngageLab SMS API`},
		{"401 page", extracttest.HTML(401), sms.ErrSourceDenied, 1,
			`source denied: HTTP 401: check sms_user and sms_key, and that they belong to the old EngageLab SMS API`},
		{"403", extracttest.HTML(403), sms.ErrSourceDenied, 1,
			`source denied: HTTP 403: check sms_user and sms_key, and that they belong to the old EngageLab SMS API`},
		{"404", extracttest.HTML(404), sms.ErrRefused, 2,
			`refused: HTTP 404: the path is wrong, which never means that there is no data: check the setting paths, and base_url`},
		{"400 template", extracttest.Say(400, `{"code":33001,"message":"template does not exist"}`), sms.ErrRefused, 1,
			`refused: HTTP 400, code 33001, "template does not exist": a template of the filter does not exist`},
		{"400 other", extracttest.Say(400, `{"code":31234,"message":"no"}`), sms.ErrRefused, 3,
			`refused: HTTP 400, code 31234, "no": the vendor does not take the parameters: check filters, msg_type and time_zone`},
		{"400 credentials", extracttest.Say(400, `{"code":"30000"}`), sms.ErrSourceDenied, 1,
			`source denied: HTTP 400, code 30000: check sms_user and sms_key, and that they belong to the old EngageLab SMS API`},
		{"301", extracttest.Say(301, "", "Location", "https://other.example.com/x?y=z"), sms.ErrRefused, 1,
			`refused: HTTP 301: redirected to https://other.example.com, which is not followed: set base_url and paths to the final address`},
		{"unknown code under 200", extracttest.Say(200, `{"code":39999,"message":"slow down"}`), sms.ErrTemporary, 2,
			`temporary: an error under HTTP 200, code 39999, "slow down"`},
		{"known code under 200", extracttest.Say(200, `{"code":30000,"message":"authentication failed"}`), sms.ErrSourceDenied, 2,
			`source denied: an error under HTTP 200, code 30000, "authentication failed": check sms_user and sms_key, and that they belong to the old EngageLab SMS API`},
		{"code beside rows", extracttest.Say(200, `{"result":[],"count":0,"code":39999}`), sms.ErrTemporary, 2,
			`temporary: an error under HTTP 200, code 39999`},
		{"large error under 200", extracttest.Say(200, `{"code":39999,"message":"`+strings.Repeat("x", 100_000)+`"}`), sms.ErrTemporary, 2,
			`temporary: an error under HTTP 200, code 39999`},
		{"null result", extracttest.Say(200, `{"result":null}`), sms.ErrMalformed, 2,
			`not a believable answer: the body holds neither rows nor an error`},
		{"503", extracttest.HTML(503), sms.ErrTemporary, 4, `temporary: HTTP 503`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			calls := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				calls++
				tt.answer.ServeHTTP(w, r)
			}))
			defer server.Close()
			var refused []string
			err := open(t, quick(server.URL)).Fetch(t.Context(), scope(window(t, "2026-01-01", "2026-01-03")), func(p sms.Payload) error {
				refused = append(refused, p.Refused)
				return nil
			})
			if !errors.Is(err, tt.kind) || calls != tt.calls {
				t.Errorf("error %v after %d calls, want %v after %d", err, calls, tt.kind, tt.calls)
			}
			want := "engagelab/marketing stats_day 2026-01-01/2026-01-03: " + tt.text
			got, _, _ := strings.Cut(err.Error(), " (4 tries")
			if got = strings.TrimSuffix(got, " (said the same twice)"); got != want {
				t.Errorf("error\n%s\nwant\n%s", got, want)
			}
			if tt.name == "400 other" {
				calls--
			}
			if len(refused) != calls || slices.Contains(refused, "") || refused[0] != tt.text {
				t.Errorf("refused answers %q", refused)
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	tests := []struct {
		name, user, key string
		o               Options
		want            string
	}{
		{"no user", "", key, Options{}, "engagelab: sms_user and sms_key must be set"},
		{"no key", user, "", Options{}, "engagelab: sms_user and sms_key must be set"},
		{"colon", "a:b", key, Options{}, "engagelab: sms_user must not hold a colon"},
		{"plain http", user, key, Options{Options: extract.Options{BaseURL: "http://sms.api.engagelab.cc"}},
			`engagelab: base_url "http://sms.api.engagelab.cc": plain http is for loopback addresses only; use https`},
		{"path", user, key, Options{Paths: Paths{StatsDay: "v1/stats_day"}},
			`engagelab: path "v1/stats_day" of stats_day: want one that starts with / and holds no query, such as /v1/stats_day`},
		{"filter", user, key, Options{LabelIDs: []string{"1;2"}},
			`engagelab: label_ids: "1;2" is not a value: it is empty or holds the separator ";"`},
	}
	for _, tt := range tests {
		if _, err := New(tt.user, tt.key, tt.o, zap.NewNop()); err == nil || err.Error() != tt.want {
			t.Errorf("%s: error %v, want %s", tt.name, err, tt.want)
		}
	}
}

func TestFetchRefuses(t *testing.T) {
	half, _ := sms.ParseZone("+05:30")
	w := window(t, "2026-01-01", "2026-01-03")
	inIndia, _ := sms.NewWindow(w.First(), w.Last(), half)
	other := scope(w)
	other.Account.ID = "somebody"
	foreign := scope(w)
	foreign.Datasets = []sms.Dataset{sms.SendStatus}
	for name, s := range map[string]sms.Scope{"half-hour zone": scope(inIndia), "other account": other, "other dataset": foreign} {
		c := open(t, quick("http://127.0.0.1:1"))
		if err := c.Fetch(t.Context(), s, nil); !errors.Is(err, sms.ErrRefused) {
			t.Errorf("%s: error %v, want refused", name, err)
		}
	}
}
