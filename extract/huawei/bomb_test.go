package huawei

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"
)

// noise gives text that does not pack.
func noise(n int) string {
	raw := make([]byte, n)
	random := rand.NewChaCha8([32]byte{1})
	_, _ = random.Read(raw) // never fails
	return base64.StdEncoding.EncodeToString(raw)[:n]
}

// with gives the archive with one more file.
func with(t testing.TB, data []byte, name, body string) []byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, entry := range z.File {
		if err := w.Copy(entry); err != nil {
			t.Fatal(err)
		}
	}
	e, err := w.Create(name)
	if err == nil {
		_, err = e.Write([]byte(body))
	}
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// A workbook made to exhaust whoever reads it is refused before its XML is believed: in a second, in little memory, with a sentence.
func TestXLSXBombs(t *testing.T) {
	whole := workbookOf(t, 3, plainContent)
	in := func(part string, change func(body string) string) []byte {
		return repacked(t, whole, func(name string, body []byte) []byte {
			if name == part {
				return []byte(change(string(body)))
			}
			return body
		})
	}
	// inRow puts cells into a row of their own at the end of the worksheet.
	inRow := func(rows string) []byte {
		return in("xl/worksheets/sheet1.xml", func(s string) string { return strings.Replace(s, "</sheetData>", rows+"</sheetData>", 1) })
	}
	inStyles := func(more string) []byte {
		return in("xl/styles.xml", func(s string) string { return strings.Replace(s, "</styleSheet>", more+"</styleSheet>", 1) })
	}
	cell := func(text string) string {
		return `<row r="5"><c r="A5" t="inlineStr"><is><t>` + text + `</t></is></c></row>`
	}
	var wide, jumps, shared, runs, styles strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&wide, `<row r="%d"><c r="XFD%d"><v>1</v></c></row>`, i+5, i+5)
		fmt.Fprintf(&jumps, `<row r="%d"><c r="ALL%d"><v>1</v></c><c r="A%d"><v>1</v></c></row>`, i+5, i+5, i+5)
	}
	for i := range 500_001 {
		fmt.Fprintf(&shared, `<si><t>%d</t></si>`, i*7919)
	}
	for i := range 300_001 {
		fmt.Fprintf(&styles, `<xf numFmtId="%d"/>`, i*7919)
	}
	for i := range 20 {
		runs.WriteString("<r><t>" + noise(60<<10+i) + "</t></r><!-- " + noise(1000) + " -->")
	}
	for what, c := range map[string]struct {
		data []byte
		want string
	}{
		"one text of 200 MiB":         {inRow(cell(strings.Repeat("a", 200<<20))), "unpacks to more than 134217728 bytes"},
		"one text of 60 MiB":          {inRow(cell(strings.Repeat("a", 60<<20))), "packed more than 200 times"},
		"one text that does not pack": {inRow(cell(noise(2 << 20))), "a cell holds more than 1048576 bytes of text"},
		"one text of many pieces":     {inRow(`<row r="5"><c r="A5" t="inlineStr"><is>` + runs.String() + `</is></c></row>`), "a cell holds more than 1048576 bytes of text"},
		"one text between brackets":   {inRow(cell("<![CDATA[" + noise(2<<20) + "]]>")), "a cell holds more than 1048576 bytes of text"},
		"one comment":                 {inRow("<!--" + noise(2<<20) + "-->"), "a cell holds more than 1048576 bytes of text"},
		"one tag":                     {inRow(`<row r="5" x="` + noise(70<<10) + `"/>`), "a tag is longer than 65536 bytes"},
		"elements in elements":        {inRow(strings.Repeat("<a>", 5000) + strings.Repeat("</a>", 5000)), "nested more than 100 deep"},
		"wide rows":                   {inRow(wide.String()), "a cell behind column 1000"},
		"rows that go back":           {inRow(strings.Repeat(jumps.String(), 2)), "more than 20000000 cells"},
		"a row far behind":            {inRow(`<row r="2147483647"><c><v>1</v></c></row>`), "a row behind the last one, 1048576"},
		"shared strings":              {with(t, whole, "xl/sharedStrings.xml", "<sst>"+shared.String()+"</sst>"), "more than 500000 shared strings"},
		"styles":                      {inStyles(styles.String()), "more than 300000 elements"},
		"entities":                    {in("xl/workbook.xml", func(s string) string { return `<!DOCTYPE x [<!ENTITY a "aaaa">]>` + s }), "declares entities"},
		"another encoding":            {in("xl/workbook.xml", func(s string) string { return `<?xml version="1.0" encoding="UTF-16"?>` + s }), "another one than UTF-8"},
		"half a tag":                  {inStyles(`<xf a="`), "ends within a tag"},
	} {
		t.Run(what, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			started := time.Now()
			_, err := testReader(t, nil).Read(t.Context(), fileOf("a.xlsx", c.data), func(Part) error { return nil })
			runtime.ReadMemStats(&after)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%d bytes: %v, want %q", len(c.data), err, c.want)
			}
			if took, used := time.Since(started), after.TotalAlloc-before.TotalAlloc; took > 10*time.Second || used > 16<<20 {
				t.Errorf("%d bytes cost %v and %d MiB", len(c.data), took, used>>20)
			}
		})
	}
}
