package tencent

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"smsetl/extract"
	"smsetl/internal/dev/extracttest"
	"smsetl/sms"
)

func failure(code, message string) http.Handler {
	said, _ := json.Marshal(message)
	return extracttest.Say(200, fmt.Sprintf(`{"Response":{"Error":{"Code":%q,"Message":%s},"RequestId":%s}}`, code, said, said), "Content-Type", "application/json")
}

func TestCodes(t *testing.T) {
	type class struct {
		kind  error
		calls int
	}
	retry := class{sms.ErrTemporary, 2}
	stopApp, stopSource, ours := class{sms.ErrAccountDenied, 1}, class{sms.ErrSourceDenied, 1}, class{sms.ErrRefused, 1}
	classes := map[class][]string{
		retry: {"RequestLimitExceeded", "RequestLimitExceeded.UinLimitExceeded", "InternalError", "InternalError.Timeout",
			"InternalError.SendAndRecvFail", "InternalError.OtherError", "InternalError.UnknownError", "ServiceUnavailable", "LimitExceeded", "FailedOperation.OtherError"},
		stopApp: {"UnauthorizedOperation.SmsSdkAppIdVerifyFail", "UnauthorizedOperation.SdkAppIdIsDisabled",
			"UnauthorizedOperation.RequestPermissionDeny", "InvalidParameterValue.SdkAppIdNotExist", "InvalidParameter.AppidAndBizId"},
		stopSource: {"AuthFailure.SignatureFailure", "AuthFailure.SignatureExpire", "AuthFailure.SecretIdNotFound", "AuthFailure.UnauthorizedOperation",
			"UnauthorizedOperation.RequestIpNotInWhitelist", "UnauthorizedOperation.ServiceSuspendDueToArrears", "UnauthorizedOperation",
			"IpNotInWhitelist", "IpInBlacklist", "InternalError.RequestTimeException"},
		ours: {"InvalidParameterValue.BeginTimeVerifyFail", "InvalidParameterValue.EndTimeVerifyFail", "InvalidParameterValue.LimitVerifyFail",
			"InvalidParameter", "MissingParameter", "UnknownParameter", "InvalidAction", "NoSuchVersion", "UnsupportedRegion", "ActionOffline",
			"InternalError.RestApiInterfaceNotExist", "InternalError.SigFieldMissing", "InternalError.SigVerificationFail", "SomethingNew",
			"FailedOperation.FailResolvePacket", "FailedOperation.JsonParseFail"},
	}
	for want, codes := range classes {
		for _, code := range codes {
			t.Run(code, func(t *testing.T) {
				t.Parallel()
				calls := 0
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					calls++
					failure(code, "because").ServeHTTP(w, r)
				}))
				defer server.Close()
				o := quick(server.URL)
				o.Policy.Tries = 2
				o.Now = func() time.Time { return time.Date(2026, 2, 1, 4, 0, 0, 0, time.UTC) } // the day asked for is yesterday
				var refused []string
				err := open(t, o).Fetch(t.Context(), scope(window(t, "2026-01-31", "2026-01-31")), func(p sms.Payload) error {
					refused = append(refused, p.Refused)
					return nil
				})
				if !errors.Is(err, want.kind) || calls != want.calls || len(refused) != calls || slices.Contains(refused, "") {
					t.Errorf("%v after %d calls, %q; want %v after %d", err, calls, refused, want.kind, want.calls)
				}
				if !strings.Contains(err.Error(), code+`, "because"`) {
					t.Errorf("the error does not name the code: %v", err)
				}
			})
		}
	}
}

var nearly = regexp.MustCompile(`11m(29|30|31)s`)

func TestErrorTexts(t *testing.T) {
	late := func(d time.Duration) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Date", time.Now().Add(d).UTC().Format(http.TimeFormat))
			failure("AuthFailure.SignatureExpire", "expired").ServeHTTP(w, r)
		})
	}
	tests := map[string]struct {
		answer http.Handler
		want   string
	}{
		"behind": {late(690 * time.Second), `source denied: AuthFailure.SignatureExpire, "expired": check this machine's clock, which is 11m30s behind the vendor's`},
		"ahead":  {late(-690 * time.Second), `source denied: AuthFailure.SignatureExpire, "expired": check this machine's clock, which is 11m30s ahead of the vendor's`},
		"code under 503": {http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			extracttest.Say(503, `{"Response":{"Error":{"Code":"AuthFailure"},"RequestId":"x"}}`)(w, r)
		}), `source denied: AuthFailure: check secret_id and secret_key`},
		"missing object": {extracttest.Say(200, `{"Response":{"RequestId":"x"}}`), `not a believable answer: the answer holds no SendStatusStatistics`},
		"null object":    {extracttest.Say(200, `{"Response":{"SendStatusStatistics":null}}`), `not a believable answer: the answer holds no SendStatusStatistics`},
		"other object":   {extracttest.Say(200, answer("CallbackStatusStatistics", 1)), `not a believable answer: the answer holds no SendStatusStatistics`},
		"empty error":    {extracttest.Say(200, `{"Response":{"Error":{}}}`), `not a believable answer: an error without a code`},
		"too large":      {extracttest.Say(200, strings.Repeat(" ", 2<<20)), `not a believable answer: the answer is over the size cap of 1048576 bytes`},
		"region": {failure("UnsupportedRegion", "no"),
			`refused: UnsupportedRegion, "no": the SMS API is not in the region that is set: check the setting region, which is "ap-guangzhou"`},
		"permission": {failure("AuthFailure.UnauthorizedOperation", "no"),
			`source denied: AuthFailure.UnauthorizedOperation, "no": a CAM permission is missing: grant the secret's user sms:SendStatusStatistics and sms:CallbackStatusStatistics`},
		"403": {extracttest.HTML(403), `refused: HTTP 403 without a code of the vendor: check base_url and what stands between`},
		"502": {extracttest.HTML(502), `temporary: HTTP 502`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, _, err := serve(t, Options{}, scope(window(t, "2026-01-31", "2026-01-31")), tt.answer)
			want := "tencent/1400006874 send_status+callback_status 2026-01-31/2026-01-31: " + tt.want
			got, _, _ := strings.Cut(fmt.Sprint(err), " (4 tries")
			got = strings.TrimSuffix(got, " (said the same twice)")
			got = nearly.ReplaceAllString(got, "11m30s") // the header has whole seconds
			if got != want {
				t.Errorf("error\n%s\nwant\n%s", got, want)
			}
		})
	}
}

