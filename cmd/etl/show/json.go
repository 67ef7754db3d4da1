package show

import (
	"io"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"smsetl/sms"
)

// JSON writes a document as every command does: times in UTC; null for a time, a day or a count that is not there; and an empty
// list for a list without entries.
func JSON(w io.Writer, document any) error {
	orNull := func(e *jsontext.Encoder, isThere bool, value jsontext.Token) error {
		if !isThere {
			value = jsontext.Null
		}
		return e.WriteToken(value)
	}
	encoder := jsontext.NewEncoder(w, jsontext.WithIndent("  "), jsontext.AllowInvalidUTF8(true))
	return json.MarshalEncode(encoder, document, json.Deterministic(true), json.WithMarshalers(json.JoinMarshalers(
		json.MarshalToFunc(func(e *jsontext.Encoder, t time.Time) error {
			return orNull(e, !t.IsZero(), jsontext.String(t.UTC().Format(time.RFC3339Nano)))
		}),
		json.MarshalToFunc(func(e *jsontext.Encoder, d sms.Day) error { return orNull(e, d != 0, jsontext.String(d.String())) }),
		json.MarshalToFunc(func(e *jsontext.Encoder, c sms.Count) error {
			n, isReported := c.Value()
			return orNull(e, isReported, jsontext.Int(n))
		}),
		json.MarshalToFunc(func(e *jsontext.Encoder, s sms.Scope) error { return orNull(e, true, jsontext.String(s.String())) }),
	)))
}
