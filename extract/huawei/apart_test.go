package huawei

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"smsetl/internal/confined"
	"smsetl/sms"
)

// TestMain lets the test binary be the process that reads a file.
func TestMain(m *testing.M) {
	if confined.IsChild(os.Args) {
		os.Exit(confined.Work(os.Args, Answer))
	}
	os.Exit(m.Run())
}

func apart(t testing.TB, change func(*Options)) *Apart {
	t.Helper()
	if !confined.Supported {
		t.Skip("files are read in the program itself on this system")
	}
	return &Apart{Reader: testReader(t, change), Limits: &confined.Limits{}}
}

// onDisk gives a file of the bytes.
func onDisk(t testing.TB, data []byte) *os.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// A file reads the same in a process of its own: parts, report, preview and error.
func TestFilesReadTheSameApart(t *testing.T) {
	a := apart(t, func(o *Options) { o.PartRows = 5 })
	zone, err := sms.ParseZone("+08:00")
	if err != nil {
		t.Fatal(err)
	}
	a.o.Zone = zone
	files, err := filepath.Glob("testdata/*.[cx][sl][vs]*")
	if err != nil || len(files) < 20 {
		t.Fatal(len(files), err)
	}
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(path)
		var here, there []Part
		want, wantErr := a.Reader.Read(t.Context(), fileOf(name, data), func(p Part) error { here = append(here, p); return nil })
		got, gotErr := a.Read(t.Context(), onDisk(t, data), name, int64(len(data)), func(p Part) error { there = append(there, p); return nil })
		if fmt.Sprint(gotErr) != fmt.Sprint(wantErr) {
			t.Errorf("%s: error %v, want %v", name, gotErr, wantErr)
		}
		options := []cmp.Option{cmp.Comparer(func(a, b sms.Zone) bool { return a == b }), cmpopts.EquateEmpty()}
		if d := cmp.Diff(here, there, options...) + cmp.Diff(want, got, options...); d != "" {
			t.Errorf("%s (-here +apart):\n%s", name, d)
		}
		shown, wantErr := a.Reader.Preview(t.Context(), fileOf(name, data), 3)
		shownApart, gotErr := a.Preview(t.Context(), onDisk(t, data), name, int64(len(data)), 3)
		if d := cmp.Diff(shown, shownApart, options...); d != "" || fmt.Sprint(gotErr) != fmt.Sprint(wantErr) {
			t.Errorf("%s (-here +apart): %v, want %v\n%s", name, gotErr, wantErr, d)
		}
	}
}

// A file that takes the memory or the time of whoever reads it is a file that cannot be read, and nothing of it stays.
func TestDeathOfAReaderIsAFailedFile(t *testing.T) {
	wide := strings.Builder{}
	wide.WriteString("SMS Message ID,Sending Time,Status Code\n")
	for i := range 300 {
		fmt.Fprintf(&wide, "m%d,2026-01-05 10:00:00,%s\n", i, noise(400<<10))
	}
	a := apart(t, nil)
	a.o.TempDir = t.TempDir()
	a.Limits = &confined.Limits{Memory: 96 << 20}
	_, err := a.Read(t.Context(), onDisk(t, []byte(wide.String())), "wide.csv", int64(wide.Len()), func(Part) error { return nil })
	if !errors.Is(err, confined.ErrDied) || !strings.Contains(err.Error(), "wide.csv cannot be read") || !strings.Contains(err.Error(), "more than 96 MiB of memory") {
		t.Errorf("%v", err)
	}
	long := strings.Repeat("private text ", 80)
	book := workbookOf(t, 20_000, func(int) string { return long })
	a.Limits = &confined.Limits{Memory: 40 << 20}
	_, err = a.Read(t.Context(), onDisk(t, book), "book.xlsx", int64(len(book)), func(Part) error { return nil })
	if !errors.Is(err, confined.ErrDied) {
		t.Errorf("%v", err)
	}
	if left, err := os.ReadDir(a.o.TempDir); err != nil || len(left) > 0 {
		t.Errorf("%d folders stay, %v", len(left), err)
	}
}
