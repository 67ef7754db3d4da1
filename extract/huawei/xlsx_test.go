package huawei

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// workbookOf gives a workbook of n rows.
func workbookOf(t testing.TB, n int, content func(i int) string) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	w, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.SetRow("A1", []any{"Message ID", "Sending Time", "Status Code", "SMS Content"}); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if err := w.SetRow(fmt.Sprintf("A%d", i+2), []any{fmt.Sprintf("m%d", i), 46023 + float64(i%86400)/86400, "DELIVRD", content(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// repacked gives the archive with its entries changed.
func repacked(t testing.TB, data []byte, change func(name string, body []byte) []byte) []byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, entry := range z.File {
		in, err := entry.Open()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		e, err := w.Create(entry.Name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Write(change(entry.Name, body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func plainContent(i int) string { return fmt.Sprintf("row %d", i) }

// Whatever row of a worksheet cannot be read, the file is refused; excelize alone ends there without an error.
func TestDamagedWorksheets(t *testing.T) {
	const rows = 600
	whole := workbookOf(t, rows, plainContent)
	inSheet := func(change func(body string) string) []byte {
		return repacked(t, whole, func(name string, body []byte) []byte {
			if strings.HasPrefix(name, "xl/worksheets/") {
				return []byte(change(string(body)))
			}
			return body
		})
	}
	if _, _, report, err := stored(t, testReader(t, nil), fileOf("a.xlsx", inSheet(func(s string) string { return s }))); err != nil || report.Rows != rows {
		t.Fatalf("%d rows of an undamaged one: %v", report.Rows, err)
	}
	for _, row := range []int{0, 300, rows - 2, rows - 1} {
		content := fmt.Sprintf(">row %d<", row)
		for what, bad := range map[string]string{"a bell": "\x07", "half a character": "\xe4\xb8", "an open tag": "<", "an ampersand": "&", "an entity": "&nbsp;"} {
			data := inSheet(func(s string) string { return strings.Replace(s, content, ">"+bad+"<", 1) })
			if _, _, report, err := stored(t, testReader(t, nil), fileOf("a.xlsx", data)); err == nil {
				t.Errorf("%s in row %d: %d rows were read and nothing said", what, row, report.Rows)
			}
		}
	}
	for _, end := range []string{"</worksheet>", "</sheetData>", "</row>"} {
		data := inSheet(func(s string) string { return s[:strings.LastIndex(s, end)] })
		if _, _, report, err := stored(t, testReader(t, nil), fileOf("a.xlsx", data)); err == nil {
			t.Errorf("cut before the last %s: %d rows were read and nothing said", end, report.Rows)
		}
	}
}

func TestZipBombs(t *testing.T) {
	r := testReader(t, func(o *Options) { o.MaxUnpacked = 1 << 20 })
	for what, data := range map[string][]byte{
		"one large entry": repacked(t, workbookOf(t, 1, plainContent), func(name string, body []byte) []byte {
			if name == "xl/styles.xml" {
				return append(body, bytes.Repeat([]byte(" "), 2<<20)...)
			}
			return body
		}),
		"many entries": repacked(t, workbookOf(t, 1, plainContent), func(_ string, body []byte) []byte {
			return append(body, bytes.Repeat([]byte(" "), 300<<10)...)
		}),
	} {
		if _, err := r.Read(t.Context(), fileOf("a.xlsx", data), func(Part) error { return nil }); err == nil || !strings.Contains(err.Error(), "unpacks to more than 1048576 bytes") {
			t.Errorf("%s: %v", what, err)
		}
	}
	// An archive that states a small size and holds a large body.
	large := repacked(t, workbookOf(t, 1, plainContent), func(name string, body []byte) []byte {
		if name == "xl/worksheets/sheet1.xml" {
			return append(body, bytes.Repeat([]byte(" "), 2<<20)...)
		}
		return body
	})
	if _, err := r.Read(t.Context(), fileOf("a.xlsx", lying(t, large)), func(Part) error { return nil }); err == nil {
		t.Error("an archive that lies about its sizes was read")
	}
	var many bytes.Buffer
	w := zip.NewWriter(&many)
	for i := range 1001 {
		if _, err := w.Create(fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Read(t.Context(), fileOf("a.xlsx", many.Bytes()), nil); err == nil || !strings.Contains(err.Error(), "want at most 1000") {
		t.Errorf("too many entries: %v", err)
	}
}

// lying makes each entry of the archive's directory state that it unpacks to 1,000 bytes.
func lying(t testing.TB, data []byte) []byte {
	t.Helper()
	data = bytes.Clone(data)
	for at := 0; ; {
		i := bytes.Index(data[at:], []byte("PK\x01\x02"))
		if i < 0 {
			return data
		}
		at += i
		if size := binary.LittleEndian.Uint32(data[at+24:]); size > 1<<20 {
			binary.LittleEndian.PutUint32(data[at+24:], 1000)
		}
		at += 4
	}
}

// A workbook that is too large for memory is unpacked into files, and none of them stays, whatever happens.
func TestLargeWorkbookLeavesNoFiles(t *testing.T) {
	if testing.Short() {
		t.Skip("writes a large workbook")
	}
	long := strings.Repeat("private text ", 80)
	data := workbookOf(t, 20_000, func(int) string { return long })
	dir := t.TempDir()
	r := testReader(t, func(o *Options) { o.TempDir = dir })
	seen := 0
	report, err := r.Read(t.Context(), fileOf("a.xlsx", data), func(Part) error {
		files, err := os.ReadDir(dir)
		seen += len(files)
		return err
	})
	if err != nil || report.Rows != 20_000 || seen == 0 {
		t.Fatalf("%d rows, %d files: %v", report.Rows, seen, err)
	}
	_, err = r.Read(t.Context(), fileOf("a.xlsx", data), func(Part) error { return io.ErrClosedPipe })
	if err == nil {
		t.Fatal("an error of the caller was lost")
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) > 0 {
		t.Errorf("%d files stay: %v", len(files), err)
	}
}

func TestAppendSerial(t *testing.T) {
	for _, c := range []struct {
		cell string
		is04 bool
		want string
	}{
		{"46023", false, "2026-01-01 00:00:00"}, {"46023.5", false, "2026-01-01 12:00:00"}, {"46023.999988425923", false, "2026-01-01 23:59:59"},
		{"46023.99999999", false, "2026-01-02 00:00:00"}, {"44561", true, "2026-01-01 00:00:00"}, {"4.6023E4", false, "2026-01-01 00:00:00"},
		{"2026-01-01", false, ""}, {"x", false, ""}, {"", false, ""}, {"1767225600000", false, ""}, {"0.5", false, ""}, {"12:00", false, ""},
	} {
		got, ok := appendSerial(nil, []byte(c.cell), c.is04)
		if string(got) != c.want || ok != (c.want != "") {
			t.Errorf("%q is %q (%t), want %q", c.cell, got, ok, c.want)
		}
	}
}
