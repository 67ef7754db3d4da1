package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"smsetl/extract/huawei"
	"smsetl/internal/confined"
	"smsetl/internal/dev/long"
	"smsetl/sms"
)

var _ = long.Wanted

// TestMain lets the test binary be the process that reads a file.
func TestMain(m *testing.M) {
	if confined.IsChild(os.Args) {
		os.Exit(confined.Work(os.Args, Answer))
	}
	os.Exit(m.Run())
}

func readApart(t testing.TB, options huawei.Options) *apart {
	t.Helper()
	if !confined.IsSupported() {
		t.Skip("files are read in the program itself on this system")
	}
	options.Source, options.Key = "huawei-main", []byte("a key of the tests, 32 bytes long")
	reader, err := huawei.New(options)
	if err != nil {
		t.Fatal(err)
	}
	return &apart{Reader: reader, options: options, limits: &confined.Limits{}}
}

func fileOf(name string, data []byte) huawei.File {
	return huawei.File{Name: name, Data: bytes.NewReader(data), Size: int64(len(data))}
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
	zone, err := sms.ParseZone("+08:00")
	if err != nil {
		t.Fatal(err)
	}
	a := readApart(t, huawei.Options{PartRows: 5, Zone: zone, Mainland: true})
	files, err := filepath.Glob("../extract/huawei/testdata/*.[cx][sl][vs]*")
	if err != nil || len(files) < 20 {
		t.Fatal(len(files), err)
	}
	for i, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(path)
		var here, there []huawei.Part
		want, wantErr := a.Read(t.Context(), fileOf(name, data), func(p huawei.Part) error { here = append(here, p); return nil })
		got, gotErr := a.read(t.Context(), onDisk(t, data), name, int64(len(data)), func(p huawei.Part) error { there = append(there, p); return nil })
		if fmt.Sprint(gotErr) != fmt.Sprint(wantErr) {
			t.Errorf("%s: error %v, want %v", name, gotErr, wantErr)
		}
		options := []cmp.Option{cmp.Comparer(func(a, b sms.Zone) bool { return a == b }), cmpopts.EquateEmpty()}
		if d := cmp.Diff(here, there, options...) + cmp.Diff(want, got, options...); d != "" {
			t.Errorf("%s (-here +apart):\n%s", name, d)
		}
		if i%8 != 0 {
			continue // a process each
		}
		shown, wantErr := a.Preview(t.Context(), fileOf(name, data), 3)
		shownApart, gotErr := a.preview(t.Context(), onDisk(t, data), name, int64(len(data)), 3)
		if d := cmp.Diff(shown, shownApart, options...); d != "" || fmt.Sprint(gotErr) != fmt.Sprint(wantErr) {
			t.Errorf("%s (-here +apart): %v, want %v\n%s", name, gotErr, wantErr, d)
		}
	}
}

// A file that takes the memory or the time of whoever reads it is a file that cannot be read, and nothing of it stays.
func TestDeathOfAReaderIsAFailedFile(t *testing.T) {
	var wide bytes.Buffer // of cells that do not pack, all of which are kept
	wide.WriteString("SMS Message ID,Sending Time,Status Code\n")
	random := rand.NewChaCha8([32]byte{1})
	for i := range 300 {
		noise := make([]byte, 400<<10)
		_, _ = random.Read(noise) // never fails
		fmt.Fprintf(&wide, "m%d,2026-01-05 10:00:00,%x\n", i, noise)
	}
	a := readApart(t, huawei.Options{TempDir: t.TempDir()})
	read := func(limits confined.Limits) error {
		a.limits = &limits
		_, err := a.read(t.Context(), onDisk(t, wide.Bytes()), "wide.csv", int64(wide.Len()), func(huawei.Part) error { return nil })
		return err
	}
	for why, limits := range map[string]confined.Limits{"192 MiB of memory": {Memory: 192 << 20}, "longer than 50ms": {Time: 50 * time.Millisecond}} {
		if err := read(limits); !errors.Is(err, confined.ErrDied) || !strings.Contains(err.Error(), "wide.csv cannot be read") || !strings.Contains(err.Error(), why) {
			t.Errorf("%v, want %s", err, why)
		}
	}
	if left, err := os.ReadDir(a.options.TempDir); err != nil || len(left) > 0 {
		t.Errorf("%d folders stay, %v", len(left), err)
	}
}
