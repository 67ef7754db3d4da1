package postgres

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// maxUnpacked bounds what a tarball may unpack to, in bytes. The pinned ones have about 60 MB.
const maxUnpacked = 1 << 30

// unpack writes the files of an npm tarball to dir, which must not be there yet. Every entry lies below package/; one
// that would land outside dir, or is neither file nor folder, is refused.
func unpack(tarball, dir string) (err error) {
	f, err := os.Open(tarball)
	if err != nil {
		return err
	}
	defer f.Close()
	zipped, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir) // the kernel refuses what our own look at the names would miss
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	entries := tar.NewReader(&capped{zipped, maxUnpacked})
	for {
		h, err := entries.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if err := unpackEntry(root, h, entries); err != nil {
			return fmt.Errorf("entry %q: %w", h.Name, err)
		}
	}
	return errors.Join(link(root), letIn(root))
}

func unpackEntry(root *os.Root, h *tar.Header, content io.Reader) error {
	name, below := strings.CutPrefix(path.Clean(h.Name), "package/")
	switch {
	case h.Typeflag == tar.TypeDir && path.Clean(h.Name) == "package":
		return nil
	case !below || !filepath.IsLocal(filepath.FromSlash(name)):
		return errors.New("lies outside the package")
	case h.Typeflag == tar.TypeDir:
		return root.MkdirAll(name, 0o755)
	case h.Typeflag != tar.TypeReg:
		return fmt.Errorf("is no file (type %q)", h.Typeflag)
	}
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	// Only whether a file is a program is taken from the tarball: the server may run as another user, who must read all.
	mode := fs.FileMode(0o644)
	if h.FileInfo().Mode()&0o111 != 0 {
		mode = 0o755
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
	if err != nil {
		return err
	}
	var links []struct {
		Source string `json:"source"` // the file that is there, from the root of the package
		Target string `json:"target"` // the link to make
	}
	if err := json.Unmarshal(b, &links); err != nil {
		return fmt.Errorf("%s: %w", list, err)
	}
	for _, l := range links {
		if !filepath.IsLocal(l.Source) || !filepath.IsLocal(l.Target) {
			return fmt.Errorf("%s: a link from %q to %q lies outside the package", list, l.Target, l.Source)
		}
		to, err := filepath.Rel(filepath.Dir(l.Target), l.Source)
		if err != nil {
			return fmt.Errorf("%s: %w", list, err)
		}
		if err := root.MkdirAll(path.Dir(l.Target), 0o755); err != nil {
			return err
		}
		if err := root.Symlink(to, l.Target); err != nil {
			return err
		}
	}
	return nil
}

// capped fails where io.LimitedReader would end without a word.
type capped struct {
	r    io.Reader
	left int64
}

func (c *capped) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if c.left -= int64(n); c.left < 0 {
		return 0, errors.New("unpacks to more than a PostgreSQL can be")
	}
	return n, err
}
