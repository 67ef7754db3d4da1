package huawei

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"smsetl/internal/dev/golden"
	"smsetl/internal/pack"
	"smsetl/sms"
)

var testKey = []byte("a key of the tests, 32 bytes long")

func testReader(t testing.TB, change func(*Options)) *Reader {
	t.Helper()
	o := Options{Source: "huawei-main", Key: testKey, Mainland: true}
	if change != nil {
		change(&o)
	}
	r, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func fileOf(name string, data []byte) File {
	return File{Name: name, Data: bytes.NewReader(data), Size: int64(len(data))}
}

// stored reads a file and gives its stored forms.
func stored(t testing.TB, r *Reader, f File) (forms []string, parts []Part, report Report, err error) {
	t.Helper()
	report, err = r.Read(t.Context(), f, func(p Part) error {
		text, err := pack.Unpack(p.Body)
		forms, parts = append(forms, string(text)), append(parts, p)
		return err
	})
	return forms, parts, report, err
}

func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/*.[cx][sl][vs]*")
	if err != nil || len(files) < 20 {
		t.Fatalf("found %d cases (%v), want at least 20", len(files), err)
	}
	about, err := os.ReadFile("testdata/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		name := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(string(about), "| "+name+" |") {
				t.Errorf("testdata/README.md does not say what %s is about", name)
			}
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			forms, parts, report, err := stored(t, testReader(t, nil), fileOf(filepath.Base(path), data))
			golden.Check(t, name, show(&report, forms, parts, err))
			mustBePrivate(t, strings.Join(forms, "")+fmt.Sprintf("%+v %v", report, err))
		})
	}
}

func show(r *Report, forms []string, parts []Part, err error) string {
	var out strings.Builder
	fmt.Fprintf(&out, "error: %v\n", err)
	if err != nil {
		return out.String()
	}
	fmt.Fprintf(&out, "%s %s sheet %q: %s, header in row %d, zone %s\n", r.Format, r.Encoding, r.Sheet, r.Kind, r.Header, r.Zone)
	for _, c := range r.Columns {
		fmt.Fprintf(&out, "  %s = %q\n", c.Column, c.Header)
	}
	fmt.Fprintf(&out, "not kept: %q\n", r.Dropped)
	fmt.Fprintf(&out, "rows %d, totals %d, empty %d, numbers that are none %d, numbers in other cells %d\n", r.Rows, r.Totals, r.Empty, r.Numbers, r.Repeated)
	if !r.Asked.IsEmpty() {
		fmt.Fprintf(&out, "asked for %s to %s\n", r.Asked.From.Format(time.RFC3339), r.Asked.To.Format(time.RFC3339))
	}
	if !r.MadeAt.IsZero() {
		fmt.Fprintf(&out, "made at %s\n", r.MadeAt.Format(time.RFC3339))
	}
	for i, form := range forms {
		fmt.Fprintf(&out, "\n%s\n%s", parts[i].Request.Body, strings.ReplaceAll(form, "\t", "|"))
	}
	return out.String()
}

// The numbers and texts of all cases.
var private = regexp.MustCompile(`138[- ]?0013|139[- ]?0013|151[- ]?2345|2079460|１３８|123456|654321|code is|Two|He said|验证码是`)

func mustBePrivate(t testing.TB, kept string) {
	t.Helper()
	if found := private.FindString(kept); found != "" {
		t.Errorf("%q was kept", found)
	}
}

func TestSameFileSameBytes(t *testing.T) {
	data, err := os.ReadFile("testdata/no_ids.csv")
	if err != nil {
		t.Fatal(err)
	}
	read := func(name string, change func(*Options)) string {
		forms, _, _, err := stored(t, testReader(t, change), fileOf(name, data))
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(forms, "")
	}
	one := read("a.csv", nil)
	if two := read("b (1).csv", nil); two != one {
		t.Errorf("another name gives other bytes:\n%s", cmp.Diff(one, two))
	}
	for what, change := range map[string]func(*Options){
		"key":    func(o *Options) { o.Key = []byte("another key of the tests, as long") },
		"source": func(o *Options) { o.Source = "huawei-other" },
	} {
		if hashes(read("a.csv", change)) == hashes(one) {
			t.Errorf("another %s gives the same hashes", what)
		}
	}
}

var hashForm = regexp.MustCompile(`\b[0-9a-f]{32}\b`)

func hashes(form string) string { return strings.Join(hashForm.FindAllString(form, -1), " ") }

func TestParts(t *testing.T) {
	r := testReader(t, func(o *Options) { o.PartRows = 10 })
	forms, parts, report, err := stored(t, r, fileOf("many.csv", manyRows(25)))
	if err != nil || len(forms) != 3 || report.Rows != 25 {
		t.Fatalf("%d parts of %d rows: %v", len(forms), report.Rows, err)
	}
	for i, want := range []string{`"rows":"2-11"`, `"rows":"12-21"`, `"rows":"22-26"`} {
		if !strings.Contains(parts[i].Request.Body, want) || parts[i].Rows != int64(min(10, 25-10*i)) {
			t.Errorf("part %d: %s", i, parts[i].Request.Body)
		}
	}
	whole, _, _, err := stored(t, testReader(t, nil), fileOf("many.csv", manyRows(25)))
	if err != nil {
		t.Fatal(err)
	}
	var together []string
	for i, form := range forms {
		lines := strings.Split(strings.TrimSuffix(form, "\n"), "\n")
		if i > 0 {
			lines = lines[2:]
		}
		together = append(together, lines...)
	}
	if diff := cmp.Diff(strings.TrimSuffix(whole[0], "\n"), strings.Join(together, "\n")); diff != "" {
		t.Errorf("the parts are not the whole:\n%s", diff)
	}
}

func TestReadStops(t *testing.T) {
	stop := errors.New("stop")
	r := testReader(t, func(o *Options) { o.PartRows = 10 })
	calls := 0
	_, err := r.Read(t.Context(), fileOf("many.csv", manyRows(25)), func(Part) error { calls++; return stop })
	if !errors.Is(err, stop) || calls != 1 {
		t.Errorf("after %d parts: %v", calls, err)
	}
	small := testReader(t, func(o *Options) { o.MaxFile = 100 })
	if _, err := small.Read(t.Context(), fileOf("many.csv", manyRows(25)), nil); err == nil || !strings.Contains(err.Error(), "at most 100") {
		t.Errorf("a file over the cap: %v", err)
	}
}

func TestIsCut(t *testing.T) {
	for rows, want := range map[int]bool{19: false, 20: true, 21: false} {
		r := testReader(t, func(o *Options) { o.RowLimit = 20 })
		if _, _, report, err := stored(t, r, fileOf("a.csv", manyRows(rows))); err != nil || report.IsCut != want {
			t.Errorf("%d rows: cut is %t, %v", rows, report.IsCut, err)
		}
	}
}

func TestColumnsOfConfiguration(t *testing.T) {
	data := []byte("When;Ref;Ende;Was\n2026-01-01 00:00:00;m1;DELIVRD;hello\n")
	mapped := func(columns map[string]string) (string, error) {
		forms, _, _, err := stored(t, testReader(t, func(o *Options) { o.Columns = columns }), fileOf("a.csv", data))
		return strings.Join(forms, ""), err
	}
	got, err := mapped(map[string]string{"sent_at": "when", "id": "Ref", "status": " ENDE "})
	if err != nil || !strings.Contains(got, "\n2\tm1\t2026-01-01 00:00:00\tDELIVRD\n") || strings.Contains(got, "hello") {
		t.Errorf("%q: %v", got, err)
	}
	_, err = mapped(map[string]string{"sent_at": "When", "id": "Reference", "status": "Ende"})
	if !errors.Is(err, errLayout) || !strings.Contains(err.Error(), `id is mapped to "Reference", and the file has no such header; found "When", "Ref", "Ende", "Was"`) {
		t.Errorf("a mapping that leads nowhere: %v", err)
	}
	_, err = New(Options{Source: "a", Key: testKey, Columns: map[string]string{"sended_at": "When"}})
	if err == nil || !strings.Contains(err.Error(), `"sended_at" is no column of ours: want one of id, number, sent_at`) {
		t.Errorf("a column that does not exist: %v", err)
	}
}

func TestNoKey(t *testing.T) {
	if _, err := New(Options{Source: "a", Key: []byte("short")}); !errors.Is(err, errShortKey) || strings.Contains(err.Error(), "short\"") {
		t.Errorf("a short key: %v", err)
	}
}

func TestPreview(t *testing.T) {
	data, err := os.ReadFile("testdata/english.csv")
	if err != nil {
		t.Fatal(err)
	}
	p, err := testReader(t, nil).Preview(t.Context(), fileOf("a.csv", data), 2)
	if err != nil || len(p.Cells) != 2 || p.Rows != 2 || len(p.Header) != len(p.Cells[0]) {
		t.Fatalf("%+v: %v", p, err)
	}
	if p.Cells[0][1] != "2ea20735-f856-4376-afbf-570bd70a46ee_11840135" || p.Cells[1][4] != "2026-01-01 00:01:00" {
		t.Errorf("%q", p.Cells)
	}
	mustBePrivate(t, fmt.Sprintf("%+v", p))
	forms, _, _, err := stored(t, testReader(t, nil), fileOf("a.csv", data))
	if err != nil || !strings.Contains(forms[0], strings.Join(p.Cells[1], "\t")) {
		t.Errorf("the preview is not what is stored: %v", err)
	}
}

func TestSafeName(t *testing.T) {
	for name, want := range map[string]string{
		"SendingDetails_20260101000000_20260101235959.csv": "SendingDetails_20260101000000_20260101235959.csv",
		"20260101-20260107.xlsx":                           "20260101-20260107.xlsx",
		"of 13800138000.csv":                               "of (number).csv",
		"+8613800138000.csv":                               "(number).csv",
		"/home/a/b.csv":                                    "b.csv",
		`C:\Users\a\b.csv`:                                 "b.csv",
		"a\nb\x00.csv":                                     "a_b_.csv",
		"导出_1767225600000.csv":                             "导出_(number).csv",
	} {
		if got := SafeName(name); got != want {
			t.Errorf("%q is shown as %q, want %q", name, got, want)
		}
	}
}

func TestTimesOf(t *testing.T) {
	zone, err := sms.ParseZone("+08:00")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, title, asked, made string }{
		{"a", "", "", ""},
		{"SendingDetails_20260101000000_20260101235959", "", "2025-12-31T16:00:00Z/2026-01-01T16:00:00Z", ""},
		{"20260101-20260107", "", "2025-12-31T16:00:00Z/2026-01-07T16:00:00Z", ""},
		{"2026-01-05", "", "", ""},
		{"details_20260101_000000-20260101_115959", "", "2025-12-31T16:00:00Z/2026-01-01T04:00:00Z", ""},
		{"20260101T0000-20260101T1159", "", "2025-12-31T16:00:00Z/2026-01-01T04:00:00Z", ""},
		{"20260101-20261301", "", "", ""},
		{"a", "Sending time: 2026-01-01 08:00:00 - 2026-01-01 08:59:59", "2026-01-01T00:00:00Z/2026-01-01T01:00:00Z", ""},
		{"a", "发送时间：2026年1月1日 8:00 至 2026年1月1日 9:59", "2026-01-01T00:00:00Z/2026-01-01T02:00:00Z", ""},
		{"20260105_20260106", "2026/01/01 00:00:00 ~ 2026/01/02 00:00:00", "2025-12-31T16:00:00Z/2026-01-01T16:00:00Z", ""},
		{"a", "Exported at 2026-01-03 09:00:00", "", "2026-01-03T01:00:00Z"},
		{"a", "导出时间：2026-01-03 09:00:00 查询：2026-01-01 - 2026-01-02", "2025-12-31T16:00:00Z/2026-01-02T16:00:00Z", "2026-01-03T01:00:00Z"},
		{"a", "2026-01-02 00:00:00 - 2026-01-01 00:00:00", "", ""},
		{"a", "2026-02-30 - 2026-03-01", "", ""},
		{"a", "8613800138000 and 20260101000000123", "", ""},
	} {
		asked, made := timesOf([]string{c.name, c.title}, zone)
		text := ""
		if !asked.IsEmpty() {
			text = asked.From.Format(time.RFC3339) + "/" + asked.To.Format(time.RFC3339)
		}
		madeText := ""
		if !made.IsZero() {
			madeText = made.Format(time.RFC3339)
		}
		if text != c.asked || madeText != c.made {
			t.Errorf("%q %q: asked %q made %q, want %q and %q", c.name, c.title, text, madeText, c.asked, c.made)
		}
	}
}
