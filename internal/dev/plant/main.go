// Command plant makes mistakes on purpose, one after the other, and runs the tests that should notice. It writes a table of
// who noticed what. The tree is not touched: the compiler is handed the changed files beside it.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

func main() {
	only := flag.String("only", "", "plant only the bugs whose name contains this")
	out := flag.String("out", "docs/planted-bugs.md", "the file to write; - for standard output only")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *only, *out)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "plant:", err)
		os.Exit(1)
	}
}

// run plants the bugs in the tree of the working directory, which is the module's root.
func run(ctx context.Context, only, out string) error {
	all, err := bugs()
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(b bug) bool { return !strings.Contains(b.name, only) })
	var rows []string
	missed := 0
	for _, b := range all {
		caught, err := plant(ctx, b)
		if err != nil {
			return err
		}
		result := "caught"
		if len(caught) == 0 {
			result, missed = "**missed**", missed+1
			caught = []string{b.tests}
		}
		row := fmt.Sprintf("| %s | %s | %s | %s `%s` | %s |", b.name, b.what, where(b), b.pkg, strings.Join(caught, "`, `"), result)
		fmt.Fprintln(os.Stdout, row)
		rows = append(rows, row)
	}
	if out != "-" {
		if err := os.WriteFile(out, []byte(head+strings.Join(rows, "\n")+"\n"), 0o644); err != nil { //nolint:gosec // a page for everybody
			return err
		}
	}
	if missed > 0 {
		return fmt.Errorf("%d of %d bugs are not caught", missed, len(all))
	}
	return nil
}

const head = `# Planted bugs

What a suite of tests is worth shows when there is something to find. Each of these mistakes was made on purpose, by itself, and the
test beside it was run: first without the mistake, to see it pass, then with it, to see it fail. The changes themselves are in
` + "`internal/dev/plant/bugs`" + `; a test keeps them applying. Made by

    go run ./internal/dev/plant

| bug | what it does | patch | caught by | result |
|---|---|---|---|---|
`

func where(b bug) string {
	var paths []string
	for _, e := range b.edits {
		if text := "`" + e.path + "`"; !slices.Contains(paths, text) {
			paths = append(paths, text)
		}
	}
	return strings.Join(paths, ", ")
}

// plant gives the tests that fail with the bug and pass without it; none when nobody notices.
func plant(ctx context.Context, b bug) ([]string, error) {
	changed, err := b.planted(".")
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "plant")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	overlay, err := overlaid(dir, changed)
	if err != nil {
		return nil, err
	}
	before, err := failures(ctx, b, "")
	if err != nil {
		return nil, fmt.Errorf("%s, without the bug: %w", b.name, err)
	}
	if len(before) > 0 {
		return nil, fmt.Errorf("%s: %s fails without the bug", b.name, strings.Join(before, ", "))
	}
	caught, err := failures(ctx, b, overlay)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.name, err)
	}
	return caught, nil
}

// overlaid writes the changed files and the map that tells the compiler of them, and gives its path.
func overlaid(dir string, changed map[string]string) (string, error) {
	replace := map[string]string{}
	for path, text := range changed {
		from, err := filepath.Abs(filepath.FromSlash(path))
		if err != nil {
			return "", err
		}
		to := filepath.Join(dir, fmt.Sprint(len(replace), "-", filepath.Base(path)))
		if err := os.WriteFile(to, []byte(text), 0o600); err != nil {
			return "", err
		}
		replace[from] = to
	}
	document, err := json.Marshal(map[string]map[string]string{"Replace": replace})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(dir, "overlay.json")
	return overlay, os.WriteFile(overlay, document, 0o600)
}

// failed is how a test says that it fails, and dead how the runtime says in which one it had to give the program up.
var (
	failed = regexp.MustCompile(`(?m)^--- FAIL: (\w+)`)
	dead   = regexp.MustCompile(`(?s)\nfatal error: .*?/\S+?\.(Test\w+)\.func\d`)
)

// failures runs the bug's tests and gives those that fail. A bug that does not compile, or no test at all, is an error.
func failures(ctx context.Context, b bug, overlay string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	arguments := []string{"test", "-vet=off", "-count=1", "-run", "^(" + b.tests + ")$", "-v"}
	if overlay != "" {
		arguments = append(arguments, "-overlay", overlay)
	}
	command := exec.CommandContext(ctx, "go", append(arguments, b.pkg, "-long")...)
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	command.WaitDelay = 10 * time.Second
	err := command.Run()
	text := output.String()
	var names []string
	for _, m := range append(failed.FindAllStringSubmatch(text, -1), dead.FindAllStringSubmatch(text, 1)...) {
		names = append(names, m[1])
	}
	switch {
	case strings.Contains(text, "no tests to run"):
		return nil, errors.New("there is no such test")
	case err != nil && len(names) == 0:
		return nil, fmt.Errorf("%w:\n%s", err, text)
	default:
		return names, nil
	}
}
