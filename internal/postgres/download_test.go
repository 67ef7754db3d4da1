package postgres

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"go.uber.org/zap"
)

// entry is one entry of a tarball of the tests.
type entry struct {
	name, text string
	kind       byte // 0: a file
	mode       int64
}

func tarball(t *testing.T, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	zipped := gzip.NewWriter(&b)
	w := tar.NewWriter(zipped)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Typeflag: e.kind, Mode: max(e.mode, 0o600), Size: int64(len(e.text))}
		if e.kind == 0 {
			h.Typeflag = tar.TypeReg
		} else if e.kind != tar.TypeReg {
			h.Linkname, h.Size = e.text, 0
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			if _, err := w.Write([]byte(e.text)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func sum(b []byte) string {
	s := sha512.Sum512(b)
	return base64.StdEncoding.EncodeToString(s[:])
}

var example = pin{Package: "@scope/linux-x64"}

// registry serves one tarball as an npm registry does.
func registry(t *testing.T, b []byte) (url string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/mirror/@scope/linux-x64/-/linux-x64-18.4.0-beta.17.tgz" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(b)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/mirror/"
}

func fetcher(t *testing.T, registry string) *home {
	t.Helper()
	opt := Options{Registry: registry, Log: zap.NewNop(), Progress: func(string) {}}
	return &home{dir: t.TempDir(), opt: opt}
}

func TestFetch(t *testing.T) {
	t.Parallel()
	b := tarball(t,
		entry{name: "package/native/bin/postgres", text: "program", mode: 0o755},
		entry{name: "package/native/lib/libpq.so.5.18", text: "library"},
		entry{name: "package/native/pg-symlinks.json",
			text: `[{"source":"native/lib/libpq.so.5.18","target":"native/lib/libpq.so.5"},
				{"source":"native/lib/libpq.so.5.18","target":"native/also/here/libpq.so"}]`})
	url := registry(t, b)
	s := fetcher(t, url)
	p := example
	p.SHA512 = sum(b)
	dir := filepath.Join(s.file("binaries"), "whole")
	if err := s.fetch(t.Context(), p, dir); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"native/bin/postgres": "program", "native/lib/libpq.so.5": "library", "native/also/here/libpq.so": "library",
	} {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || string(got) != want {
			t.Errorf("%s: %q, %v; want %q", name, got, err, want)
		}
	}
	if runtime.GOOS != "windows" {
		for name, want := range map[string]os.FileMode{
			"native/bin/postgres": 0o755, "native/lib/libpq.so.5.18": 0o644, "native/lib": 0o755,
		} {
			info, err := os.Stat(filepath.Join(dir, name))
			if err != nil || info.Mode().Perm() != want {
				t.Errorf("%s: mode %v, %v; want %o", name, info.Mode(), err, want)
			}
		}
	}
	left, err := os.ReadDir(s.file("binaries"))
	if err != nil || len(left) != 1 {
		t.Errorf("the cache holds %v (%v), want the one folder", left, err)
	}
}

func TestFetchRefusesOtherBytes(t *testing.T) {
	t.Parallel()
	good := tarball(t, entry{name: "package/file", text: "as pinned"})
	url := registry(t, tarball(t, entry{name: "package/file", text: "as served"}))
	s := fetcher(t, url)
	p := example
	p.SHA512 = sum(good)
	dir := filepath.Join(s.file("binaries"), "whole")
	err := s.fetch(t.Context(), p, dir)
	if err == nil || !strings.Contains(err.Error(), "not what is pinned") {
		t.Errorf("got %v, want a checksum error", err)
	}
	if isThere(dir) {
		t.Error("it was unpacked all the same")
	}
}

func TestFetchErrorsHideTheAddress(t *testing.T) {
	t.Parallel()
	url := registry(t, nil)
	for _, address := range []string{
		strings.Replace(url, "http://", "http://canary:canary@", 1) + "canary/", // 404
		"http://canary:canary@127.0.0.1:1/canary",                               // refused
		"http://canary:canary@\x7f/canary",                                      // no URL
	} {
		s := fetcher(t, address)
		err := s.fetch(t.Context(), example, filepath.Join(s.file("binaries"), "whole"))
		if err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: got %v; want an error without the address", address, err)
		}
	}
}

