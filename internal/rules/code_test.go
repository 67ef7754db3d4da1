package rules

import (
	"go/ast"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The places outside of which something may not stand, each with its reason.
var (
	// SQL stands beside the tables. The others speak to the server itself and not to the warehouse.
	sqlPlaces = []string{
		"load", "ledger", "read", "check", "queue", "ratelimit", "access", "money", "internal/db", "migrations", "internal/postgres",
		"internal/dev",
		"bi/questions.go", // what other programs ask as an analyst
	}

	// River is used by its API; its tables are known to one file, with the statements beside it, and to who
	// looks what is left of broken work, or makes some up.
	riverPlaces = []string{"queue/tables.go", "queue/sql", "migrations", "internal/dev/torture", "internal/dev/lived", "internal/dev/bench/upgrade.go"}

	// Vendors' addresses are known to their clients. The embedded server knows where its download is; the emulator answers
	// with redirects; config shows an example in a message, and its schema and events of lineage say which kind of document they are.
	httpsPlaces = []string{"extract", "internal/dev/extracttest", "internal/postgres", "sandbox", "config/source.go", "config/schema.go", "lineage/event.go"}

	// Every role of a database may take any advisory lock and keep it for ever, so nothing of ours waits for one: see
	// internal/db/turn.go. Tests keep to themselves.
	advisoryPlaces = []string{"internal/dev"}

	// Whoever starts a goroutine also waits for it. cmd/etl waits for signals; the emulator
	// serves; the embedded server is watched by a thread of its own; the bench measures two programs at once.
	goroutinePlaces = []string{"cmd/etl", "sandbox", "internal/postgres", "internal/dev"}

	// One file reads the environment of the program, so that all settings can be listed. The others are for tests, or choose what of
	// it a program that is started gets.
	environmentPlaces = []string{"cmd/etl/environment.go", "internal/spawn", "internal/dev"}

	// Programs are started with an environment from the allow-list, so that none inherits the credentials of this one.
	commandPlaces = []string{"internal/spawn", "internal/dev"}

	// Pure rooms are told the time.
	clocklessRooms = []string{"sms", "transform", "config", "plan", "migrations", "internal/pack"}
)

var sqlForm = regexp.MustCompile(`\b(SELECT|INSERT INTO|DELETE FROM|MERGE INTO|UPDATE [a-z_.]+ SET|CREATE (TABLE|VIEW|SCHEMA)|TRUNCATE)\b`)

func TestWhatStandsWhere(t *testing.T) {
	for _, s := range sources(t) {
		if s.isTest {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BasicLit:
				s.checkText(t, n)
			case *ast.GoStmt:
				if !inAny(s.path, goroutinePlaces) && !isTestRoom(s.dir) {
					t.Errorf("%s: a goroutine starts here: only %s start them", s.at(n), strings.Join(goroutinePlaces, ", "))
				}
			case *ast.SelectorExpr:
				s.checkSelector(t, n)
			case *ast.CompositeLit:
				if made, ok := n.Type.(*ast.SelectorExpr); ok && made.Sel.Name == "Cmd" {
					s.checkStart(t, n, "a command without a constructor")
				}
			}
			return true
		})
	}
}

func TestRiversTablesAreKnownToOneRoom(t *testing.T) {
	for _, name := range files(t) {
		if path.Ext(name) != ".sql" || inAny(name, riverPlaces) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(root(t), filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "river.river_") {
			t.Errorf("%s: River's tables stand here: they belong into queue/sql", name)
		}
	}
}

func (s source) checkText(t *testing.T, n *ast.BasicLit) {
	if n.Kind != token.STRING {
		return
	}
	text, err := strconv.Unquote(n.Value)
	if err != nil {
		t.Errorf("%s: %v", s.at(n), err)
		return
	}
	if sqlForm.MatchString(text) && !inAny(s.path, sqlPlaces) {
		t.Errorf("%s: SQL stands here: it belongs into load or queue", s.at(n))
	}
	if strings.Contains(text, "pg_advisory") || strings.Contains(text, "pg_try_advisory") {
		if !inAny(s.path, advisoryPlaces) {
			t.Errorf("%s: an advisory lock is taken here: every role may keep it from us, use db.Turn", s.at(n))
		}
	}
	if strings.Contains(text, "river.river_") && !inAny(s.path, riverPlaces) {
		t.Errorf("%s: River's tables stand here: they belong into queue/tables.go", s.at(n))
	}
	if strings.Contains(text, "https://") && !inAny(s.path, httpsPlaces) {
		t.Errorf("%s: an address stands here: it belongs into extract", s.at(n))
	}
}

func (s source) checkSelector(t *testing.T, n *ast.SelectorExpr) {
	pkg, ok := n.X.(*ast.Ident)
	if !ok {
		return
	}
	switch name := pkg.Name + "." + n.Sel.Name; name {
	case "os.Getenv", "os.LookupEnv", "os.Environ", "os.ExpandEnv":
		if !inAny(s.path, environmentPlaces) {
			t.Errorf("%s: %s: the environment is read in %s", s.at(n), name, environmentPlaces[0])
		}
	case "exec.Command", "exec.CommandContext", "os.StartProcess", "syscall.ForkExec", "syscall.StartProcess", "syscall.Exec":
		s.checkStart(t, n, name)
	case "time.Now", "time.Since", "time.Until":
		if inAny(s.path, clocklessRooms) {
			t.Errorf("%s: %s: %s is told the time", s.at(n), name, s.dir)
		}
	case "zap.L", "zap.S":
		t.Errorf("%s: %s: a logger is handed over", s.at(n), name)
	}
}

