package transform

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// members calls f for each member of a JSON object, which must be valid. The name is unquoted; the value is the member's
// own part of object. dec is any decoder that is free.
func members(dec *jsontext.Decoder, object []byte, f func(name, value []byte) error) error {
	dec.Reset(bytes.NewReader(object), jsontext.AllowDuplicateNames(true))
	if _, err := dec.ReadToken(); err != nil {
		return syntax(err, 0)
	}
	for dec.PeekKind() != jsontext.KindEndObject {
		name, err := next(dec, object)
		if err != nil {
			return err
		}
		value, err := next(dec, object)
		if err != nil {
			return err
		}
		if err := f(text(name), value); err != nil {
			return err
		}
	}
	return nil
}

// next gives the decoder's next value as a part of what it decodes, which outlives the decoder's own buffer.
func next(dec *jsontext.Decoder, all []byte) ([]byte, error) {
	value, err := dec.ReadValue()
	if err != nil {
		return nil, syntax(err, 0)
	}
	end := int(dec.InputOffset())
	return all[end-len(value) : end : end], nil
}

// syntax gives the error for bytes that are no JSON. shift is added to the decoder's own count of bytes, which starts
// anew when a decoder takes over in the middle. An error of the stream itself is passed on as it is.
func syntax(err error, shift int64) error {
	var s *jsontext.SyntacticError
	switch {
	case err == io.EOF:
		return malformed("the answer is empty")
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
	return malformed("%s, at byte %d", what, s.ByteOffset+shift)
}

// kind names what a JSON value is, for error messages.
func kind(value []byte) string {
	switch {
	case value == nil:
		return "missing"
	case value[0] == '{':
		return "an object"
	case value[0] == '[':
		return "an array"
	default:
		return excerpt(value)
	}
}
