package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"smsetl/internal/spawn"
)

// binaries is a folder with initdb and postgres in it.
type binaries struct {
	way     Way
	dir     string
	version string // "15.18", "18beta1"
	major   int
}

// installed lists the binaries of this machine: first those that the user's PATH names, then the folders that packages
// install to, newest version first. Versions that are too old are in the list, for who has data of theirs.
func installed(ctx context.Context) []binaries {
	var found []binaries
	if path, err := exec.LookPath("postgres"); err == nil {
		// Debian and Homebrew link single programs into PATH; initdb stands beside the real one.
		if target, err := filepath.EvalSymlinks(path); err == nil {
			path = target
		}
		if b, ok := look(ctx, filepath.Dir(path)); ok {
			found = append(found, b)
		}
	}
	onPath := len(found)
	for _, pattern := range usualFolders(runtime.GOOS) {
		dirs, _ := filepath.Glob(pattern) // the patterns are constants
		for _, dir := range dirs {
			if b, ok := look(ctx, dir); ok {
				found = append(found, b)
			}
		}
	}
	slices.SortStableFunc(found[onPath:], func(a, b binaries) int { return b.major - a.major })
	return found
}

// usualFolders gives patterns of the folders that packages put the binaries in.
func usualFolders(goos string) []string {
	switch goos {
	case "windows":
		return []string{`C:\Program Files\PostgreSQL\*\bin`}
	case "darwin":
		return []string{
			"/opt/homebrew/opt/postgresql*/bin", // Homebrew on Apple silicon
			"/usr/local/opt/postgresql*/bin",    // Homebrew on Intel
			"/Applications/Postgres.app/Contents/Versions/*/bin",
			"/Library/PostgreSQL/*/bin", // the EDB installer
		}
	default:
		return []string{
			"/usr/lib/postgresql/*/bin", // Debian, Ubuntu
			"/usr/pgsql-*/bin",          // Red Hat, from postgresql.org
			"/usr/libexec/postgresql*",  // Alpine
			"/usr/local/pgsql/bin",      // built from source
			"/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",
		}
	}
}

var versionForm = regexp.MustCompile(`\(PostgreSQL\) ((\d+)\S*)`)

// look gives the binaries in dir; ok is false where a server cannot be made from it.
func look(ctx context.Context, dir string) (b binaries, ok bool) {
	if _, err := os.Stat(filepath.Join(dir, program("initdb"))); err != nil {
		return binaries{}, false
	}
	out, err := spawn.CommandContext(ctx, spawn.Plain, filepath.Join(dir, program("postgres")), "--version").Output()
	if err != nil {
		return binaries{}, false
	}
	m := versionForm.FindStringSubmatch(string(out))
	if m == nil {
		return binaries{}, false
	}
	major, err := strconv.Atoi(m[2])
	return binaries{way: Local, dir: dir, version: m[1], major: major}, err == nil
}

func program(name string) string {
	if runtime.GOOS == "windows" {
		return name + ".exe"
	}
	return name
}

// choose picks the binaries for data of a major version, or for no data yet (0).
func choose(all []binaries, major int) (binaries, error) {
	var seen []string
	for _, b := range all {
		if b.major == major || major == 0 && b.major >= MinMajor {
			return b, nil
		}
		seen = append(seen, b.version+" in "+b.dir)
	}
	wanted := fmt.Sprintf("PostgreSQL %d or newer", MinMajor)
	if major != 0 {
		wanted = fmt.Sprintf("PostgreSQL %d", major)
	}
	if len(seen) == 0 {
		return binaries{}, errors.New("no PostgreSQL is installed on PATH or in the usual folders")
	}
	return binaries{}, fmt.Errorf("%s is not installed; found %s", wanted, strings.Join(seen, ", "))
}
