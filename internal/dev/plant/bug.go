package main

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Each file of bugs is one bug: lines with its name, what it does and who catches it, and edits. The files' names give the order.
//
//	name: no fence
//	what: a load that comes late overwrites a newer one
//	test: ./load TestPutFence
//	file: load/decide.go
//	<<<<
//	the text that stands there, once
//	====
//	the text that takes its place
//	>>>>
//
//go:embed bugs/*.txt
var files embed.FS

// A bug is a mistake that somebody could make, as a change of the tree.
type bug struct {
	file  string // bugs/07-no-fence.txt
	name  string
	what  string
	pkg   string // of the test that catches it: ./load
	tests string // a pattern of test names: TestPutFence
	edits []edit
}

// edit is a piece of a file that is replaced.
type edit struct{ path, old, new string }

// bugs reads all of them.
func bugs() ([]bug, error) {
	names, err := fs.Glob(files, "bugs/*.txt")
	if err != nil {
		return nil, err
	}
	var all []bug
	for _, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		b, err := parse(string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		b.file = name
		all = append(all, b)
	}
	return all, nil
}

func parse(text string) (bug, error) {
	var b bug
	var path string
	for text != "" {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		key, value, _ := strings.Cut(line, ": ")
		switch {
		case key == "name":
			b.name = value
		case key == "what":
			b.what = value
		case key == "test":
			b.pkg, b.tests, _ = strings.Cut(value, " ")
		case key == "file":
			path = value
		case line == "<<<<":
			old, rest, isCut := strings.Cut(text, "====\n")
			if !isCut {
				return b, errors.New("an edit has no line of ====")
			}
			instead, rest, isCut := strings.Cut(rest, ">>>>\n")
			if !isCut || path == "" {
				return b, errors.New("an edit has no file, or no line of >>>>")
			}
			b.edits, text = append(b.edits, edit{path, old, instead}), rest
		default:
			return b, fmt.Errorf("the line %q is none of name, what, test, file and <<<<", line)
		}
	}
	if b.name == "" || b.what == "" || b.tests == "" || len(b.edits) == 0 {
		return b, errors.New("want name, what, test and at least one edit")
	}
	return b, nil
}

// planted gives the changed files of the tree at root. Every piece must stand there exactly once.
func (b bug) planted(root string) (map[string]string, error) {
	changed := map[string]string{}
	for _, e := range b.edits {
		text, isChanged := changed[e.path]
		if !isChanged {
			read, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(e.path)))
			if err != nil {
				return nil, err
			}
			text = string(read)
		}
		if n := strings.Count(text, e.old); n != 1 {
			return nil, fmt.Errorf("%s: the text stands in %s %d times, want once:\n%s", b.file, e.path, n, e.old)
		}
		changed[e.path] = strings.Replace(text, e.old, e.new, 1)
	}
	return changed, nil
}
