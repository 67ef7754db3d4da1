package cases

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"smsetl/internal/db"
)

// Judged remembers in what states broken steps have left the world, and what came of each. What a program makes of a state that
// another case has left it in as well is not found out for every case again: twice, and then for every tenth of them.
type Judged struct {
	mu     sync.Mutex
	states map[string]*judgedState
}

type judgedState struct {
	met    int
	sound  int // so often all was as it must be afterwards
	totals []total
}

// NewJudged remembers nothing yet. It may serve any number of stages.
func NewJudged() *Judged { return &Judged{states: map[string]*judgedState{}} }

// Remember lets a stage make use of what came of other cases, and add to it.
func (s *Stage) Remember(judged *Judged) { s.judged = judged }

// known gives what there was after a state, if what comes of it need not be found out once more.
func (j *Judged) known(state string) (after []total, is bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	s := j.states[state]
	if s == nil {
		s = &judgedState{}
		j.states[state] = s
	}
	s.met++
	return s.totals, s.sound >= 2 && s.met%10 != 0
}

// hold remembers that all was well after a state.
func (j *Judged) hold(state string, after []total) {
	j.mu.Lock()
	defer j.mu.Unlock()
	s := j.states[state]
	s.sound++
	s.totals = after
}

// everything is every row of every table that the product writes, as JSON, with who of the workers lives. dim_date is filled once.
const everything = `
	SELECT string_agg(format('SELECT %L AS at, to_jsonb(t) %s AS line FROM %I.%I AS t', n.nspname || '.' || c.relname,
	                         CASE WHEN c.relname = 'worker' THEN '|| jsonb_build_object(''lives'', etl.lives(t.backend, t.role, t.session))' END,
	                         n.nspname, c.relname), ' UNION ALL ')
	FROM pg_class     AS c
	JOIN pg_namespace AS n ON n.oid = c.relnamespace
	WHERE n.nspname IN ('etl', 'sms', 'river')
	  AND c.relkind = 'r'
	  AND c.relname NOT IN ('dim_date', 'schema_migration', 'river_migration')`

type stored struct {
	At   string
	Line map[string]json.RawMessage
}

// outcome finds out what comes of what a broken step has left, and gives the sums of the days then.
func (p *playing) outcome(ctx context.Context, was picture, began time.Time) (after []total, err error) {
	state := ""
	if p.stage.judged != nil && p.isDisturbed() && !p.Scenario.isNew && p.look(ctx) == nil {
		if state, err = p.state(ctx, began); err != nil {
			return nil, err
		}
	}
	if state != "" {
		if after, is := p.stage.judged.known(state); is {
			p.result.IsKnown = true
			untrue, err := Untrue(ctx, p.db)
			p.wrong(untrue...)
			return after, err
		}
	}
	wrong := len(p.result.Wrong)
	if err := p.judge(ctx, was); err != nil || p.db == nil {
		return nil, err
	}
	if after, err = p.totals(ctx); err == nil && state != "" && len(p.result.Wrong) == wrong {
		p.stage.judged.hold(state, after)
	}
	return after, err
}

// isQuiet waits a moment for the sessions of what was broken to end. One that goes on may still change what there is.
func (p *playing) isQuiet(ctx context.Context) (is bool, err error) {
	for range 10 {
		is, err = one[bool](ctx, p.db, `
			SELECT NOT EXISTS (SELECT FROM pg_stat_activity
			                   WHERE datname = current_database() AND backend_type = 'client backend' AND application_name <> 'torture')`)
		if err != nil || is {
			return is, err
		}
		if err := db.Pause(ctx, 3*time.Millisecond); err != nil {
			return false, err
		}
	}
	return false, nil
}

// state names the state that the world is in, and is empty while something still works there. What differs between any two runs is
// left out: numbers that a sequence gives, of which only the order counts, the time by a clock that nobody plays with, ports, names
// of processes, and what a connection that broke was about.
func (p *playing) state(ctx context.Context, began time.Time) (string, error) {
	if isQuiet, err := p.isQuiet(ctx); err != nil || !isQuiet {
		return "", err
	}
	if p.stage.everything == "" {
		all, err := one[string](ctx, p.db, everything)
		if err != nil {
			return "", err
		}
		p.stage.everything = all
	}
	rows, err := db.All[stored](ctx, p.db, p.stage.everything)
	if err != nil {
		return "", err
	}
	lines := plain(rows, began)
	files, err := p.filesNow()
	sum := sha256.Sum256([]byte(p.Scenario.Name + "\n" + strings.Join(slices.Concat(lines, files), "\n")))
	return hex.EncodeToString(sum[:]), err
}

// filesNow is what lies in the folder.
func (p *playing) filesNow() (lines []string, err error) {
	if p.folder == "" {
		return nil, nil
	}
	root := os.DirFS(p.folder)
	err = fs.WalkDir(root, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(root, path)
		lines = append(lines, fmt.Sprintf("%s %x", path, sha256.Sum256([]byte(varying.ReplaceAllString(string(text), "_")))))
		return err
	})
	return lines, err
}

