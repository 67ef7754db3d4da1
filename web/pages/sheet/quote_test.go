package sheet

import (
	"strings"
	"testing"
)

// A row keeps every byte of its values, and only the fields that were asked for are marked.
func TestRowsAreQuotedByteForByte(t *testing.T) {
	q := QuoteRow("", `{"delivered":1.0e3,"name":"<b>\u00e9","delivered_late":2,"more":{"delivered":7}}`, []string{"delivered"})
	var text, marked strings.Builder
	for _, l := range q.Lines {
		text.WriteString(l.Text + l.Marked)
		if l.Marked != "" {
			text.WriteString("\n")
			marked.WriteString(l.Marked)
		}
	}
	const want = "{\n  \"delivered\": 1.0e3,\n  \"name\": \"<b>\\u00e9\",\n  \"delivered_late\": 2,\n  \"more\": {\n    \"delivered\": 7\n  }\n}"
	if text.String() != want || marked.String() != `"delivered": 1.0e3,` || q.Left != "" {
		t.Errorf("%s\nmarked %q, left %q", text.String(), marked.String(), q.Left)
	}
}

// Whatever a vendor sends, a page shows a bounded part of it, in whole letters.
func TestLongRowsAreCut(t *testing.T) {
	many := `{` + strings.Repeat(`"a":"xxxx",`, 700) + `"delivered":3}`
	for name, row := range map[string]string{
		"no JSON": `{"a":1`, "wide": `{"a":"` + strings.Repeat("é", 40_000) + `"}`, "many": many, "deep": strings.Repeat("[", 8000), "nested": strings.Repeat("[", 4000) + strings.Repeat("]", 4000),
	} {
		q := QuoteRow("", row, []string{"delivered"})
		size, isMarked := 0, false
		for _, l := range q.Lines {
			size += len(l.Text + l.Marked)
			isMarked = isMarked || l.Marked != ""
			if strings.ToValidUTF8(l.Text, "") != l.Text {
				t.Errorf("%s: half a letter in %q", name, l.Text)
			}
		}
		if size == 0 || size > mostQuoted+2*mostOfLine || (q.Left == "") != (name == "no JSON") || isMarked != (name == "many") {
			t.Errorf("%s: %d bytes, marked %v, left %q", name, size, isMarked, q.Left)
		}
	}
}
