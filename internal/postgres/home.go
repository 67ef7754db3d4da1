package postgres

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// home is the folder that holds everything of one server:
//
//	lock         held by the process that runs the server
//	password     of the superuser, readable by its owner only
//	server.json  where the server answers, or answered last, and the Docker volume with the data
//	server.log   what the server had to say since its last start
//	cluster/     PostgreSQL's data; it appears whole, by a rename
//	binaries/    what was downloaded
type home struct {
	dir string
	opt Options
	as  *account // who the server runs as; nil for the user of this program

	// For who holds the lock and starts the server:
	lock  *os.File // given back when the server has ended
	last  endpoint // where the server answered last, with its password
	major int      // the version that made cluster/; 0 when there is none
}

func (h *home) file(name string) string { return filepath.Join(h.dir, name) }
func (h *home) cluster() string         { return h.file("cluster") }
func (h *home) newCluster() string      { return h.file("cluster.new") }

// DefaultDir gives the data home that is used when none is named: below the user's own folder for data that programs
// keep. The server of a root user runs as somebody else, so for root it is a folder that everybody may pass through.
func DefaultDir() (string, error) {
	if os.Geteuid() == 0 {
		if dir := "/var/lib/smsetl"; searchable(filepath.Dir(dir)) {
			return dir, nil
		}
		return "/var/tmp/smsetl", nil
	}
	find, below := os.UserHomeDir, ".local/share/smsetl"
	switch runtime.GOOS {
	case "windows":
		find, below = os.UserCacheDir, "smsetl" // %LocalAppData%: the configuration folder roams between machines
	case "darwin":
		find, below = os.UserConfigDir, "smsetl" // ~/Library/Application Support
	}
	base, err := find()
	return filepath.Join(base, filepath.FromSlash(below)), err
}

// openHome makes the folder where it is missing and finds out who the server runs as.
func openHome(opt Options) (*home, error) {
	dir := opt.Dir
	if dir == "" {
		var err error
		if dir, err = DefaultDir(); err != nil {
			return nil, fmt.Errorf("no folder for the data: %w", err)
		}
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	h := &home{dir: dir, opt: opt}
	if !isThere(dir) {
		// 0711, whatever the umask: a server that runs as another user must get through to its own folder, and has no
		// business in the others.
		if err := errors.Join(os.MkdirAll(dir, 0o711), os.Chmod(dir, 0o711)); err != nil {
			return nil, err
		}
	}
	if h.as, err = serverAccount(h.cluster()); err != nil {
		return nil, err
	}
	if h.as != nil && !searchable(dir) {
		return nil, fmt.Errorf("as root the server runs as user %s, who cannot get into %s: "+
			"choose a data home whose every parent folder may be entered by all (chmod o+x)", h.as.name, dir)
	}
	return h, nil
}

// searchable says whether every user may pass through dir and all folders above it.
func searchable(dir string) bool {
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm()&0o001 == 0 {
		return false
	}
	parent := filepath.Dir(dir)
	return parent == dir || searchable(parent)
}

// password gives the superuser's password, made up at the first call and kept.
func (h *home) password() (string, error) {
	path := h.file("password")
	b, err := os.ReadFile(path)
	if err == nil && len(b) > 0 {
		return trimmed(b), nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if isThere(h.cluster()) {
		return "", fmt.Errorf("%s is gone, and the data beside it cannot be opened without it: "+
			"put the file back, or set a new password in single-user mode", path)
	}
	secret := rand.Text()
	return secret, writeWhole(path, []byte(secret+"\n"))
}

// lastEndpoint gives what server.json says; the zero endpoint where there is none yet.
func (h *home) lastEndpoint() (e endpoint, err error) {
	b, err := os.ReadFile(h.file("server.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return endpoint{}, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &e)
	}
	if err != nil {
		return endpoint{}, fmt.Errorf("%s: %w", h.file("server.json"), err)
	}
	return e, nil
}

func (h *home) writeEndpoint(e endpoint) error {
	b, err := json.Marshal(e)
	if err != nil {
		return err
	}
	return writeWhole(h.file("server.json"), append(b, '\n'))
}

// writeWhole replaces a file so that readers, who are its owner only, see the old bytes or the new ones and never a part.
func writeWhole(path string, b []byte) error {
	if err := os.WriteFile(path+".next", b, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".next", path)
}

// renamed renames a file, if there is one.
func renamed(from, to string) error {
	if err := os.Rename(from, to); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// isThere says whether path exists. What cannot be looked at counts as there: it must not be overwritten.
func isThere(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// tryLock takes the lock of a file, made when it is missing; nil without an error when another process has it. The
// operating system gives the lock back when the process ends, however it ends.
func tryLock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err = flock(f); err == nil {
		return f, nil
	}
	f.Close()
	if errors.Is(err, errLocked) {
		return nil, nil
	}
	return nil, &os.PathError{Op: "lock", Path: path, Err: err}
}
