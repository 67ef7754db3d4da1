package cookbook_test

import (
	"context"
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5"

	"smsetl/internal/dev/cookbook"
)

var update = flag.Bool("update", false, "write docs/cookbook/README.md instead of comparing with it")

const (
	folder = "../../../docs/cookbook"
	page   = folder + "/README.md"
)

// asker is somebody who may ask.
type asker interface {
	Query(ctx context.Context, sql string, arguments ...any) (pgx.Rows, error)
}

// ask gives the answer as psql would print it.
func ask(t testing.TB, conn asker, sql string) (answer cookbook.Table, err error) {
	t.Helper()
	rows, err := conn.Query(t.Context(), sql, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		return answer, err
	}
	defer rows.Close()
	for _, column := range rows.FieldDescriptions() {
		answer.Columns = append(answer.Columns, column.Name)
	}
	answer.Rows, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) ([]string, error) {
		var cells []string
		for _, value := range row.RawValues() {
			if value == nil {
				cells = append(cells, cookbook.Null)
				continue
			}
			cells = append(cells, string(value))
		}
		return cells, nil
	})
	return answer, err
}

// TestCookbook fills a warehouse once and asks every question of it: the answers are what the vendors know, also when some of them
// do not report some measures; the page shows them; and a question that is put badly is noticed.
func TestCookbook(t *testing.T) {
	queries, err := cookbook.Read(folder)
	if err != nil {
		t.Fatal(err)
	}
	if len(queries) != len(expected) || len(queries) < 20 {
		t.Fatalf("%d queries, and expectations for %d", len(queries), len(expected))
	}
	w := fill(t)
	truth := newWorld(t, w.vendors, w.console)
	w.exec(`SELECT set_config('etl.now', $1, false)`, lastRun.Format("2006-01-02T15:04:05-07:00"))

	worlds := []*told{{what: "as_it_is", truth: truth}}
	for what, less := range variants {
		other := newWorld(t, w.vendors, w.console)
		less.truth(other)
		worlds = append(worlds, &told{what, less.sql, other, nil})
	}
	for _, world := range worlds {
		world.want = map[string][][]string{}
		for _, q := range queries {
			world.want[q.Name] = expected[q.Name](world.truth)
		}
	}
	for _, world := range worlds {
		t.Run(world.what, func(t *testing.T) {
			answers := map[string]cookbook.Table{}
			w.asAnalyst(t, world.sql, func(tx pgx.Tx) {
				for _, q := range queries {
					t.Run(q.Name, func(t *testing.T) { answers[q.Name] = world.agrees(t, tx, q) })
				}
			})
			if world.sql == "" {
				isShown(t, queries, answers)
				w.asAnalyst(t, "", func(tx pgx.Tx) { isNamedFirst(t, tx) })
			}
		})
	}
	t.Run("mistakes", func(t *testing.T) { mistakes(t, w, queries, worlds) })
}

// told is a world, what makes the warehouse hold it, and what the queries have to answer then.
type told struct {
	what  string
	sql   string
	truth *world
	want  map[string][][]string
}

// agrees compares an answer with the truth.
func (w *told) agrees(t *testing.T, tx pgx.Tx, q cookbook.Query) cookbook.Table {
	t.Helper()
	answer, err := ask(t, tx, q.SQL)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(w.want[q.Name], answer.Rows, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("%s.sql (-truth +answer):\n%s", q.Name, d)
	}
	return answer
}

// isShown insists that the page shows the answers.
func isShown(t *testing.T, queries []cookbook.Query, answers map[string]cookbook.Table) {
	t.Helper()
	got := cookbook.Markdown(queries, answers)
	if *update {
		if err := os.WriteFile(page, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s does not show the answers (-page +answers); run go test ./internal/dev/cookbook -update:\n%s", page, d)
	}
}

// asAnalyst does something with the rights of sms_analyst, after the owner did something that is undone at the end.
func (w *warehouse) asAnalyst(t *testing.T, first string, do func(pgx.Tx)) {
	t.Helper()
	tx, err := w.conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := tx.Rollback(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	if _, err := tx.Exec(t.Context(), first+`; SET LOCAL ROLE sms_analyst; SET LOCAL transaction_read_only = on`, pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatal(err)
	}
	do(tx)
}
