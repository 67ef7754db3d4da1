// Package spawn starts other programs. A program that is started would inherit every variable of this one, and with them
// the database's password and the vendors' keys: whoever may run a command in it, as a superuser of the embedded server
// may by COPY FROM PROGRAM, or read /proc as its user, would have them all. So a child gets the variables of an
// allow-list and no other, and internal/rules lets no other package make a command.
package spawn

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
)

// Kind says what a program is started for, and thereby which variables it gets.
type Kind int

const (
	// Plain programs get what every program needs: where programs and temporary files are, who runs it, the language.
	Plain Kind = iota
	// Docker is the docker client, which also needs to know its engine.
	Docker
	// Npm is the npm client, which also needs its registry and the way there. Its variables may hold a password of the
	// registry or of the proxy, which are meant for it.
	Npm
)

// plain are the variables that every child gets. On Windows the second half is what programs do not start without.
var plain = []string{
	"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "LC_*", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH",
	"SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "TEMP", "TMP", "USERNAME", "USERPROFILE", "APPDATA", "LOCALAPPDATA",
	"PROGRAMDATA", "PROGRAMFILES", "PROGRAMFILES(X86)", "NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE",
}

// way are the variables by which a program finds its way out of a company's network.
var way = []string{"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"}

// more are the variables that a kind gets beside the plain ones. A name that ends with * stands for all that begin so.
var more = map[Kind][]string{
	Docker: append([]string{"DOCKER_*", "XDG_RUNTIME_DIR", "SSH_AUTH_SOCK"}, way...),
	Npm:    append([]string{"NPM_CONFIG_*", "NODE_EXTRA_CA_CERTS", "XDG_CONFIG_HOME"}, way...),
}

// Command prepares a program to be started, with the variables of its kind. What else it needs is appended to Env.
func Command(kind Kind, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...) //nolint:noctx // a server that is being stopped must not depend on a context that has ended
	cmd.Env = allowed(kind, os.Environ())
	return cmd
}

// CommandContext is Command for a program that is killed when ctx ends.
func CommandContext(ctx context.Context, kind Kind, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = allowed(kind, os.Environ())
	return cmd
}

// allowed gives those variables of the environment that a program of the kind may have. It is never nil, which to os/exec
// would mean all of them.
func allowed(kind Kind, environment []string) []string {
	kept := []string{}
	for _, variable := range environment {
		name, _, _ := strings.Cut(variable, "=")
		if matches(name, plain) || matches(name, more[kind]) {
			kept = append(kept, variable)
		}
	}
	return kept
}

// matches says whether the list has the name. Case does not count on Windows, for npm's variables and for those of proxies,
// which are commonly written in small letters.
func matches(name string, list []string) bool {
	upper := strings.ToUpper(name)
	isEither := runtime.GOOS == "windows" || strings.HasPrefix(upper, "NPM_CONFIG_") || slices.Contains(way, upper)
	return slices.ContainsFunc(list, func(entry string) bool {
		if begin, isPrefix := strings.CutSuffix(entry, "*"); isPrefix {
			return strings.HasPrefix(name, begin) || isEither && strings.HasPrefix(upper, begin)
		}
		return name == entry || isEither && upper == entry
	})
}
