package extract

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Decode reads an answer as far as its envelope needs it: one JSON text and nothing behind it. Names that are repeated
// and broken UTF-8 are for whoever understands the numbers.
func Decode(body []byte, into any) error {
	return json.Unmarshal(body, into, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

// Unquoted gives a string or number by its text: vendors write codes and counts as either.
func Unquoted(v jsontext.Value) string {
	if v.Kind() != '"' {
		return string(v)
	}
	text, _ := jsontext.AppendUnquote(nil, v) // of broken UTF-8, what can be read
	return string(text)
}
