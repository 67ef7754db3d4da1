package transform

import (
	"bytes"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"smsetl/sms"
)

// maxCount is the largest whole number that every JSON implementation carries exactly. A larger number of messages is
// a fault of the vendor, and sums of a few counts below it cannot overflow.
const maxCount = 1<<53 - 1

// flaw says in words why a value is no count. Empty: it is one.
type flaw string

const (
	notNumber flaw = "not a number"
	negative  flaw = "negative"
	fraction  flaw = "not a whole number"
	tooLarge  flaw = "too large for a number of messages"
)

// count reads a JSON value as a number of messages. Vendors write the same number as 12, "12", " 12 ", 12.0 or 1.2e1; null and
// a missing value (nil) are "not reported".
func count(value []byte) (sms.Count, flaw) {
	if n, ok := digits(value); ok {
		return sms.Reported(n), ""
	}
	if value == nil || isNull(value) {
		return sms.Count{}, ""
	}
	n, why := whole(bytes.TrimSpace(text(value)))
	if why != "" {
		return sms.Count{}, why
	}
	return sms.Reported(n), ""
}

// isZeroNumber says whether the value is 0 in any spelling of a number.
func isZeroNumber(value []byte) bool {
	n, why := count(value)
	return why == "" && n == sms.Reported(0)
}

// digits reads the common spelling: up to 15 digits and nothing else.
func digits(s []byte) (int64, bool) {
	if len(s) == 0 || len(s) > 15 {
		return 0, false
	}
	var n int64
	for _, c := range s {
		if c -= '0'; c > 9 {
			return 0, false
		}
		n = n*10 + int64(c)
	}
	return n, true
}

// whole reads a decimal number with or without point and exponent, and without rounding: a float would turn
// 9007199254740993 into its neighbour.
func whole(s []byte) (int64, flaw) {
	minus := len(s) > 0 && s[0] == '-'
	if minus {
		s = s[1:]
	}
	mantissa, point, ok := split(s)
	if !ok {
		return 0, notNumber
	}
	var n int64
	for place, c := range mantissa {
		switch {
		case c != '0' && place >= point:
			return 0, fraction
		case c != '0' && point-place > 16:
			return 0, tooLarge
		case place < point:
			n = n*10 + int64(c-'0')
		}
	}
	for place := len(mantissa); place < point && n > 0; place++ {
		n *= 10
	}
	switch {
	case minus && n > 0:
		return 0, negative
	case n > maxCount:
		return 0, tooLarge
	}
	return n, ""
}

// split takes a number without sign apart: its digits without the point, and how many of them stand before the point
// once the exponent is applied. That can be negative, or more than there are.
func split(s []byte) (mantissa []byte, point int, ok bool) {
	mantissa, exponent := s, 0
	if e := bytes.IndexAny(s, "eE"); e >= 0 {
		mantissa = s[:e]
		power := bytes.TrimPrefix(s[e+1:], []byte("+"))
		unsigned := bytes.TrimPrefix(power, []byte("-"))
		if _, ok := digits(unsigned); !ok || len(s[e+1:])-len(unsigned) > 1 {
			return nil, 0, false
		}
		exponent, _ = strconv.Atoi(string(power)) // at most 15 digits
	}
	before, after, pointed := bytes.Cut(mantissa, []byte("."))
	if len(before) == 0 || pointed && len(after) == 0 {
		return nil, 0, false
	}
	if pointed {
		mantissa = append(append(make([]byte, 0, len(mantissa)), before...), after...)
	}
	for _, c := range mantissa {
		if c < '0' || c > '9' {
			return nil, 0, false
		}
	}
	return mantissa, len(before) + exponent, true
}

// share reads a percentage, and the size of one unit of its last digit: 60.47 has a step of 0.01.
func share(value []byte) (p, step float64, ok bool) {
	s := text(value)
	var n, point int64
	for i, c := range s {
		switch {
		case c == '.' && point == 0 && i > 0:
			point = int64(len(s) - i - 1)
		case c >= '0' && c <= '9' && len(s) <= 16:
			n = n*10 + int64(c-'0')
		default:
			p, err := strconv.ParseFloat(string(s), 64)
			return p, 0.01, err == nil && !math.IsNaN(p) && !math.IsInf(p, 0)
		}
	}
	scale := tens[point]
	return float64(n) / scale, 1 / scale, len(s) > 0
}

var tens = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// text gives what a string says, and any other value as it is written. The value must be valid JSON.
func text(value []byte) []byte {
	if len(value) == 0 || value[0] != '"' {
		return value
	}
	if bytes.IndexByte(value, '\\') < 0 {
		return value[1 : len(value)-1]
	}
	unquoted, _ := jsontext.AppendUnquote(nil, value) // valid, so it cannot fail
	return unquoted
}

func isNull(value []byte) bool { return len(value) == 4 && value[0] == 'n' }

// excerpt gives a JSON value for an error message.
func excerpt(value []byte) string {
	if len(value) <= 60 {
		return string(value)
	}
	return cut(value, 60) + "..."
}

// cut gives at most limit bytes of valid UTF-8, and no half character.
func cut(b []byte, limit int) string {
	if len(b) <= limit {
		return string(b)
	}
	for limit > 0 && !utf8.RuneStart(b[limit]) {
		limit--
	}
	return string(b[:limit])
}