// numbered are the columns whose values a sequence gives, and of what.
var numbered = map[string]string{
	"id": "job", "river_job_id": "job", "job_id": "job", "run_id": "run", "load_id": "load", "replaced_by": "load", "fetch_id": "fetch",
	"account_key": "account", "template_key": "template", "label_key": "label", "message_type_key": "message_type", "reason_key": "reason",
	"country_key": "country",
}

// owners are the tables whose lines have such numbers, with the column and what a line is known by instead: its columns that are named,
// or all. Of several that are known by the same the order counts.
var owners = map[string]struct {
	column string
	keys   []string
}{
	"river.river_job": {"id", []string{"kind", "args"}}, "etl.run": {"run_id", []string{"command", "arguments"}},
	"etl.load":         {"load_id", []string{"datasets", "window_from", "window_to"}},
	"etl.fetch":        {"fetch_id", []string{"url", "action", "body", "window_from", "window_to", "dataset"}},
	"sms.dim_account":  {column: "account_key"},
	"sms.dim_template": {column: "template_key"}, "sms.dim_label": {column: "label_key"}, "sms.dim_message_type": {column: "message_type_key"},
	"sms.dim_failure_reason": {column: "reason_key"}, "sms.dim_country": {column: "country_key"},
}

// derived are columns that say of a moment, of an address, or of keys what other columns say of what they stand for. That digests are
// those of the stored rows is looked at by itself.
var derived = map[string][]string{
	"etl.worker": {"backend", "pid", "host"}, "etl.pace": {"budget", "rest", "holders"}, "etl.coverage": {"digest"}, "etl.day_rows": {"keys", "rows"},
}

// varying is what is said of a moment or of a process and counts for nothing: times, ports, names of workers, addresses of databases,
// what a connection that broke was about.
var varying = regexp.MustCompile(strings.Join([]string{
	`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.\d]*(Z|[+-]\d\d:?(\d\d)?)?`, `127\.0\.0\.1:\d+`, `(run|serve)_[A-Za-z0-9-]+_\d+_\d+`, `torture_?\d+`,
	`etl worker [A-Z2-7]{26}`, `load \d+ \d+`, `"run_id": \d+`, `[^"]*temporary: [^"]*`,
}, "|"))

// plain makes rows comparable between runs.
func plain(rows []stored, began time.Time) []string {
	names := named(rows, began)
	lines := make([]string, len(rows))
	for i, row := range rows {
		var line strings.Builder
		line.WriteString(row.At)
		for _, column := range slices.Sorted(maps.Keys(row.Line)) {
			value := string(row.Line[column])
			line.WriteString("|" + column + "=")
			line.WriteString(plainValue(row.At, column, value, names, began))
		}
		lines[i] = line.String()
	}
	slices.Sort(lines)
	return lines
}

func plainValue(table, column, value string, names map[string]string, began time.Time) string {
	if of, is := numbered[column]; is && value != "null" {
		return names[of+value]
	}
	if slices.Contains(derived[table], column) {
		return "_"
	}
	var text string
	if json.Unmarshal([]byte(value), &text) == nil {
		if at, err := time.Parse(time.RFC3339, text); err == nil {
			return when(at, began)
		}
	}
	return varying.ReplaceAllString(value, "_")
}

// when is a time as the program knows it from a clock that is played with, or only whether it is past by the real one.
func when(at, began time.Time) string {
	switch since := at.Sub(began); {
	case since < -time.Hour || since > 24*time.Hour:
		return at.UTC().Format(time.RFC3339)
	case at.After(time.Now()):
		return "later"
	default:
		return "earlier"
	}
}

// named gives what numbers stand for.
func named(rows []stored, began time.Time) map[string]string {
	alike := map[string][]int64{} // by what they are known by
	for _, row := range rows {
		owner, is := owners[row.At]
		var n int64
		if !is || json.Unmarshal(row.Line[owner.column], &n) != nil {
			continue
		}
		var known strings.Builder
		known.WriteString(numbered[owner.column])
		for _, column := range slices.Sorted(maps.Keys(row.Line)) {
			_, isNumber := numbered[column]
			if !isNumber && (owner.keys == nil || slices.Contains(owner.keys, column)) {
				known.WriteString("|" + plainValue(row.At, column, string(row.Line[column]), nil, began))
			}
		}
		alike[known.String()] = append(alike[known.String()], n)
	}
	names := map[string]string{}
	for known, numbers := range alike {
		slices.Sort(numbers)
		kind, _, _ := strings.Cut(known, "|")
		for i, n := range numbers {
			names[kind+fmt.Sprint(n)] = fmt.Sprintf("%x#%d", sha256.Sum256([]byte(known)), i+1)
		}
	}
	return names
}