// checkStart keeps the start of programs in one place.
func (s source) checkStart(t *testing.T, n ast.Node, what string) {
	t.Helper()
	if !inAny(s.path, commandPlaces) {
		t.Errorf("%s: %s: a program is made by spawn.Command, which hands on no credential", s.at(n), what)
	}
}

// Under another name the calls of these packages would not be seen.
func TestStartersOfProgramsKeepTheirNames(t *testing.T) {
	for _, s := range sources(t) {
		for name, spec := range s.imports() {
			if spec.Name != nil && slices.Contains([]string{"os", "os/exec", "syscall"}, name) {
				t.Errorf("%s: %s is imported under another name", s.at(spec), name)
			}
		}
	}
}

// mostLines bounds the code of a room, tests aside: what one holds in one's head.
const mostLines = 3000

func TestRoomsAreSmall(t *testing.T) {
	lines := map[string]int{}
	for _, s := range sources(t) {
		if !s.isTest {
			lines[s.dir] += s.set.Position(s.file.End()).Line
		}
	}
	for room, n := range lines {
		if n > mostLines {
			t.Errorf("%s has %d lines: a room has %d at most, so that one head holds it", room, n, mostLines)
		}
	}
}

// wide are the rooms with more names than others may have: the vocabulary, the contract of vendors, and the questions of pages and
// commands, each with the form of its answer.
var wide = []string{"sms", "extract", "read"}

// mostNames bounds what somebody who uses a room has to know of it.
const mostNames = 40

func TestRoomsHaveFewNames(t *testing.T) {
	names := map[string]int{}
	for _, s := range sources(t) {
		if s.isTest || strings.HasPrefix(s.dir, "sandbox") || strings.HasPrefix(s.dir, "internal/dev") {
			continue
		}
		for _, d := range s.file.Decls {
			names[s.dir] += exported(d)
		}
	}
	for room, n := range names {
		if isWide := slices.Contains(wide, room); n > mostNames && !isWide || n <= mostNames && isWide {
			t.Errorf("%s has %d exported names: a room has %d at most, but for %s", room, n, mostNames, strings.Join(wide, ", "))
		}
	}
}

// exported counts the names that a declaration gives to other rooms; a method comes with its type.
func exported(d ast.Decl) (n int) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil && d.Name.IsExported() {
			n++
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				if spec.Name.IsExported() {
					n++
				}
			case *ast.ValueSpec:
				for _, name := range spec.Names {
					if name.IsExported() {
						n++
					}
				}
			}
		}
	}
	return n
}

func TestNoInitAndNoUntypedRecords(t *testing.T) {
	for _, s := range sources(t) {
		if s.isTest {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Recv == nil && n.Name.Name == "init" {
					t.Errorf("%s: no init: what happens at start-up stands in main", s.at(n))
				}
			case *ast.MapType:
				if isAny(n.Value) {
					t.Errorf("%s: a map of any: name the fields in a struct", s.at(n))
				}
			case *ast.StructType:
				s.checkTags(t, n)
			}
			return true
		})
	}
}

// checkTags keeps settings out of struct tags of other rooms: they are read from the environment too.
func (s source) checkTags(t *testing.T, n *ast.StructType) {
	for _, field := range n.Fields.List {
		if field.Tag != nil && strings.Contains(field.Tag.Value, `env:"`) {
			t.Errorf("%s: an env tag reads the environment behind the back of %s", s.at(field), environmentPlaces[0])
		}
	}
}

func isAny(e ast.Expr) bool {
	if id, ok := e.(*ast.Ident); ok {
		return id.Name == "any"
	}
	i, ok := e.(*ast.InterfaceType)
	return ok && len(i.Methods.List) == 0
}

func TestFilesAreNamedByWhatIsInThem(t *testing.T) {
	nameless := []string{"util", "utils", "helper", "helpers", "common", "misc", "types", "model", "models", "base_types"}
	for _, s := range sources(t) {
		stem := strings.TrimSuffix(strings.TrimSuffix(path.Base(s.path), ".go"), "_test")
		if slices.Contains(nameless, stem) || slices.Contains(nameless, path.Base(s.dir)) {
			t.Errorf("%s: the name says the kind of code and not its subject", s.path)
		}
	}
}

// unwanted are words that mean nothing to the next reader, and folders of one machine.
var unwanted = []*regexp.Regexp{
	regexp.MustCompile(`(?i)\bissue` + ` #?[0-9]+`),
	regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X)\b`),
	regexp.MustCompile(`\b[Tt]his ses` + `sion\b|\b[Aa]s reque` + `sted\b`),
	regexp.MustCompile(`(^|[\s"'` + "`" + `=(])/(wo` + `rk|ro` + `ot|fa` + `rm)/`),
}

func TestNoWordsOfTheWorkshop(t *testing.T) {
	texts := []string{".go", ".md", ".sql", ".yaml", ".yml", ".mod", ".sh", ".toml", ".example", "", ".html", ".css", ".js"}
	top := root(t)
	for _, name := range files(t) {
		if !slices.Contains(texts, path.Ext(name)) || strings.Contains(name, "testdata/") || name == module {
			continue
		}
		data, err := os.ReadFile(filepath.Join(top, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		if len(data) > 1<<20 {
			continue // no text that somebody wrote
		}
		for i, line := range strings.Split(string(data), "\n") {
			for _, form := range unwanted {
				if found := form.FindString(line); found != "" {
					t.Errorf("%s:%d: %q means nothing to the next reader", name, i+1, strings.TrimSpace(found))
				}
			}
		}
	}
}
