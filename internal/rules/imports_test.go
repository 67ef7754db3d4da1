package rules

import (
	"slices"
	"strings"
	"testing"

	"smsetl/internal/dev/long"
)

var _ = long.Wanted

// mayImport says which rooms of the module each room may know. Everything may know sms. A folder that is not here may not
// exist: whoever adds a room says what it may know.
var mayImport = map[string][]string{
	"sms":               {},
	"extract":           {"internal/pack"},
	"extract/engagelab": {"extract", "config", "internal/pack"},
	"extract/tencent":   {"extract", "config", "internal/pack"},
	"extract/huawei":    {"config", "internal/pack", "internal/archive"},
	"capture":           {"extract"}, // what came back; the extractors' scrubber
	"transform":         {"internal/pack"},
	// The vendors' meanings. A vendor's folder knows what they share.
	"transform/engagelab": {"transform", "internal/pack"},
	"transform/tencent":   {"transform"},
	"transform/huawei":    {"transform", "internal/pack"},
	// The one list of vendors.
	"vendors": {
		"extract", "extract/engagelab", "extract/tencent", "extract/huawei",
		"transform", "transform/engagelab", "transform/tencent", "transform/huawei", "config", "capture",
	},
	"belief": {},

	// The rooms that speak SQL.
	"internal/db":   {"migrations"},
	"ledger":        {"internal/db"},
	"migrations":    {},
	"load/star":     {"internal/db"},
	"load/raw":      {"internal/db"},
	"load":          {"internal/db", "load/star"},
	"load/messages": {"internal/db", "load", "load/raw"},
	"queue":         {"internal/db"},
	"read":          {"internal/db", "queue", "ledger", "migrations"},
	"check":         {"internal/db", "load/messages", "load/star", "ledger", "read"},
	"ratelimit":     {"internal/db"},
	"money":         {"config", "internal/db", "internal/csvfile", "internal/english"},

	// What is due, and the order of the steps.
	"config": {"plan", "belief", "internal/spelling"},
	"plan":   {"belief", "internal/spelling"},
	"job": {
		"internal/pack", "load", "load/messages", "load/raw", "load/star", "ledger", "lineage", "check", "queue", "plan", "read",
		"transform", "transform/huawei", // the only vendor whose facts are counted from messages
	},
	"drop": {},

	// A configuration in a warehouse, and what is brought to it or looked at.
	"pipeline": {
		"config", "vendors", "extract", "extract/engagelab", "extract/tencent", "plan", "ledger", "load", "load/messages", "load/raw", "queue", "job",
		"check", "money", "ratelimit", "lineage", "internal/db", "internal/english", "internal/confined",
	},
	"ingest": {
		"pipeline", "config", "extract/huawei", "drop", "job", "load", "load/messages", "queue", "check", "web/push", "lineage", "internal/csvfile", "internal/english", "internal/confined",
	},
	"doctor": {
		"pipeline", "ingest", "config", "vendors", "extract", "extract/engagelab", "capture", "drop", "job", "load", "load/messages", "read",
		"plan", "notify", "internal/pack", "internal/english",
	},

	"explain": {"load", "load/messages", "load/raw", "read", "transform", "transform/huawei", "job"}, // job's mapping is what the numbers were made by

	// People and their tools.
	"access":          {"internal/db"},
	"web":             {"access", "load", "load/messages", "read", "ledger", "queue", "job"},
	"web/pages":       {"web", "web/pages/chart", "web/pages/mark", "web/pages/sheet", "web/pages/trail", "load", "read", "queue", "explain", "internal/dictionary"},
	"web/pages/chart": {},
	"web/pages/mark":  {},
	"web/pages/sheet": {"web/pages/mark"},
	"web/pages/trail": {"web/pages/sheet", "explain", "read", "internal/english"},
	"web/push":        {"web", "load/messages", "extract/huawei"}, // the only vendor that pushes
	"serve": {
		"pipeline", "config", "ingest", "queue", "load", "load/messages", "ledger", "read", "explain", "check", "access", "notify", "web", "web/pages",
		"web/push", "internal/english",
	},
	"notify":      {"load/messages", "ledger", "check"},
	"bi":          {}, // it knows the names of views, and gets what the catalog says of them
	"bi/metabase": {"bi"},
	"bi/export":   {"bi"},
	"lineage":     {},

	// The vendors know nothing of their customers' program.
	"sandbox":             {"sandbox/traffic"},
	"sandbox/traffic":     {},
	"sandbox/huawei":      {"sandbox"},
	"sandbox/replay":      {"sandbox", "sandbox/traffic"},
	"internal/pack":       {},
	"internal/archive":    {},
	"internal/csvfile":    {"internal/english"},
	"internal/confined":   {"internal/spawn"},
	"internal/english":    {},
	"internal/spelling":   {},
	"internal/spawn":      {},
	"internal/postgres":   {"internal/spawn"},
	"internal/dictionary": {"load", "read"},
	"internal/tracing":    {},
	"internal/rules":      {},

	// Tools of development. No product room may know them.
	"internal/dev/long":          {},
	"internal/dev/golden":        {},
	"internal/dev/browsertest":   {},
	"internal/dev/pgtest":        {"migrations", "internal/postgres", "vendors"},
	"internal/dev/bitools":       {},
	"internal/dev/cookbook":      {},
	"internal/dev/plant":         {},
	"internal/dev/temper":        {"sandbox/traffic"},
	"internal/dev/extracttest":   {"extract", "internal/pack"},
	"internal/dev/transformtest": {"internal/pack"},
	"internal/dev/smstest":       {},
	"internal/dev/loopback":      {},
	"internal/dev/torture":       {}, // bytes between a program and a server, whoever they are
	"internal/dev/torture/cases": {"*"},
	"internal/dev/torture/run":   {"*"},
	"internal/dev/lived":         {"sandbox"},
	"internal/dev/flood":         {"*"},
	"internal/dev/metabasetest":  {}, // what a Metabase does is not known from what its client does

	// What is shown, and where its numbers come from.
	"cmd/etl/show": {
		"bi/metabase", "capture", "check", "config", "doctor", "explain", "extract/huawei", "ingest", "internal/english", "job", "load", "load/raw",
		"money", "pipeline", "plan", "queue", "read",
	},

	"docs/cookbook":  {},
	"cmd/etl/manual": {"config"},
	"cmd/etl/ask":    {"config", "internal/spelling"},

	// These two put everything together.
	"cmd/etl":            {"*"},
	"internal/dev/bench": {"*"},
}

