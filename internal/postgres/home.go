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
	dir  string
	root *os.Root // the same folder, held: what is in it is opened from here, and no link leads out of it
	opt  Options
	as   *account // who the server runs as; nil for the user of this program

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

// openHome makes the folder where it is missing, refuses one that is not ours alone, and finds out who the server runs as.
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
		if err := errors.Join(os.MkdirAll(dir, homeMode()), os.Chmod(dir, homeMode())); err != nil { // whatever the umask
			return nil, err
		}
	}
	if h.root, err = os.OpenRoot(dir); err != nil {
		return nil, err
	}
	if err := h.isOurs(); err != nil {
		return nil, errors.Join(err, h.root.Close())
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

// homeMode is what a data home is open to: to its owner. Where that is root, the server runs as another user, who must get
// through to its own folder and has no business in the others.
func homeMode() fs.FileMode {
	if os.Geteuid() == 0 {
		return 0o711
	}
	return 0o700
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
	b, err := h.root.ReadFile("password")
	if err == nil && len(b) > 0 {
		return trimmed(b), nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if isThere(h.cluster()) {
		return "", fmt.Errorf("%s is gone, and the data beside it cannot be opened without it: "+
			"put the file back, or set a new password in single-user mode", h.file("password"))
	}
	secret := rand.Text()
	return secret, h.writeWhole("password", []byte(secret+"\n"))
}

// lastEndpoint gives what server.json says; the zero endpoint where there is none yet.
func (h *home) lastEndpoint() (e endpoint, err error) {
	b, err := h.root.ReadFile("server.json")
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
	return h.writeWhole("server.json", append(b, '\n'))
}

// writeWhole replaces a file so that readers, who are its owner only, see the old bytes or the new ones and never a part.
func (h *home) writeWhole(name string, b []byte) error {
	f, err := h.fresh(name + ".next")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return h.root.Rename(name+".next", name)
}

// fresh makes a file that only its owner may read. One of that name goes first, and when it is a link, the link goes and not
// what it leads to.
func (h *home) fresh(name string) (*os.File, error) {
	if err := h.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return h.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
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
