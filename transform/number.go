package transform

import (
	"bytes"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"smsetl/sms"
)

// maxCount is the largest whole number that every JSON implementation carries exactly. A larger number of messages is
// a fault of the vendor, and sums of a few counts below it cannot overflow.
const maxCount = 1<<53 - 1

// Why a value is no count, in words.
const (
	notNumber = "not a number"
	belowZero = "negative"
	fraction  = "not a whole number"
	tooLarge  = "too large for a number of messages"
)

// Count reads a JSON value as a number of messages. Vendors write the same number as 12, "12", " 12 ", 12.0 or 1.2e1;
// null and a missing value (nil) are "not reported".
func Count(value []byte) (sms.Count, string) {
	if n, ok := Digits(value); ok {
		return sms.Reported(n), ""
	}
	if value == nil || IsNull(value) {
		return sms.Count{}, ""
	}
	n, why := Whole(bytes.TrimSpace(Text(value)))
	if why != "" {
		return sms.Count{}, why
	}
	return sms.Reported(n), ""
}

// Digits reads the common spelling: up to 15 digits and nothing else.
func Digits(s []byte) (int64, bool) {
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

// Whole reads a decimal number with or without point and exponent, and without rounding: a float would turn
// 9007199254740993 into its neighbour.
func Whole(s []byte) (int64, string) {
	if n, ok := Digits(s); ok {
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
