package rules

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "smsetl"

// source is one Go file of the module.
type source struct {
	path   string // slash-separated, from the root of the module: plan/plan.go
	dir    string // plan
	isTest bool
	file   *ast.File
	set    *token.FileSet
}

// at gives the place of a node for a message.
func (s source) at(n ast.Node) string {
	return s.path + ":" + strconv.Itoa(s.set.Position(n.Pos()).Line)
}

// imports gives the import paths of the file with their nodes.
func (s source) imports() map[string]*ast.ImportSpec {
	all := map[string]*ast.ImportSpec{}
	for _, spec := range s.file.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			panic(err) // the parser took it
		}
		all[name] = spec
	}
	return all
}

// room gives which of the module's folders an import path is; ok is false for other modules.
func room(importPath string) (dir string, ok bool) {
	return strings.CutPrefix(importPath, module+"/")
}

// isStandard says whether the import path is of the standard library.
func isStandard(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return first != module && !strings.Contains(first, ".")
}

// isTestRoom says whether the package is for tests and developers only, by its name.
func isTestRoom(dir string) bool {
	return strings.HasPrefix(dir, "internal/dev/") || strings.HasSuffix(path.Base(dir), "test") || dir == "internal/rules"
}

// inAny says whether the file lies in one of the folders, or is one of the files.
func inAny(file string, places []string) bool {
	return slices.ContainsFunc(places, func(p string) bool { return file == p || strings.HasPrefix(file, p+"/") })
}

// root gives the folder of go.mod.
func root(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("there is no go.mod above this package")
		}
		dir = filepath.Dir(dir)
	}
}

// files gives the paths of the module's text files, from its root. Hidden folders but .ci, built programs and the module of
// the tools are not its own.
func files(t *testing.T) []string {
	t.Helper()
	top := root(t)
	var all []string
	err := filepath.WalkDir(top, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, relErr := filepath.Rel(top, file)
		if relErr != nil {
			return relErr
		}
		name = filepath.ToSlash(name)
		if entry.IsDir() {
			hidden := strings.HasPrefix(entry.Name(), ".") && name != "." && name != ".ci"
			if hidden || slices.Contains([]string{"bin", "dist", "tools", "node_modules", "vendor"}, name) {
				return filepath.SkipDir
			}
			return nil
		}
		if entry.Type().IsRegular() {
			all = append(all, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

var parsed []source // by the first test that asks

// sources parses every Go file of the module.
func sources(t *testing.T) []source {
	t.Helper()
	if parsed != nil {
		return parsed
	}
	top := root(t)
	set := token.NewFileSet()
	var all []source
	for _, name := range files(t) {
		if path.Ext(name) != ".go" || strings.Contains(name, "testdata/") {
			continue
		}
		file, err := parser.ParseFile(set, filepath.Join(top, filepath.FromSlash(name)), nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, source{path: name, dir: path.Dir(name), isTest: strings.HasSuffix(name, "_test.go"), file: file, set: set})
	}
	if len(all) < 50 {
		t.Fatalf("only %d Go files were found: the rules would pass without looking", len(all))
	}
	parsed = all
	return all
}
