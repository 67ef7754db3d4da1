package main

import (
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