// mayNotImport names what else a room has no business with.
var mayNotImport = map[string][]string{
	// The same bytes give the same rows in ten years: no network, no files, no database, no clock, no logs.
	"transform": {"net", "os", "database/sql", "context", "log", "github.com/jackc", "go.uber.org/zap", "github.com/riverqueue"},
	// The configuration reads files and variables only through what it is handed. net/url and net/netip are parsers.
	"config": {"net/http", "os", "database/sql", "github.com/jackc", "go.uber.org/zap", "github.com/riverqueue"},
	// Planning is pure.
	"plan": {
		"net", "os", "context", "database/sql", "github.com/goccy", "github.com/jackc", "go.uber.org/zap", "github.com/riverqueue",
	},
	// Vendors' answers are none of the warehouse's business, nor tables of the extractors'.
	"load":    {"net/http", "encoding/json/v2"},
	"extract": {"database/sql", "github.com/jackc", "github.com/riverqueue"},
	"sandbox": {"database/sql", "github.com/jackc", "github.com/riverqueue", "github.com/tencentcloud"},
	// Values in, text out.
	"cmd/etl/show": {"net", "context", "database/sql", "github.com/jackc", "github.com/riverqueue", "github.com/goccy"},
	// Flags and variables of the environment are read by commands.
	"pipeline": {"os", "net", "github.com/alecthomas", "github.com/goccy"},
	"ingest":   {"net", "github.com/alecthomas", "github.com/goccy"},
	"serve":    {"database/sql", "github.com/jackc", "github.com/alecthomas", "github.com/goccy"},
	"doctor":   {"os", "database/sql", "github.com/jackc", "github.com/alecthomas", "github.com/goccy"},
	// It speaks to Metabase, which speaks to the warehouse.
	"bi":    {"database/sql", "github.com/jackc", "github.com/riverqueue", "github.com/goccy", "go.uber.org/zap"},
	"job":   {"net/http", "github.com/goccy", "github.com/tencentcloud"},
	"queue": {"net/http", "github.com/goccy", "github.com/tencentcloud"},

	"internal/dev/metabasetest": {"database/sql", "github.com/jackc", "github.com/riverqueue", "github.com/goccy", "go.uber.org/zap"},
}

