// Package bitools installs the programs that bi/export writes files for, at the versions of the folder requirements, and runs them.
// For tests.
package bitools

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

//go:embed requirements/*.txt
var requirements embed.FS

// Program is an installed program in a folder of its own.
type Program struct {
	dir string   // of its virtual environment
	in  string   // where it runs
	env []string // beside PATH and HOME
}

// Install puts what requirements/NAME.txt says into a virtual environment in the user's cache, where it is not there yet. It takes minutes
// and wants PyPI, so a test that does not want it is skipped: ETL_TEST_BI=1 wants it.
func Install(t testing.TB, name string) *Program {
	t.Helper()
	if os.Getenv("ETL_TEST_BI") == "" {
		t.Skip("set ETL_TEST_BI=1 to run " + name + ": it installs some hundred MB from PyPI")
	}
	list, err := requirements.ReadFile("requirements/" + name + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(list)
	p := &Program{dir: filepath.Join(cache, "smsetl-bi", name+"-"+hex.EncodeToString(sum[:4])), in: t.TempDir()}
	complete := filepath.Join(p.dir, "complete")
	if _, err := os.Stat(complete); err == nil {
		return p
	}
	if out, err := exec.CommandContext(t.Context(), "python3", "-m", "venv", "--clear", p.dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := p.install(t.Context(), list); err != nil {
		t.Fatalf("installing %s: %v", name, err)
	}
	if err := os.WriteFile(complete, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

// atOnce is how many packages are fetched side by side: each takes seconds, which are spent waiting.
const atOnce = 8

// install fetches the packages of a list, and installs them when all are there.
func (p *Program) install(ctx context.Context, list []byte) error {
	var parts [atOnce][]byte
	i := 0
	for line := range bytes.Lines(list) {
		parts[i%atOnce] = append(parts[i%atOnce], line...)
		i++
	}
	pip := func(file string, part []byte, arguments ...string) error {
		if err := os.WriteFile(filepath.Join(p.in, file), part, 0o600); err != nil {
			return err
		}
		out, err := p.command(ctx, "pip", append(arguments, "-q", "--disable-pip-version-check", "--no-deps", "-r", file)...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%w\n%s", err, out)
		}
		return nil
	}
	var fetches errgroup.Group
	for i, part := range parts {
		fetches.Go(func() error { return pip(fmt.Sprintf("part%d.txt", i), part, "wheel", "-w", "wheels") })
	}
	if err := fetches.Wait(); err != nil {
		return err
	}
	return pip("requirements.txt", list, "install", "--no-compile", "--no-index", "--find-links", "wheels")
}

// Setenv gives it variables, NAME=VALUE.
func (p *Program) Setenv(variables ...string) { p.env = append(p.env, variables...) }

// Dir gives the folder that the program runs in. It goes away with the test.
func (p *Program) Dir() string { return p.in }

// Write writes a file where the program runs.
func (p *Program) Write(t testing.TB, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(p.in, name), content, 0o600); err != nil { //nolint:gosec // G703: a test's own folder
		t.Fatal(err)
	}
}

// Run runs one of its commands to its end, insists on success and gives what it said.
func (p *Program) Run(t testing.TB, command string, arguments ...string) string {
	t.Helper()
	begun := time.Now()
	out, err := p.command(t.Context(), command, arguments...).CombinedOutput()
	t.Logf("%s %v: %.1f s", command, arguments, time.Since(begun).Seconds())
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", command, arguments, err, out)
	}
	return string(out)
}

// command is one of its commands, with none of the variables that say where our own database is.
func (p *Program) command(ctx context.Context, command string, arguments ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(p.dir, "bin", command), arguments...)
	cmd.Dir = p.in
	ours := regexp.MustCompile(`^(PG|ETL_|DATABASE_URL|DBT_|SUPERSET_)`)
	cmd.Env = slices.DeleteFunc(os.Environ(), ours.MatchString)
	cmd.Env = append(cmd.Env, "PATH="+filepath.Join(p.dir, "bin")+":"+os.Getenv("PATH"), "HOME="+p.in)
	cmd.Env = append(cmd.Env, p.env...)
	return cmd
}

// start runs a command until the test ends.
func (p *Program) start(t testing.TB, command string, arguments ...string) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	cmd := p.command(ctx, command, arguments...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		stop()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s:\n%s", command, out.Bytes()[max(0, out.Len()-20_000):])
		}
	})
}
