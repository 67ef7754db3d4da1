package huawei

import (
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func readAll(t testing.TB, text string, delimiter byte) ([][]string, error) {
	t.Helper()
	c := newCSVRows(t.Context(), strings.NewReader(text), delimiter)
	var all [][]string
	for {
		cells, _, err := c.next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		var row []string
		for _, cell := range cells {
			row = append(row, string(cell))
		}
		all = append(all, row)
	}
}

func TestCSVRows(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want [][]string
	}{
		"plain":               {"a,b\nc,d\n", [][]string{{"a", "b"}, {"c", "d"}}},
		"windows":             {"a,b\r\nc,d\r\n", [][]string{{"a", "b"}, {"c", "d"}}},
		"no end":              {"a,b\nc,d", [][]string{{"a", "b"}, {"c", "d"}}},
		"empty cells":         {",,\n", [][]string{{"", "", ""}}},
		"empty line":          {"a\n\nb\n", [][]string{{"a"}, {""}, {"b"}}},
		"quotes":              {"\"a\",\"b,c\"\n", [][]string{{"a", "b,c"}}},
		"doubled":             {"\"a\"\"b\",c\n", [][]string{{`a"b`, "c"}}},
		"over lines":          {"x,\"a\nb\",c\nd,e,f\n", [][]string{{"x", "a\nb", "c"}, {"d", "e", "f"}}},
		"over many lines":     {"first,\"a\nb\nc\",\"d\ne\",last\n", [][]string{{"first", "a\nb\nc", "d\ne", "last"}}},
		"formula":             {"=\"007\",8\n", [][]string{{"007", "8"}}},
		"formula at the end":  {"8,=\"007\"", [][]string{{"8", "007"}}},
		"quote inside":        {"5\" pipe,b\n", [][]string{{`5" pipe`, "b"}}},
		"junk behind a quote": {"\"a\" b,c\n", [][]string{{"a b", "c"}}},
		"quoted then empty":   {"\"a\",\n", [][]string{{"a", ""}}},
		"empty quotes":        {"\"\",\"\"\n", [][]string{{"", ""}}},
		"quote at the end":    {"a,\"b\"", [][]string{{"a", "b"}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readAll(t, c.text, ',')
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%q (-want +got):\n%s", c.text, diff)
			}
		})
	}
}

func TestCSVRowsThatNeverEnd(t *testing.T) {
	if _, err := readAll(t, "a,\"b\nc,d\n", ','); err == nil || !strings.Contains(err.Error(), "row 1") {
		t.Errorf("an open quote gave %v, want an error with its row", err)
	}
	if _, err := readAll(t, "a,b\n\""+strings.Repeat("x\n", maxRecord), ','); err == nil || !strings.Contains(err.Error(), "row 2 is longer") {
		t.Errorf("a record over the cap gave %v, want an error with its row", err)
	}
	if _, err := readAll(t, strings.Repeat("x", maxRecord+1), ','); err == nil || !strings.Contains(err.Error(), "row 1 is longer") {
		t.Errorf("a line over the cap gave %v, want an error with its row", err)
	}
	long := strings.Repeat("y", 600<<10) // longer than the buffer of the reader
	got, err := readAll(t, "a,"+long+"\nb,\""+long+"\nz\"\n", ',')
	if err != nil || len(got) != 2 || got[0][1] != long || got[1][0] != "b" || got[1][1] != long+"\nz" {
		t.Errorf("long lines are not read: %d rows, %v", len(got), err)
	}
}

// What encoding/csv writes is read as it was, and as encoding/csv reads it.
func TestCSVRowsAgainstEncodingCSV(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		cell := rapid.StringOf(rapid.SampledFrom([]rune("ab,;\"\n\t= 中")))
		rows := rapid.SliceOfN(rapid.SliceOfN(cell, 2, 6), 0, 8).Draw(r, "rows")
		delimiter := rapid.SampledFrom([]byte(",;\t")).Draw(r, "delimiter")
		var text strings.Builder
		w := csv.NewWriter(&text)
		w.Comma = rune(delimiter)
		if err := w.WriteAll(rows); err != nil {
			r.Fatal(err)
		}
		got, err := readAll(t, text.String(), delimiter)
		if err != nil {
			r.Fatalf("%q: %v", text.String(), err)
		}
		if len(rows) == 0 {
			rows = nil
		}
		if diff := cmp.Diff(rows, got); diff != "" {
			r.Fatalf("%q (-want +got):\n%s", text.String(), diff)
		}
	})
}
