package rules

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"smsetl/internal/dev/golden"
)

const noticeHead = `smsetl
Copyright 2026 The smsetl authors

The program contains the Go standard library and the modules below. Each module's source is served under its path and version by
any Go module proxy; none was changed. The licence texts follow, each once. Written by ` + "`make notice`" + `.

`

var licenceFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying|unlicense|notice)`)

// NOTICE holds the licences of every module that a released program contains, on any system.
func TestNoticeIsCurrent(t *testing.T) {
	texts := map[string][]string{} // the modules of each text
	var modules []string
	for _, system := range []string{"linux", "darwin", "windows"} {
		for module, found := range licences(t, system) {
			if slices.Contains(modules, module) {
				continue
			}
			modules = append(modules, module)
			for _, text := range found {
				texts[text] = append(texts[text], module)
			}
			if path, _, _ := strings.Cut(module, " "); path == "golang.org/x/sys" { // the words of Go's own licence
				texts[found[0]] = append(texts[found[0]], "the Go standard library")
			}
		}
	}
	slices.Sort(modules)
	var out bytes.Buffer
	out.WriteString(noticeHead + strings.Join(modules, "\n") + "\n")
	for _, users := range texts {
		slices.Sort(users)
	}
	for _, text := range slices.SortedFunc(maps.Keys(texts), func(a, b string) int {
		return strings.Compare(texts[a][0]+a, texts[b][0]+b)
	}) {
		fmt.Fprintf(&out, "\n%s\n%s\n\n%s\n", strings.Repeat("=", 80), strings.Join(texts[text], "\n"), text)
	}
	name := filepath.Join(root(t), "NOTICE")
	if golden.Updates() {
		if err := os.WriteFile(name, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if kept := text(t, "NOTICE"); kept != out.String() {
		old, _, _ := strings.Cut(kept, "\n===")
		now, _, _ := strings.Cut(out.String(), "\n===")
		t.Errorf("make notice writes another NOTICE; its modules (-committed +written):\n%s", cmp.Diff(old, now))
	}
}

// licences gives the texts of the licences, and of the notices beside them, of each module in the program for a system.
func licences(t *testing.T, system string) map[string][]string {
	t.Helper()
	const form = `{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}|{{.Dir}}|{{$.Dir}}{{end}}{{end}}`
	list := exec.Command("go", "list", "-deps", "-f", form, "./cmd/etl")
	list.Dir = root(t)
	list.Env = append(os.Environ(), "GOOS="+system, "GOARCH=arm64", "CGO_ENABLED=0")
	list.Stderr = os.Stderr
	packages, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for line := range strings.Lines(string(packages)) {
		parts := strings.Split(strings.TrimSpace(line), "|")
		module, top := parts[0], parts[1]
		if _, known := all[module]; !known {
			all[module] = nil
		}
		for dir := parts[2]; strings.HasPrefix(dir, top); dir = filepath.Dir(dir) { // parts of a module may have a licence of their own
			for _, text := range licencesIn(t, dir) {
				if !slices.Contains(all[module], text) {
					all[module] = append(all[module], text)
				}
			}
		}
	}
	for module, texts := range all {
		if len(texts) == 0 {
			t.Errorf("%s has no licence", module)
		}
	}
	return all
}

func licencesIn(t *testing.T, dir string) (texts []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if !entry.Type().IsRegular() || !licenceFile.MatchString(entry.Name()) || filepath.Ext(entry.Name()) == ".go" {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, strings.TrimSpace(strings.ReplaceAll(string(data), "\r\n", "\n")))
	}
	return texts
}
