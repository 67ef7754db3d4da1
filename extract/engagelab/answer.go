package engagelab

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"

	"github.com/go-json-experiment/json/jsontext"
)

// envelope is what the top level of a body says: {"result":[...],"count":n}, or {"code":30000,"message":"..."}.
type envelope struct {
	isError       bool
	hasWords      bool // a message stood before the rows of a large body
	code, message string
}

var (
	errNotJSON  = errors.New("the body is not a JSON object")
	errNoResult = errors.New("the body holds neither rows nor an error")
)

// peek reads the envelope from the first bytes of a body. A small body, which head then holds whole, is read to its end; of
// a larger one only what stands before its rows is looked at: it is read once more, whole and strictly, when it is understood.
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
	var code, result, count string
	for d.PeekKind() != '}' {
		name, value, err := member(d)
		if err != nil {
			return envelope{}, err
		}
		switch name {
		case "code":
			code = codeOf(value)
		case "message", "msg", "error":
			e.message = text(value)
		case "result":
			result = value.Kind().String()
		case "count":
			count = text(value)
		}
	}
	if _, err := d.ReadToken(); err != nil {
		return envelope{}, fmt.Errorf("%w: %w", errNotJSON, err)
	}
	if _, err := d.ReadToken(); err != io.EOF {
		return envelope{}, fmt.Errorf("%w: something follows it", errNotJSON)
	}
	hasResult := result == "[" || result == "{" || result == "null" && isZero(count)
	// A zero code beside rows is a success that says so.
	e.isError = code != "" && (!isZero(code) || !hasResult)
	switch {
	case e.isError:
		e.code = code
	case !hasResult:
		return envelope{}, errNoResult
	}
	return e, nil
}

// peekFirst judges a large body by what stands before its rows, and reads the values as far as they are short.
func peekFirst(d *jsontext.Decoder) (envelope, error) {
	if d.PeekKind() != '"' {
		return envelope{}, errNotJSON
	}
	var e envelope
	for {
		t, err := d.ReadToken()
		if err != nil || t.Kind() != '"' {
			return e.ofHead()
		}
		name := t.String()
		if name == "result" && (d.PeekKind() == '[' || d.PeekKind() == '{') {
			return envelope{}, nil
		}
		value, err := d.ReadValue()
		switch {
		case name == "message" || name == "msg" || name == "error":
			e.hasWords = true
			if err == nil {
				e.message = text(value)
			}
		case name == "code" && err == nil:
			e.code = codeOf(value)
		}
		if err != nil || name == "code" && e.code != "" && !isZero(e.code) {
			return e.ofHead()
		}
	}
}

// ofHead gives what the head of a large body says when it holds no rows: an error when it has the words of one.
func (e envelope) ofHead() (envelope, error) {
	e.isError = e.code != "" && !isZero(e.code) || e.hasWords
	if !e.isError {
		return envelope{}, nil
	}
	return envelope{isError: true, code: e.code, message: e.message}, nil
}

// codeOf gives a code by its text, empty for null.
func codeOf(v jsontext.Value) string {
	if v.Kind() == 'n' {
		return ""
	}
	return text(v)
}

var zeroForm = regexp.MustCompile(`^\s*-?0+(\.0+)?\s*$`)

func isZero(number string) bool { return zeroForm.MatchString(number) }

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