func TestUnpackRefuses(t *testing.T) {
	t.Parallel()
	list := func(text string) entry { return entry{name: "package/native/pg-symlinks.json", text: text} }
	for name, entries := range map[string][]entry{
		"parent":           {{name: "package/../../evil", text: "x"}},
		"parent_inside":    {{name: "package/a/../../evil", text: "x"}},
		"absolute":         {{name: "/evil", text: "x"}},
		"outside_package":  {{name: "evil", text: "x"}},
		"prefix":           {{name: "package-evil/x", text: "x"}},
		"symlink":          {{name: "package/l", text: "/etc", kind: tar.TypeSymlink}},
		"hard_link":        {{name: "package/l", text: "/etc/passwd", kind: tar.TypeLink}},
		"device":           {{name: "package/d", kind: tar.TypeChar}},
		"twice":            {{name: "package/a", text: "1"}, {name: "package/a", text: "2"}},
		"list_target":      {{name: "package/a", text: "1"}, list(`[{"source":"a","target":"../evil"}]`)},
		"list_source":      {list(`[{"source":"../../etc","target":"native/l"}]`)},
		"list_absolute":    {list(`[{"source":"/etc","target":"native/l"}]`)},
		"list_replaces":    {{name: "package/a", text: "1"}, list(`[{"source":"native","target":"a"}]`)},
		"list_is_not_json": {list(`{`)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base := t.TempDir()
			dir := filepath.Join(base, "in", "here")
			if err := os.Mkdir(filepath.Dir(dir), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := unpack(tarball(t, entries...), dir); err == nil {
				t.Error("it was unpacked; want an error")
			}
			for _, outside := range []string{"evil", "in/evil"} {
				if isThere(filepath.Join(base, outside)) {
					t.Errorf("%s was written", outside)
				}
			}
		})
	}
}

func TestUnpackCutShort(t *testing.T) {
	t.Parallel()
	b := tarball(t, entry{name: "package/a", text: strings.Repeat("text ", 10000)})
	if err := unpack(b[:len(b)/2], filepath.Join(t.TempDir(), "here")); err == nil {
		t.Error("half a tarball was unpacked; want an error")
	}
}

func TestPins(t *testing.T) {
	t.Parallel()
	for platform, p := range pinned {
		raw, err := base64.StdEncoding.DecodeString(p.SHA512)
		if err != nil || len(raw) != sha512.Size {
			t.Errorf("%s: %q is no SHA-512 (%v)", platform, p.SHA512, err)
		}
	}
	if _, err := pinFor("linux", "amd64", pinnedMajor); err != nil {
		t.Error(err)
	}
	if _, err := pinFor("linux", "amd64", 15); err == nil {
		t.Error("binaries of another version were given for data of 15")
	}
	if _, err := pinFor("plan9", "amd64", 0); err == nil {
		t.Error("there are binaries for Plan 9")
	}
}

// The real tarball, through the npm client and then from a registry of the test's own. ETL_TEST_DOWNLOAD=1 says that
// the npm client may go out for it.
func TestDownloadWay(t *testing.T) {
	t.Parallel()
	if os.Getenv("ETL_TEST_DOWNLOAD") != "1" {
		t.Skip("ETL_TEST_DOWNLOAD=1 is not set: 24 MB would be downloaded through npm")
	}
	opt := Options{Dir: homeOf(t), Way: Download, Throwaway: true}
	var lines []string
	opt.Progress = func(line string) { lines = append(lines, line) }
	s := start(t, opt)
	if !strings.HasPrefix(s.Version(), "18.") {
		t.Errorf("the version is %s", s.Version())
	}
	do(t, s.URL(), "CREATE TABLE kept AS SELECT 'still here' AS text")
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if told := strings.Join(lines, "\n"); !strings.Contains(told, "downloading") {
		t.Errorf("the progress was %q", told)
	}
	lines = nil
	opt.Way = "" // the data decides
	if got := ask(t, start(t, opt).URL(), "SELECT text FROM kept"); got != "still here" {
		t.Errorf("the table says %q", got)
	}
	if len(lines) != 0 {
		t.Errorf("the second start did %q; want nothing to wait for", lines)
	}
}

func TestRealTarballFromARegistry(t *testing.T) {
	t.Parallel()
	if os.Getenv("ETL_TEST_DOWNLOAD") != "1" {
		t.Skip("ETL_TEST_DOWNLOAD=1 is not set: 24 MB would be downloaded through npm")
	}
	p, err := pinFor(runtime.GOOS, runtime.GOARCH, 0)
	if err != nil {
		t.Skip(err)
	}
	served, err := fetcher(t, "").obtain(t.Context(), p, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if path.Base(r.URL.Path) != path.Base(p.Package)+"-"+pinnedVersion+".tgz" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(served)
	}))
	defer server.Close()
	s := start(t, Options{Dir: homeOf(t), Way: Download, Registry: server.URL, Throwaway: true})
	do(t, s.URL(), "SELECT 1")
}
