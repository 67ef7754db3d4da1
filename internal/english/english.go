// Package english writes numbers and counted things as sentences have them.
package english

import (
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// Number writes 1234567 as 1,234,567.
func Number[N int | int64](n N) string {
	return message.NewPrinter(language.English).Sprintf("%d", n)
}

// Plural gives "1 window" and "3 windows".
func Plural[N int | int64](n N, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return Number(n) + " " + one + "s"
}
