package main

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every bug can still be planted, the changed Go files are Go, and the tests that should notice exist. Whether they do is a
// longer run: see docs/planted-bugs.md.
func TestBugsCanBePlanted(t *testing.T) {
	const root = "../../.."
	all, err := bugs()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 43 {
		t.Errorf("%d bugs, want 43", len(all))
	}
	for _, b := range all {
		t.Run(b.name, func(t *testing.T) {
			changed, err := b.planted(root)
			if err != nil {
				t.Fatal(err)
			}
			for path, text := range changed {
				if !strings.HasSuffix(path, ".go") {
					continue
				}
				if _, err := parser.ParseFile(token.NewFileSet(), path, text, 0); err != nil {
					t.Error(err)
				}
			}
			for name := range strings.SplitSeq(b.tests, "|") {
				if !isThere(t, filepath.Join(root, b.pkg), name) {
					t.Errorf("%s has no %s", b.pkg, name)
				}
			}
			page, err := os.ReadFile(filepath.Join(root, "docs/planted-bugs.md"))
			if err != nil || !strings.Contains(string(page), "| "+b.name+" | "+b.what+" |") {
				t.Errorf("docs/planted-bugs.md has no line of it: make it anew (%v)", err)
			}
		})
	}
}

func isThere(t *testing.T, dir, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if regexp.MustCompile(`(?m)^func ` + name + `\(t \*testing\.T\)`).Match(text) {
			return true
		}
	}
	return false
}

func TestParseRefuses(t *testing.T) {
	const good = "name: b\nwhat: w\ntest: ./p T\nfile: f\n<<<<\nold\n====\nnew\n>>>>\n"
	if b, err := parse(good); err != nil || b.edits[0] != (edit{"f", "old\n", "new\n"}) || b.pkg != "./p" || b.tests != "T" {
		t.Fatalf("%+v, %v", b, err)
	}
	for name, text := range map[string]string{
		"no test":   strings.Replace(good, "test: ./p T\n", "", 1),
		"no file":   strings.Replace(good, "file: f\n", "", 1),
		"no middle": strings.Replace(good, "====\n", "", 1),
		"no end":    strings.Replace(good, ">>>>\n", "", 1),
		"junk":      good + "junk\n",
		"no edit":   "name: b\nwhat: w\ntest: ./p T\n",
	} {
		if b, err := parse(text); err == nil {
			t.Errorf("%s: %+v", name, b)
		}
	}
}
