package engagelab

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"regexp"

	"github.com/go-json-experiment/json/jsontext"

	"smsetl/extract"
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

// members are those of the top level of a body that an envelope is read from.
type members struct {
	Code    jsontext.Value `json:"code"`
	Message jsontext.Value `json:"message"`
	Msg     jsontext.Value `json:"msg"`
	Error   jsontext.Value `json:"error"`
	Result  jsontext.Value `json:"result"`
	Count   jsontext.Value `json:"count"`
}

// peek reads the envelope from the first bytes of a body. A small body, which head then holds whole, is read to its
// end; of a larger one only what stands before its rows is looked at: it is read once more, whole and strictly, when it
// is understood.
func peek(head []byte, isWhole bool) (envelope, error) {
	if jsontext.Value(head).Kind() != '{' {
		return envelope{}, errNotJSON
	}
	if !isWhole {
		return peekFirst(head)
	}
	var m members
	if err := extract.Decode(head, &m); err != nil {
		return envelope{}, fmt.Errorf("%w: %w", errNotJSON, err)
	}
	code, result := codeOf(m.Code), m.Result.Kind()
	hasResult := result == '[' || result == '{' || result == 'n' && isZero(extract.Unquoted(m.Count))
	switch {
	case code != "" && (!isZero(code) || !hasResult): // a zero code beside rows is a success that says so
		message := cmp.Or(codeOf(m.Message), codeOf(m.Msg), codeOf(m.Error))
		return envelope{isError: true, code: code, message: message}, nil
	case !hasResult:
		return envelope{}, errNoResult
	}
	return envelope{}, nil
}

// peekFirst judges a large body by what stands before its rows, and reads the values as far as they are short.
func peekFirst(head []byte) (envelope, error) {
	d := jsontext.NewDecoder(bytes.NewReader(head), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if _, err := d.ReadToken(); err != nil || d.PeekKind() != '"' {
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
				e.message = extract.Unquoted(value)
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

// codeOf gives a code or words by their text, empty for null.
func codeOf(v jsontext.Value) string {
	if v.Kind() == 'n' {
		return ""
	}
	return extract.Unquoted(v)
}

var zeroForm = regexp.MustCompile(`^\s*-?0+(\.0+)?\s*$`)

func isZero(number string) bool { return zeroForm.MatchString(number) }
