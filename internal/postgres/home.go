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
//	server.json  where the server answers, or answered last
//	server.log   what the server had to say since its last start
//	cluster/     PostgreSQL's data; it appears whole, by a rename
//	binaries/    what was downloaded
type home struct {
	dir string
	as  *account // who the server runs as; nil for the user of this program
}

func (h *home) cluster() string      { return filepath.Join(h.dir, "cluster") }
func (h *home) newCluster() string   { return filepath.Join(h.dir, "cluster.new") }
func (h *home) passwordFile() string { return filepath.Join(h.dir, "password") }
func (h *home) logFile() string      { return filepath.Join(h.dir, "server.log") }
func (h *home) stateFile() string    { return filepath.Join(h.dir, "server.json") }
func (h *home) binaryCache() string  { return filepath.Join(h.dir, "binaries") }

// DefaultDir gives the data home that is used when none is named: below the user's own folder for data that programs
// keep. The server of a root user runs as somebody else, so for root it is a folder that everybody may pass through.
func DefaultDir() (string, error) {
	if os.Geteuid() == 0 {
		if dir := "/var/lib/smsetl"; searchable(filepath.Dir(dir)) {
			return dir, nil
		}
		return "/var/tmp/smsetl", nil
	}
	switch runtime.GOOS {
	case "windows":
		base, err := os.UserCacheDir() // %LocalAppData%: the configuration folder roams between machines
		return filepath.Join(base, "smsetl"), err
	case "darwin":
		base, err := os.UserConfigDir() // ~/Library/Application Support
		return filepath.Join(base, "smsetl"), err
	default:
		base, err := os.UserHomeDir()
		return filepath.Join(base, ".local", "share", "smsetl"), err
	}
}

// openHome makes the folder where it is missing and finds out who the server runs as.
func openHome(dir string) (*home, error) {
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
	h := &home{dir: dir}
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
	for {
		info, err := os.Stat(dir)
		if err != nil || info.Mode().Perm()&0o001 == 0 {
			return false
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return true
		}
		dir = parent
	}
}

// password gives the superuser's password, made up at the first call and kept.
func (h *home) password() (string, error) {
	path := h.passwordFile()
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
	return secret, writeWhole(path, []byte(secret+"\n"), 0o600)
}

// readEndpoint gives what server.json says; ok is false when there is none that can be read.
func (h *home) readEndpoint() (e endpoint, ok bool) {
	b, err := os.ReadFile(h.stateFile())
	if err != nil || json.Unmarshal(b, &e) != nil {
		return endpoint{}, false
	}
	return e, true
}

func (h *home) writeEndpoint(e endpoint) error {
	b, err := json.Marshal(e)
	if err != nil {
		return err
	}
	return writeWhole(h.stateFile(), append(b, '\n'), 0o600)
}

// writeWhole replaces a file so that readers see the old bytes or the new ones and never a part.
func writeWhole(path string, b []byte, mode fs.FileMode) error {
	next := path + ".next"
	if err := os.WriteFile(next, b, mode); err != nil {
		return err
	}
	return os.Rename(next, path)
}
