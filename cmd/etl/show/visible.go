package show

import (
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
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

// LogOn gives the terminal to a logger that colours its lines: ESC stays, which the logger escapes in values, and the rest of what a
// terminal obeys does not.
func LogOn(w io.Writer) io.Writer { return logLines{w} }

type logLines struct{ io.Writer }

func (l logLines) Write(line []byte) (int, error) {
	parts := strings.Split(string(line), "\x1b")
	for i, part := range parts {
		parts[i] = Visible(part)
	}
	if _, err := io.WriteString(l.Writer, strings.Join(parts, "\x1b")); err != nil {
		return 0, err
	}
	return len(line), nil
}
