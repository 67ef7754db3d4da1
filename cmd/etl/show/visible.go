package show

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"smsetl/config"
)

// Visible gives text as a terminal may show it. Names of templates, reasons and files are other people's, and a terminal obeys what stands
// in them: ESC clears the screen or answers back as if it had been typed, BEL rings, an override of the direction turns a line around.
// What has no picture of its own is shown by its code, such as \x1b. Line ends and tabs stay.
func Visible(text string) string {
	if !strings.ContainsFunc(text, isObeyed) && utf8.ValidString(text) {
		return text
	}
	var b strings.Builder
	for _, r := range text { // a byte that is no character comes as U+FFFD
		if isObeyed(r) {
			code := strconv.QuoteRuneToASCII(r)
			b.WriteString(code[1 : len(code)-1])
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// isObeyed says whether a terminal may obey the character and not show it: the control characters of ASCII and those above it, and what
// turns the direction of a line or hides in it.
func isObeyed(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) && r != '\n' && r != '\t'
}

// visibleCell gives a value as it stands within a line: no value begins a line of its own.
func visibleCell(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return ' '
		}
		return r
	}, Visible(text))
}

// visibleValue cleans what a format is filled with, where it is a text or becomes one.
func visibleValue(value any) any {
	switch v := value.(type) {
	case nil:
		return nil
	case string:
		return visibleCell(v)
	case error:
		return visibleCell(v.Error())
	case fmt.Stringer:
		return visibleCell(v.String())
	}
	if v := reflect.ValueOf(value); v.Kind() == reflect.String {
		return visibleCell(v.String())
	}
	return value
}

// Bytes writes bytes that are not ours: as they are, unless a terminal would obey them.
func Bytes(w io.Writer, data []byte) error {
	if IsTerminal(w) {
		data = []byte(Visible(string(data)))
	}
	_, err := w.Write(data)
	return err
}

// rooms are the names of packages that errors begin with. Whoever reads the code wants them, and nobody else.
var rooms = regexp.MustCompile(`(^|: |\n)((access|archive|belief|capture|check|confined|db|dictionary|doctor|drop|explain|export|ingest|job|ledger|lineage|load|messages|metabase|money|` +
	`migrations|notify|pack|pages|pipeline|plan|postgres|push|queue|ratelimit|raw|read|replay|river|sandbox|spawn|star|tracing|transform|web): )+`)

// Message gives what people read of an error. Mistakes of a configuration have names of keys where others have those of packages.
func Message(err error) string {
	text := Visible(err.Error())
	if _, isOfFile := errors.AsType[config.Mistakes](err); isOfFile {
		return text
	}
	return rooms.ReplaceAllString(text, "$1")
}
