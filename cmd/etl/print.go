package main

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"smsetl/sms"
)

// printJSON writes one indented document to standard output.
func (s *session) printJSON(document any) error { return writeJSON(s.stdout, document) }

// writeJSON writes a document as every command does: times in UTC; null for a time, a day or a count that is not there; and an empty
// list for a list without entries.
func writeJSON(w io.Writer, document any) error {
	orNull := func(e *jsontext.Encoder, isThere bool, value jsontext.Token) error {
		if !isThere {
			value = jsontext.Null
		}
		return e.WriteToken(value)
	}
	encoder := jsontext.NewEncoder(w, jsontext.WithIndent("  "), jsontext.AllowInvalidUTF8(true))
	return json.MarshalEncode(encoder, document, json.Deterministic(true), json.WithMarshalers(json.JoinMarshalers(
		json.MarshalToFunc(func(e *jsontext.Encoder, t time.Time) error {
			return orNull(e, !t.IsZero(), jsontext.String(t.UTC().Format(time.RFC3339Nano)))
		}),
		json.MarshalToFunc(func(e *jsontext.Encoder, d sms.Day) error { return orNull(e, d != 0, jsontext.String(d.String())) }),
		json.MarshalToFunc(func(e *jsontext.Encoder, c sms.Count) error {
			n, isReported := c.Value()
			return orNull(e, isReported, jsontext.Int(n))
		}),
		json.MarshalToFunc(func(e *jsontext.Encoder, s sms.Scope) error { return orNull(e, true, jsontext.String(s.String())) }),
	)))
}

// print writes the document as JSON where that was asked for, and for people otherwise.
func (f outputFlag) print(s *session, document any, text func() error) error {
	if f.isJSON() {
		return s.printJSON(document)
	}
	return text()
}

// list writes a table with a row for each of all.
func list[T any](w io.Writer, header []string, all []T, row func(T) []string) error {
	rows := make([][]string, len(all))
	for i, one := range all {
		rows[i] = row(one)
	}
	return table(w, header, rows)
}

// table writes rows of text in aligned columns. Columns whose header starts with ">" are set flush right.
func table(w io.Writer, header []string, rows [][]string) error {
	names, forms := make([]string, len(header)), make([]string, len(header))
	for i, name := range header {
		var isRight bool
		names[i], isRight = strings.CutPrefix(name, ">")
		width := utf8.RuneCountInString(names[i])
		for _, row := range rows {
			width = max(width, utf8.RuneCountInString(row[i]))
		}
		switch {
		case isRight:
			forms[i] = fmt.Sprintf("%%%ds", width)
		case i < len(header)-1:
			forms[i] = fmt.Sprintf("%%-%ds", width)
		default:
			forms[i] = "%s"
		}
	}
	var text strings.Builder
	for _, row := range append([][]string{names}, rows...) {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = fmt.Sprintf(forms[i], cell)
		}
		fmt.Fprintln(&text, strings.Join(cells, "  "))
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// number writes 1234567 as 1,234,567.
func number[N int | int64](n N) string {
	return message.NewPrinter(language.English).Sprintf("%d", n)
}

// plural gives "1 window" and "3 windows".
func plural[N int | int64](n N, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return number(n) + " " + one + "s"
}
