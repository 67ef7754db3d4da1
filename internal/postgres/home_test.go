//go:build unix

package postgres

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// refused says that a data home is refused, with what is wrong and what would be right.
func refused(t *testing.T, dir string, parts ...string) {
	t.Helper()
	h, err := openHome(withDefaults(Options{Dir: dir}))
	if err == nil {
		h.root.Close()
		t.Errorf("%s was taken", dir)
		return
	}
	for _, part := range append(parts, dir) {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in %q", part, err)
		}
	}
}

// In a folder that somebody else made lie the programs, the data and the password of whom he likes.
func TestDoorHomeOfAnotherUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root gives a folder away")
	}
	const stranger = 12345
	dir := homeOf(t)
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(dir, stranger, stranger); err != nil {
		t.Fatal(err)
	}
	refused(t, dir, "user 12345", "user 0", "chown 0 "+dir)

	ours, link := homeOf(t), homeOf(t)
	if err := os.Mkdir(ours, homeMode()); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(ours, link); err != nil {
		t.Fatal(err)
	}
	h, err := openHome(withDefaults(Options{Dir: link}))
	if err != nil {
		t.Fatalf("a link of our own, to another disk: %v", err)
	}
	h.root.Close()
	if err := os.Lchown(link, stranger, stranger); err != nil {
		t.Fatal(err)
	}
	refused(t, link, "user 12345")
}

// A home of root's own does not help where its folder can be renamed by the owner of the one above.
func TestDoorHomeBelowAStrangersFolder(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root is checked so, and only root gives a folder away")
	}
	for name, spoil := range map[string]func(dir string) error{
		"another's":     func(dir string) error { return os.Chown(dir, 12345, 12345) },
		"open to all":   func(dir string) error { return os.Chmod(dir, 0o777) },
		"open to group": func(dir string) error { return os.Chmod(dir, 0o775) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			between := homeOf(t)
			if err := errors.Join(os.Mkdir(between, 0o711), spoil(between)); err != nil {
				t.Fatal(err)
			}
			refused(t, filepath.Join(between, "demo"), "lies in "+between)
		})
	}
}

func TestDoorHomeOpenToOthers(t *testing.T) {
	t.Parallel()
	for _, mode := range []os.FileMode{0o777, 0o770, 0o1777, 0o702, 0o755} {
		dir := homeOf(t)
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		refused(t, dir, fmt.Sprintf("mode %04o", mode.Perm()), fmt.Sprintf("chmod %o %s", homeMode(), dir))
	}
	dir := homeOf(t)
	h, err := openHome(withDefaults(Options{Dir: dir}))
	if err != nil {
		t.Fatal(err)
	}
	defer h.root.Close()
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() != homeMode() {
		t.Errorf("a new home has mode %v, %v; want %o", info.Mode(), err, homeMode())
	}
}

// Links that lie where a file of ours is about to be written, as in a home that was open to others for a while.
func TestDoorSymlinkInTheHomeOverwrites(t *testing.T) {
	t.Parallel()
	dir := homeOf(t)
	h, err := openHome(withDefaults(Options{Dir: dir}))
	if err != nil {
		t.Fatal(err)
	}
	defer h.root.Close()
	victim := filepath.Join(t.TempDir(), "victim")
	if err := os.WriteFile(victim, []byte("precious"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"password.next", "server.json.next", "initdb.password", "server.log"} {
		if err := os.Symlink(victim, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.password(); err != nil {
		t.Error(err)
	}
	if err := h.writeEndpoint(endpoint{Port: 1}); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"initdb.password", "server.log"} {
		f, err := h.fresh(name)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(f, "secret")
		f.Close()
	}
	b, err := os.ReadFile(victim)
	info, statErr := os.Stat(victim)
	if err != nil || statErr != nil || string(b) != "precious" || info.Mode().Perm() != 0o644 {
		t.Errorf("the file that the links lead to holds %d bytes, %v, %v", len(b), err, statErr)
	}
	for _, name := range []string{"password", "server.json", "initdb.password", "server.log"} {
		if info, err := os.Lstat(filepath.Join(dir, name)); err != nil || info.Mode() != 0o600 {
			t.Errorf("%s: %v, %v; want a file of mode 600", name, info.Mode(), err)
		}
	}

	// A password that is a link out of the home is not read either.
	if err := os.Remove(filepath.Join(dir, "password")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(victim, filepath.Join(dir, "password")); err != nil {
		t.Fatal(err)
	}
	if secret, err := h.password(); err == nil {
		t.Errorf("the password was read from elsewhere: %d bytes", len(secret))
	}
}
