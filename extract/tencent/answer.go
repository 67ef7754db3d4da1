package tencent

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// envelope is what an answer says around the numbers:
// {"Response":{"SendStatusStatistics":{...},"RequestId":"..."}} or {"Response":{"Error":{"Code","Message"},"RequestId"}}.
type envelope struct {
	hasError      bool
	code, message string
	requestID     string
	sums          jsontext.Value // the statistics object; nil when it is missing or null
}

var (
	errNotJSON = errors.New("the body is not the vendor's JSON")
	errNotZero = errors.New("a sum is not 0")
)

// peek reads the envelope of an answer to action. The body must be one JSON object with a Response.
func peek(body []byte, action string) (envelope, error) {
	var e envelope
	response, err := inside(body, "Response")
	if err != nil {
		return envelope{}, err
	}
	err = members(response, func(name string, value jsontext.Value) error {
		switch {
		case name == "RequestId":
			e.requestID = text(value)
		case name == "Error" && value.Kind() != 'n':
			e.hasError = true
			if value.Kind() != '{' {
				return nil
			}
			return members(value, func(name string, value jsontext.Value) error {
				switch name {
				case "Code":
					e.code = text(value)
				case "Message":
					e.message = text(value)
				}
				return nil
			})
		case name == action && value.Kind() == '{':
			e.sums = value.Clone()
		}
		return nil
	})
	if err != nil {
		return envelope{}, err
	}
	return e, nil
}

// fields are the sums that an answer must hold to say that nothing happened.
var fields = map[string][]string{
	"SendStatusStatistics": {"FeeCount", "RequestCount", "RequestSuccessCount"},
	"CallbackStatusStatistics": {"CallbackCount", "RequestSuccessCount", "CallbackFailCount", "CallbackSuccessCount",
		"InternalErrorCount", "InvalidNumberCount", "ShutdownErrorCount", "BlackListCount", "FrequencyLimitCount"},
}

var zeroForm = regexp.MustCompile(`^0+(\.0+)?$`)

// isZero says whether the object states every sum of the action as 0, and no other number either. Counts are never negative,
// so an answer like that over several days holds only days of zeros. A null is not a zero.
func isZero(sums jsontext.Value, action string) bool {
	missing := slices.Clone(fields[action])
	err := members(sums, func(name string, value jsontext.Value) error {
		at := slices.Index(missing, name)
		isNumber := value.Kind() == '0' || value.Kind() == '"' && slices.Contains(fields[action], name)
		if isNumber && !zeroForm.MatchString(text(value)) {
			return errNotZero
		}
		if isNumber && at >= 0 {
			missing = slices.Delete(missing, at, at+1)
		}
		return nil
	})
	return err == nil && len(missing) == 0
}

// inside gives the object under the name, in a body that is one object and nothing else.
func inside(body []byte, name string) (jsontext.Value, error) {
	var found jsontext.Value
	err := members(body, func(n string, value jsontext.Value) error {
		if n == name && value.Kind() == '{' {
			found = value.Clone()
		}
		return nil
	})
	if err == nil && found == nil {
		err = errNotJSON
	}
	return found, err
}

// members calls do with each member of the object, which must be all there is. A value is good until the next one.
func members(object []byte, do func(name string, value jsontext.Value) error) error {
	// Duplicate names and broken UTF-8 are for whoever understands the numbers.
	d := jsontext.NewDecoder(bytes.NewReader(object), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if t, err := d.ReadToken(); err != nil || t.Kind() != '{' {
		return errNotJSON
	}
	for d.PeekKind() != '}' {
		t, err := d.ReadToken()
		if err != nil {
			return errNotJSON
		}
		name := t.String()
		value, err := d.ReadValue()
		if err != nil {
			return errNotJSON
		}
		if err := do(name, value); err != nil {
			return err
		}
	}
	if _, err := d.ReadToken(); err != nil {
		return errNotJSON
	}
	if _, err := d.ReadToken(); err != io.EOF {
		return errNotJSON
	}
	return nil
}

// text gives a string or number by its text.
func text(v jsontext.Value) string {
	if v.Kind() != '"' {
		return string(v)
	}
	s, _ := jsontext.AppendUnquote(nil, v) // of broken UTF-8, what can be read
	return string(s)
}