func TestRoomsKnowOnlyWhatTheyMay(t *testing.T) {
	for _, s := range sources(t) {
		allowed, known := mayImport[s.dir]
		if !known {
			t.Errorf("%s: the folder %s is not in the table of rooms: say there what it may import", s.path, s.dir)
			continue
		}
		for name, spec := range s.imports() {
			if other, ours := room(name); ours {
				// Tests may use test rooms and put rooms together.
				fine := s.isTest || other == "sms" || slices.Contains(allowed, other) || slices.Contains(allowed, "*") ||
					isTestRoom(s.dir) && isTestRoom(other)
				if !fine {
					t.Errorf("%s: %s may not import %s", s.at(spec), s.dir, other)
				}
			} else if s.dir == "sms" && !s.isTest && !isStandard(name) {
				t.Errorf("%s: sms imports only the standard library, and not %s", s.at(spec), name)
			}
			if s.isTest {
				continue
			}
			for place, forbidden := range mayNotImport {
				if inAny(s.path, []string{place}) && inAny(name, forbidden) && !strings.HasPrefix(name, "net/url") {
					t.Errorf("%s: %s has no business with %s", s.at(spec), s.dir, name)
				}
			}
		}
	}
}

func TestVendorsDoNotKnowEachOther(t *testing.T) {
	apart := []string{"extract", "transform", "load"}
	roomOf := func(dir string) string { first, _, _ := strings.Cut(dir, "/"); return first }
	for _, s := range sources(t) {
		if s.isTest || !slices.Contains(apart, roomOf(s.dir)) {
			continue
		}
		for name, spec := range s.imports() {
			other, ours := room(name)
			if ours && slices.Contains(apart, roomOf(other)) && roomOf(other) != roomOf(s.dir) {
				t.Errorf("%s: %s and %s never know each other", s.at(spec), roomOf(s.dir), roomOf(other))
			}
			// Neither does a vendor's folder, nor what all of them share, know the folder of a vendor.
			if ours && isVendors(other) && roomOf(other) == roomOf(s.dir) {
				t.Errorf("%s: %s may not know the vendor of %s", s.at(spec), s.dir, other)
			}
		}
	}
}

// isVendors says whether the folder is that of one vendor.
func isVendors(dir string) bool {
	return strings.HasPrefix(dir, "extract/") || strings.HasPrefix(dir, "transform/")
}

func TestTestRoomsAreForTests(t *testing.T) {
	for _, s := range sources(t) {
		if s.isTest || isTestRoom(s.dir) {
			continue
		}
		for name, spec := range s.imports() {
			other, ours := room(name)
			if ours && isTestRoom(other) {
				t.Errorf("%s: %s is for tests only", s.at(spec), other)
			}
			if name == "testing" || strings.HasPrefix(name, "testing/") && name != "testing/iotest" || strings.HasPrefix(name, "github.com/testcontainers/") ||
				name == "pgregory.net/rapid" || strings.HasPrefix(name, "github.com/google/go-cmp") || name == "go.uber.org/goleak" {
				t.Errorf("%s: %s belongs into tests and ...test packages", s.at(spec), name)
			}
		}
	}
}

func TestNoBlankImports(t *testing.T) {
	// embed needs it to allow the directive; tzdata is data.
	allowed := []string{"embed", "time/tzdata"}
	for _, s := range sources(t) {
		for name, spec := range s.imports() {
			if spec.Name != nil && spec.Name.Name == "_" && !slices.Contains(allowed, name) {
				t.Errorf("%s: a blank import of %s: call what is needed instead of registering it", s.at(spec), name)
			}
		}
	}
}

// go test ./... -long reaches every package, and one that does not know the flag would fail by it.
func TestEveryPackageWithTestsKnowsLong(t *testing.T) {
	const long = "internal/dev/long"
	knows, tested := map[string]bool{long: true}, map[string]bool{}
	isKnown := func(s source) bool {
		for name := range s.imports() {
			if other, ours := room(name); ours && knows[other] {
				return true
			}
		}
		return false
	}
	all := sources(t)
	for _, s := range all {
		if !s.isTest && isTestRoom(s.dir) && isKnown(s) { // test databases and golden files bring it
			knows[s.dir] = true
		}
	}
	for _, s := range all {
		if s.isTest {
			tested[s.dir] = tested[s.dir] || knows[s.dir] || isKnown(s)
		}
	}
	for dir, is := range tested {
		if !is {
			t.Errorf("%s: no test imports %s, so that go test ./... -long fails there: say var _ = long.Wanted", dir, long)
		}
	}
}
