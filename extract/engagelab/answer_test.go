package engagelab

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"smsetl/internal/dev/extracttest"
	"smsetl/internal/pack"
	"smsetl/sms"
)

func TestBelievedAsTheyAre(t *testing.T) {
	for _, body := range []string{
		`{"result":[],"count":0}`,
		`{"result":[],"count":7}`, // the count is for whoever reads the rows
		`{"result":{},"count":0}`,
		`{"code":0,"message":"ok","result":[]}`,
		`{"code":null,"result":[]}`,
		`{"code":"0","result":[]}`,
		`{"result":null,"count":0}`, // a vendor's way to say that there are no rows
		`{"code":0,"count":"0","result":null}`,
		`{"code":0,"message":"success","result":[` + strings.Repeat(" ", 100_000) + `]}`,
		`{"message":"success","code":"0","count":0,"result":[` + strings.Repeat(" ", 100_000) + `]}`,
		` {"count":1,"result":[{"label_id":null,"label_id":"\ud800"}]} `,
		`{"result":[` + strings.Repeat(" ", 100_000) + `,` + `}`, // large: read once, later
	} {
		server := httptest.NewServer(extracttest.Say(200, body))
		n := 0
		err := open(t, quick(server.URL)).Fetch(t.Context(), scope(window(t, "2026-01-01", "2026-01-03")), func(p sms.Payload) error {
			n++
			got, err := pack.Unpack(p.Body)
			if p.Refused != "" || string(got) != body || p.Status != 200 || !p.FetchedAt.Equal(noon) {
				t.Errorf("%.40s became %.40s: %+v (%v)", body, got, p, err)
			}
			return nil
		})
		if err != nil || n != 1 {
			t.Errorf("%.40s: %v, %d answers", body, err, n)
		}
		server.Close()
	}
}

func FuzzPeek(f *testing.F) {
	for _, s := range []string{
		`{"result":[],"count":0}`, `{"result":{},"count":0}`, `{"code":30000,"message":"authentication failed"}`,
		`{"code":"1","msg":"x"}`, `{"message":"x"}`, `{}`, `null`, `[]`, ``, ` {`, `{"`, `{"code":`, `{"code":1e999}`, `{"result":null}`,
		"\xef\xbb\xbf{}", `{"code":{"code":1},"result":[]}`, `{"result":[]}{}`, `<html>`,
	} {
		f.Add([]byte(s), true)
		f.Add([]byte(s), false)
	}
	f.Fuzz(func(t *testing.T, body []byte, isWhole bool) {
		e, err := peek(body, isWhole)
		if err != nil && e != (envelope{}) {
			t.Errorf("an envelope beside the error %v: %+v", err, e)
		}
		if err != nil || !isWhole {
			return
		}
		// What is believed is one JSON object that the standard library reads in the same way.
		var o map[string]json.RawMessage
		if json.Unmarshal(body, &o) != nil {
			t.Fatalf("%q is not an object", body)
		}
		result := strings.TrimSpace(string(o["result"]))
		hasRows := strings.HasPrefix(result, "[") || strings.HasPrefix(result, "{") || result == "null"
		if !e.isError && !hasRows {
			t.Errorf("%q is believed without rows", body)
		}
	})
}