type plain struct{ extract.Waiter }

func TestLimitAnswersSlowDown(t *testing.T) {
	limiter := extract.NewLimiter(100, 0)
	for name, pace := range map[string]extract.Waiter{"limiter": limiter, "something else": plain{extract.NewLimiter(100, 0)}} {
		calls := 0
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if calls++; calls == 1 {
				failure("RequestLimitExceeded.UinLimitExceeded", "too fast").ServeHTTP(w, r)
				return
			}
			vendor{never}.ServeHTTP(w, r)
		}))
		o := quick(server.URL)
		o.Limiter = func(string) extract.Waiter { return pace }
		start := time.Now()
		err := open(t, o).Fetch(t.Context(), scope(window(t, "2026-01-31", "2026-01-31")), func(sms.Payload) error { return nil })
		if d := time.Since(start); err != nil || d < time.Second {
			t.Errorf("%s: %v after %s, want a wait of a second", name, err, d)
		}
		server.Close()
	}
	if limiter.Rate() != 95 {
		t.Errorf("%v a second, want 95", limiter.Rate())
	}
}

func TestNewRefuses(t *testing.T) {
	tests := []struct {
		name, id, key string
		o             Options
		want          string
	}{
		{"no id", "", key, Options{}, "tencent: secret_id and secret_key must be set"},
		{"no key", id, "", Options{}, "tencent: secret_id and secret_key must be set"},
		{"plain http", id, key, Options{Options: extract.Options{BaseURL: "http://sms.tencentcloudapi.com"}},
			`tencent: base_url "http://sms.tencentcloudapi.com": plain http is for loopback addresses only; use https`},
		{"path", id, key, Options{Options: extract.Options{BaseURL: "https://h/v1"}},
			`tencent: base_url "https://h/v1" holds a path: want scheme and host alone`},
		{"end hour", id, key, Options{EndHour: "24"}, `tencent: end_hour "24": want inclusive or exclusive`},
		{"app", id, key, Options{SdkAppIDs: []string{""}}, `tencent: sdk_app_ids holds an empty one`},
	}
	for _, tt := range tests {
		if _, err := New(tt.id, tt.key, tt.o, zap.NewNop()); err == nil || err.Error() != tt.want {
			t.Errorf("%s: error %v, want %s", tt.name, err, tt.want)
		}
	}
}

func TestFetchRefuses(t *testing.T) {
	w := window(t, "2026-01-01", "2026-01-03")
	other, alone := scope(w), scope(w)
	other.Account.ID = "1400000000"
	alone.Datasets = []sms.Dataset{sms.SendStatus}
	for name, s := range map[string]sms.Scope{"other application": other, "half a group": alone} {
		if err := open(t, quick("http://127.0.0.1:1")).Fetch(t.Context(), s, nil); !errors.Is(err, sms.ErrRefused) {
			t.Errorf("%s: error %v, want refused", name, err)
		}
	}
}

// An answer has an id of its own each time, also in its words, and still says the same.
func TestAnswersThatSayTheSameTwice(t *testing.T) {
	n := 0
	id := func() string { n++; return fmt.Sprintf("r-%d", n) }
	says := func(format string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			extracttest.Say(200, strings.ReplaceAll(format, "ID", id()))(w, r)
		})
	}
	for name, tt := range map[string]struct {
		answer http.Handler
		calls  int
	}{
		"a code":            {says(`{"Response":{"Error":{"Code":"FailedOperation.Other","Message":"no (r/ID)"},"RequestId":"r/ID"}}`), 2},
		"an empty success":  {says(`{"Response":{"RequestId":"ID"}}`), 2},
		"no code":           {says(`{"Response":{"Error":{"Message":"no"},"RequestId":"ID"}}`), 2},
		"other words":       {says(`{"Response":{"Error":{"Code":"InternalError","Message":"ID"},"RequestId":"x"}}`), 4},
		"a page":            {extracttest.HTML(200), 2},
		"code of the limit": {says(`{"Response":{"Error":{"Code":"RequestLimitExceeded","Message":"no"},"RequestId":"ID"}}`), 4},
		"a code under 503": {http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			extracttest.Say(503, `{"Response":{"Error":{"Code":"InternalError","Message":"no"},"RequestId":"x"}}`)(w, r)
		}), 4},
	} {
		t.Run(name, func(t *testing.T) {
			var o Options
			o.Limiter = func(string) extract.Waiter { return plain{extract.NewLimiter(10_000, 0)} }
			requests, _, err := serve(t, o,
				scope(window(t, "2026-01-31", "2026-01-31")), tt.answer)
			isTwice := strings.HasSuffix(fmt.Sprint(err), " (said the same twice)")
			if len(requests) != tt.calls || isTwice != (tt.calls == 2) {
				t.Errorf("%d calls, want %d: %v", len(requests), tt.calls, err)
			}
		})
	}
}
