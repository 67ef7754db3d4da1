package main

import (
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"smsetl/sms"
)

// readJSON reads a document of a command into the type that it was made of. Scopes are left out: nothing reads them back.
func readJSON(text string, into any) error {
	return json.Unmarshal([]byte(text), into, json.WithUnmarshalers(json.JoinUnmarshalers(
		json.UnmarshalFromFunc(func(d *jsontext.Decoder, day *sms.Day) (err error) {
			token, err := d.ReadToken()
			if err == nil && token.Kind() == '"' {
				*day, err = sms.ParseDay(token.String())
			}
			return err
		}),
		json.UnmarshalFromFunc(func(d *jsontext.Decoder, c *sms.Count) error {
			token, err := d.ReadToken()
			if err != nil || token.Kind() == 'n' {
				return err
			}
			n, err := token.Int()
			*c = sms.Reported(n)
			return err
		}),
		json.UnmarshalFromFunc(func(d *jsontext.Decoder, _ *sms.Scope) error { return d.SkipValue() }),
	)))
}

// What is not there is null, a list without entries is empty, and times are in UTC.
func TestDocumentsAreWrittenAlike(t *testing.T) {
	t.Parallel()
	type entry struct {
		Day   sms.Day   `json:"day"`
		Count sms.Count `json:"count"`
		At    time.Time `json:"at"`
		List  []string  `json:"list"`
	}
	at := time.Date(2026, 1, 5, 8, 0, 0, 0, time.FixedZone("", 8*3600))
	var out strings.Builder
	if err := writeJSON(&out, []entry{{}, {sms.Date(2026, 1, 5), sms.Reported(0), at, []string{"a"}}}); err != nil {
		t.Fatal(err)
	}
	want := `[{"day":null,"count":null,"at":null,"list":[]},` +
		`{"day":"2026-01-05","count":0,"at":"2026-01-05T00:00:00Z","list":["a"]}]`
	if got := strings.Join(strings.Fields(out.String()), ""); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
