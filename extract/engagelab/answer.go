package engagelab

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// envelope is what the top level of a body says: {"result":[...],"count":n}, or {"code":30000,"message":"..."}.
type envelope struct {
	isError       bool
	code, message string
}

var (
	errNotJSON  = errors.New("the body is not a JSON object")
	errNoResult = errors.New("the body holds neither rows nor an error")
)

// peek reads the envelope from the first bytes of a body. A small body, which head then holds whole, is read to its end; of
// a larger one only the first key is looked at: it is read once more, whole and strictly, when it is understood.
func peek(head []byte, isWhole bool) (envelope, error) {
	// Duplicate names and broken UTF-8 are for whoever understands the rows.
	d := jsontext.NewDecoder(bytes.NewReader(head), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if t, err := d.ReadToken(); err != nil || t.Kind() != '{' {
		return envelope{}, errNotJSON
	}
	if !isWhole {
		return peekFirst(d)
	}
	var e envelope
	var hasCode, hasResult bool
	for d.PeekKind() != '}' {
		name, value, err := member(d)
		if err != nil {
			return envelope{}, err
		}
		switch name {
		case "code":
			if hasCode = value.Kind() != 'n'; hasCode {
				e.code = text(value)
			}
		case "message", "msg", "error":
			e.message = text(value)
		case "result":
			hasResult = value.Kind() == '[' || value.Kind() == '{'
		}
	}
	if _, err := d.ReadToken(); err != nil {
		return envelope{}, fmt.Errorf("%w: %w", errNotJSON, err)
	}
	if _, err := d.ReadToken(); err != io.EOF {
		return envelope{}, fmt.Errorf("%w: something follows it", errNotJSON)
	}
	// A zero code beside rows is a success that says so.
	e.isError = hasCode && (e.code != "0" || !hasResult)
	if !e.isError && !hasResult {
		return envelope{}, errNoResult
	}
	return e, nil
}

// peekFirst judges a large body by its first key, and reads the value as far as it is short.
func peekFirst(d *jsontext.Decoder) (envelope, error) {
	t, err := d.ReadToken()
	if err != nil || t.Kind() != '"' {
		return envelope{}, errNotJSON
	}
	switch t.String() {
	case "code":
		e := envelope{isError: true}
		if value, err := d.ReadValue(); err == nil {
			e.code = text(value)
		}
		return e, nil
	case "message", "msg", "error":
		return envelope{isError: true}, nil
	default:
		return envelope{}, nil
	}
}

func member(d *jsontext.Decoder) (string, jsontext.Value, error) {
	t, err := d.ReadToken()
	if err != nil {
		return "", nil, fmt.Errorf("%w: %w", errNotJSON, err)
	}
	name := t.String()
	value, err := d.ReadValue()
	if err != nil {
		return "", nil, fmt.Errorf("%w: %w", errNotJSON, err)
	}
	return name, value, nil
}

// text gives a number or string by its text: the vendor sends codes as numbers, its ancestor sent strings.
func text(v jsontext.Value) string {
	if v.Kind() != '"' {
		return string(v)
	}
	s, err := jsontext.AppendUnquote(nil, v)
	if err != nil && len(s) == 0 {
		return ""
	}
	return string(s)
}
