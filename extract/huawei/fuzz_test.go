package huawei

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// Run one for a while with
//
//	go test ./extract/huawei -run '^$' -fuzz FuzzRead -fuzztime 1m -fuzzminimizetime 10x

// FuzzRead feeds any bytes as a file. Whatever is believed has one line for each row, with as many cells as columns, and is the
// same when it is read again.
func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/*.[cx][sl][vs]*")
	if err != nil || len(files) == 0 {
		f.Fatal(err)
	}
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	r := testReader(f, func(o *Options) { o.MaxUnpacked, o.PartRows = 4<<20, 3 })
	f.Fuzz(func(t *testing.T, data []byte) {
		forms, parts, report, err := stored(t, r, fileOf("a.csv", data))
		if err != nil {
			return
		}
		rows := int64(0)
		for i, form := range forms {
			rows += parts[i].Rows
			lines := strings.Split(strings.TrimSuffix(form, "\n"), "\n")
			if int64(len(lines)) != parts[i].Rows+2 {
				t.Fatalf("%d lines of %d rows", len(lines), parts[i].Rows)
			}
			for _, line := range lines[2:] {
				if strings.Count(line, "\t") != strings.Count(lines[1], "\t") || strings.Contains(line, "\r") {
					t.Fatalf("%q does not fit %q", line, lines[1])
				}
			}
			if !utf8.ValidString(form) && report.Format == "csv" && report.Encoding != UTF8 {
				t.Fatalf("%q is no UTF-8", form)
			}
		}
		if rows != report.Rows {
			t.Fatalf("%d rows stored, %d reported", rows, report.Rows)
		}
		if again, _, _, err := stored(t, r, fileOf("b.csv", data)); err != nil || !slices.Equal(again, forms) {
			t.Fatalf("another reading gives %q, %v; want %q", again, err, forms)
		}
	})
}

// FuzzReports feeds any bytes as a push.
func FuzzReports(f *testing.F) {
	f.Add(true, []byte(vendorSample))
	f.Add(false, []byte(`{"statusReportList":[{"smsMsgId":"a","total":"2","sequence":"1","status":"DELIVRD","to":"+8613800138000","extend":"x"}],"x":1}`))
	r := testReader(f, func(o *Options) { o.KeepExtend = true })
	f.Fuzz(func(t *testing.T, isForm bool, body []byte) {
		contentType := jsonType
		if isForm {
			contentType = formType
		}
		form, p, err := pushedForm(t, r, contentType, string(body), true)
		if err != nil {
			return
		}
		lines := strings.Split(strings.TrimSuffix(form, "\n"), "\n")
		if int64(len(lines)) != p.Reports+2 || p.Reports < 1 || p.Reports > maxReports || len(p.Unknown) > maxUnknown || !utf8.ValidString(form) {
			t.Fatalf("%d lines of %d reports, %d unknown fields", len(lines), p.Reports, len(p.Unknown))
		}
		for _, line := range lines[2:] {
			if cells := strings.Split(line, "\t"); len(cells) != reportFields+1 || cells[1] == "" || cells[4] == "" {
				t.Fatalf("%q is no report", line)
			}
		}
	})
}
