package tencent

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"smsetl/internal/dev/extracttest"
	"smsetl/internal/pack"
)

func TestOddAnswersGoOn(t *testing.T) {
	for _, sums := range []string{
		`{"FeeCount":"1","RequestCount":"2","RequestSuccessCount":"2"}`, `{"FeeCount":null}`, `{}`, `{"FeeCount":-1}`, `{"FeeCount":0.0,"FeeCount":1}`,
	} {
		body := strings.ReplaceAll(answer("SendStatusStatistics", 7), `{"FeeCount":7,"RequestCount":7,"RequestSuccessCount":7}`, sums)
		_, payloads, err := serve(t, Options{}, scope(window(t, "2026-01-31", "2026-01-31")), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			extracttest.Say(200, strings.ReplaceAll(body, "SendStatusStatistics", r.Header.Get("X-TC-Action")))(w, r)
		}))
		if err != nil || len(payloads) != 2 {
			t.Errorf("%s: %v, %d payloads", sums, err, len(payloads))
			continue
		}
		if got, _ := pack.Unpack(payloads[0].Body); string(got) != body || payloads[0].Refused != "" {
			t.Errorf("%s became %s", body, got)
		}
	}
}

func TestIsZero(t *testing.T) {
	tests := map[string]bool{
		`{"FeeCount":0,"RequestCount":0,"RequestSuccessCount":0}`:                true,
		`{"FeeCount":"0","RequestCount":0.0,"RequestSuccessCount":"0.00"}`:       true,
		`{"FeeCount":0,"RequestCount":0,"RequestSuccessCount":0,"Note":"none"}`:  true,
		`{"FeeCount":0,"RequestCount":0,"RequestSuccessCount":0,"OtherCount":1}`: false,
		`{"FeeCount":0,"RequestCount":0,"RequestSuccessCount":1}`:                false,
		`{"FeeCount":0,"RequestCount":0,"RequestSuccessCount":null}`:             false,
		`{"FeeCount":0,"RequestCount":0,"RequestSuccessCount":""}`:               false,
		`{"FeeCount":0,"RequestCount":0,"RequestSuccessCount":"."}`:              false,
		`{"FeeCount":0,"RequestCount":0}`:                                        false,
		`{"FeeCount":0,"FeeCount":3,"RequestCount":0,"RequestSuccessCount":0}`:   false,
		`{"FeeCount":0,"RequestCount":0,"RequestSuccessCount":-0.5}`:             false,
		`{"FeeCount":0,"RequestCount":0,"RequestSuccessCount":0.1}`:              false,
		`{"FeeCount":0,"RequestCount":0,"RequestSuccessCount":{"a":0}}`:          false,
		`{}`: false,
	}
	for sums, want := range tests {
		if got := isZero([]byte(sums), "SendStatusStatistics"); got != want {
			t.Errorf("%s: %v, want %v", sums, got, want)
		}
	}
}

func FuzzPeek(f *testing.F) {
	for _, s := range []string{
		answer("SendStatusStatistics", 0), answer("SendStatusStatistics", 5), `{"Response":{"Error":{"Code":"AuthFailure","Message":"m"},"RequestId":"r"}}`,
		`{"Response":{"Error":null}}`, `{"Response":{"Error":{}}}`, `{"Response":null}`, `{"Response":[]}`, `{}`, `null`, ``, `{"Response":{}}x`, `<html>`,
		`{"Response":{"SendStatusStatistics":{"FeeCount":"0"}}}`, "\xef\xbb\xbf{}",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		const action = "SendStatusStatistics"
		e, err := peek(body, action)
		if err != nil || e.sums == nil {
			return
		}
		// What is called zero is read as zeros by the standard library too.
		var o struct {
			Response map[string]map[string]json.RawMessage
		}
		if isZero(e.sums, action) && json.Unmarshal(body, &o) == nil {
			for _, f := range fields[action] {
				if n := strings.Trim(string(o.Response[action][f]), `"`); n == "" || strings.Trim(n, "0.") != "" {
					t.Errorf("%s: %s is %q and was called zero", body, f, n)
				}
			}
		}
	})
}
