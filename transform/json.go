package transform

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"smsetl/internal/pack"
	"smsetl/sms"
)

// Document unpacks an answer that is small enough to be read whole: one JSON object, in which no field is given twice.
// wanted names what the object should hold.
func Document(p *sms.Payload, wanted string) ([]byte, error) {
	body, err := pack.Unpack(p.Body)
	if err != nil {
		return nil, err
	}
	dec := jsontext.NewDecoder(bytes.NewBuffer(body))
	value, err := dec.ReadValue()
	if err != nil {
		return nil, Syntax(err, 0)
	}
	if _, err := dec.ReadToken(); err != io.EOF {
		return nil, Malformed("something follows the answer, at byte %d", dec.InputOffset())
	}
	if value.Kind() != jsontext.KindBeginObject {
		return nil, Malformed("the answer is %s, want an object with %s", Kind(value), wanted)
	}
	return body, nil
}

// Members calls f for each member of a JSON object, which must be valid. The name is unquoted; the value is a part of
// object.
func Members(object []byte, f func(name, value []byte)) {
	dec := jsontext.NewDecoder(bytes.NewBuffer(object), jsontext.AllowDuplicateNames(true))
	next := func() []byte {
		value, _ := dec.ReadValue() // valid, so it cannot fail
		end := int(dec.InputOffset())
		return object[end-len(value) : end : end]
	}
	for _, err := dec.ReadToken(); err == nil && dec.PeekKind() == jsontext.KindString; {
		name := Text(next())
		f(name, next())
	}
}

// Syntax gives the error for bytes that are not JSON. shift is added to the decoder's own count of bytes, which starts
// anew when a decoder takes over in the middle. An error of the stream itself is passed on as it is.
func Syntax(err error, shift int64) error {
	var s *jsontext.SyntacticError
	switch {
	case err == io.EOF:
		return Malformed("the answer is empty")
	case !errors.As(err, &s):
		return err
	}
	what := s.Err.Error()
	switch {
	case errors.Is(s.Err, io.ErrUnexpectedEOF):
		what = "the answer is cut off"
	case errors.Is(s.Err, jsontext.ErrDuplicateName):
		what = fmt.Sprintf("field %q stands twice in one object", s.JSONPointer.LastToken())
	}
	return Malformed("%s, at byte %d", what, s.ByteOffset+shift)
}

// Malformed gives an error for an answer that cannot be believed: what was found, and what is wanted.
func Malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", sms.ErrMalformed, fmt.Sprintf(format, args...))
}

// Kind names what a JSON value is, for error messages.
func Kind(value []byte) string {
	switch {
	case value == nil:
		return "missing"
	case value[0] == '{':
		return "an object"
	case value[0] == '[':
		return "an array"
	default:
		return Excerpt(value)
	}
}

// Text gives the content of a string, and any other value as it is written. The value must be valid JSON.
func Text(value []byte) []byte {
	if len(value) == 0 || value[0] != '"' {
		return value
	}
	if bytes.IndexByte(value, '\\') < 0 {
		return value[1 : len(value)-1]
	}
	unquoted, _ := jsontext.AppendUnquote(nil, value) // valid, so it cannot fail
	return unquoted
}

// IsNull says whether a JSON value is null.
func IsNull(value []byte) bool { return len(value) == 4 && value[0] == 'n' }

// Excerpt gives a JSON value for an error message.
func Excerpt(value []byte) string {
	if len(value) <= 60 {
		return string(value)
	}
	return Cut(value, 60) + "..."
}

// Cut gives at most limit bytes of valid UTF-8, and no half character.
func Cut(b []byte, limit int) string {
	if len(b) <= limit {
		return string(b)
	}
	for limit > 0 && !utf8.RuneStart(b[limit]) {
		limit--
	}
	return string(b[:limit])
}
