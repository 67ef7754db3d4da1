package rules

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	variable    = regexp.MustCompile(`\$\{([A-Z][A-Z0-9_]*)`)
	exampleLine = regexp.MustCompile(`(?m)^#? ?([A-Z][A-Z0-9_]*)=`)
	wholeName   = regexp.MustCompile(`^[A-Z][A-Z0-9_]{2,}$`)
)

// TestEnvironmentExample says that .env.example lists every variable that the program, the example configuration and the
// compose file read, and no other.
func TestEnvironmentExample(t *testing.T) {
	var read []string
	for _, s := range sources(t) {
		if s.dir != "cmd/etl" || s.isTest {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) != 1 {
				return true
			}
			method, ok := call.Fun.(*ast.SelectorExpr)
			literal, isLiteral := call.Args[0].(*ast.BasicLit)
			if !ok || !isLiteral || !slices.Contains([]string{"value", "lookup", "Lookup"}, method.Sel.Name) {
				return true
			}
			if name, err := strconv.Unquote(literal.Value); err == nil && wholeName.MatchString(name) {
				read = append(read, name)
			}
			return true
		})
	}
	if len(read) == 0 {
		t.Fatal("no variable that cmd/etl reads was found")
	}
	top := root(t)
	text := func(name string) string {
		data, err := os.ReadFile(filepath.Join(top, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	for _, name := range []string{"schedules.yaml", "docker-compose.yml"} {
		for _, m := range variable.FindAllStringSubmatch(text(name), -1) {
			if m[1] != "NAME" { // of a comment that explains the form
				read = append(read, m[1])
			}
		}
	}
	var listed []string
	for _, m := range exampleLine.FindAllStringSubmatch(text(".env.example"), -1) {
		listed = append(listed, m[1])
	}
	slices.Sort(read)
	slices.Sort(listed)
	if diff := cmp.Diff(slices.Compact(read), listed); diff != "" {
		t.Errorf(".env.example (-read by the program +listed):\n%s", diff)
	}
}
