package transform

import (
	"bytes"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"smsetl/sms"
)

// maxCount is the largest whole number that every JSON implementation carries exactly. A larger number of messages is
// a fault of the vendor, and sums of a few counts below it cannot overflow.
const maxCount = 1<<53 - 1

// flaw is why a value is no count, in words. Empty: it is one.
type flaw string

const (
	notNumber flaw = "not a number"
	belowZero flaw = "negative"
	fraction  flaw = "not a whole number"
	tooLarge  flaw = "too large for a number of messages"
)

// count reads a JSON value as a number of messages. Vendors write the same number as 12, "12", " 12 ", 12.0 or 1.2e1;
// null and a missing value (nil) are "not reported".
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

// numberForm takes a number apart: sign, digits before the point, digits after it, exponent.
var numberForm = regexp.MustCompile(`^(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]{1,15}))?$`)

// whole reads a decimal number with or without point and exponent, and without rounding: a float would turn
// 9007199254740993 into its neighbour.
func whole(s []byte) (int64, flaw) {
	if n, ok := digits(s); ok {
		return n, ""
	}
	parts := numberForm.FindSubmatch(s)
	if parts == nil {
		return 0, notNumber
	}
	exponent, _ := strconv.Atoi(string(parts[4])) // it fits; 0 when there is none
	padded := bytes.TrimRight(slices.Concat(parts[2], parts[3]), "0")
	mantissa := bytes.TrimLeft(padded, "0")
	places := len(parts[2]) + exponent - (len(padded) - len(mantissa)) // digits of the whole number
	switch {
	case len(mantissa) == 0:
		return 0, ""
	case places > 16:
		return 0, tooLarge
	case places < len(mantissa):
		return 0, fraction
	case len(parts[1]) > 0:
		return 0, belowZero
	}
	n, _ := strconv.ParseInt(string(mantissa)+strings.Repeat("0", places-len(mantissa)), 10, 64) // at most 16 digits
	if n > maxCount {
		return 0, tooLarge
	}
	return n, ""
}

// percentage reads a percentage, and the size of one unit of its last digit: 60.47 has a step of 0.01.
func percentage(value []byte) (p, step float64, ok bool) {
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
