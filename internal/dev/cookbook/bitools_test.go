package cookbook_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5"

	"smsetl/bi"
	"smsetl/internal/dev/bitools"
	"smsetl/internal/dev/browsertest"
	"smsetl/internal/dev/cookbook"
)

// The warehouses that the tools are asked about: as the vendors fill it, then with measures that accounts do not report.
var toolWorlds = []string{"", "not_reported"}

// TestTools lets dbt, Superset and datacontract-cli read what etl export writes for them, and ask a warehouse whose truth is known.
// Pictures of the dashboards are left in artifacts/screenshots.
func TestTools(t *testing.T) {
	dbt, contract := bitools.Install(t, "dbt"), bitools.Install(t, "datacontract")
	queries, err := cookbook.Read(folder)
	if err != nil {
		t.Fatal(err)
	}
	w := fill(t)
	a := newAnalyst(w)
	a.export("dbt", dbt.Dir())
	a.export("odcs", contract.Dir())
	bundle := filepath.Join(w.dir, "superset.zip")
	a.export("superset", bundle)
	superset := bitools.StartSuperset(t, bundle, "SMS delivery", a.address("postgresql+psycopg2"))
	for _, what := range toolWorlds {
		truth := newWorld(t, w.vendors, w.console)
		if less, is := variants[what]; is {
			less.truth(truth)
			w.exec("BEGIN;" + less.sql + "; COMMIT")
		}
		t.Run("dbt "+what, func(t *testing.T) { a.asksDBT(t, dbt, queries, truth) })
		t.Run("superset "+what, func(t *testing.T) { a.asksSuperset(t, superset, queries, truth) })
		t.Run("datacontract "+what, func(t *testing.T) { a.testsContract(t, contract) })
	}
	t.Run("dashboards", func(t *testing.T) { draws(t, superset) })
}

// analyst is a login that is a member of sms_analyst and has a schema of its own, as docs/bi.md makes one.
type analyst struct {
	*warehouse
	at *url.URL
}

func newAnalyst(w *warehouse) *analyst {
	w.t.Helper()
	u, err := url.Parse(w.url)
	if err != nil {
		w.t.Fatal(err)
	}
	name := "analyst_" + strings.ReplaceAll(strings.TrimPrefix(u.Path, "/"), "-", "_")
	u.User = url.UserPassword(name, "x")
	w.exec(`CREATE ROLE ` + name + ` LOGIN PASSWORD 'x' IN ROLE sms_analyst`)
	w.exec(`CREATE SCHEMA analytics AUTHORIZATION ` + name)
	w.exec(`ALTER ROLE ` + name + ` SET etl.now = '` + lastRun.Format("2006-01-02T15:04:05-07:00") + `'`)
	w.t.Cleanup(func() {
		w.exec(`DROP OWNED BY ` + name + ` CASCADE`)
		w.exec(`DROP ROLE ` + name)
	})
	return &analyst{w, u}
}

// address gives the address for a driver.
func (a *analyst) address(scheme string) string {
	u := *a.at
	u.Scheme, u.RawQuery = scheme, ""
	return u.String()
}

func (a *analyst) export(format, to string) {
	a.t.Helper()
	a.etl(lastRun, "export", format, to, "--database", a.url)
}

// asksDBT builds and tests the package, asks the questions as dbt compiles them, and metrics as MetricFlow computes them.
func (a *analyst) asksDBT(t *testing.T, dbt *bitools.Program, queries []cookbook.Query, truth *world) {
	t.Logf("%s", last(dbt.Run(t, "dbt", "build"), 1))
	dbt.Run(t, "dbt", "compile")
	conn, err := pgx.Connect(t.Context(), a.at.String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for _, q := range queries {
		sql, err := os.ReadFile(filepath.Join(dbt.Dir(), "target/compiled/sms_delivery/analyses", q.Name+".sql"))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(sql), `"analytics".`) {
			t.Errorf("%s asks no model of the package", q.Name)
		}
		answer, err := ask(t, conn, string(sql))
		if err != nil {
			t.Fatalf("%s: %v", q.Name, err)
		}
		if d := cmp.Diff(expected[q.Name](truth), answer.Rows, cmpopts.EquateEmpty()); d != "" {
			t.Errorf("%s (-truth +dbt):\n%s", q.Name, d)
		}
	}
}

func last(text string, lines int) string {
	all := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// result is an answer of Superset's.
type result struct {
	Columns []struct {
		Name string `json:"column_name"`
	} `json:"columns"`
	Data []map[string]json.RawMessage `json:"data"`
}

// asksSuperset asks the questions in its SQL Lab, and the metrics of its datasets.
func (a *analyst) asksSuperset(t *testing.T, s *bitools.Superset, queries []cookbook.Query, truth *world) {
	type question struct {
		Database int    `json:"database_id"`
		SQL      string `json:"sql"`
		Schema   string `json:"schema"`
		Client   string `json:"client_id"`
	}
	for i, q := range queries {
		var r result
		s.Call(t, http.MethodPost, "/api/v1/sqllab/execute/", question{1, q.SQL, "sms", fmt.Sprintf("t%d%.6s", i, t.Name()[len(t.Name())-6:])}, &r)
		var got [][]string
		for _, row := range r.Data {
			var cells []string
			for _, c := range r.Columns {
				cells = append(cells, plain(row[c.Name]))
			}
			got = append(got, cells)
		}
		if d := cmp.Diff(plainRows(expected[q.Name](truth)), got, cmpopts.EquateEmpty()); d != "" {
			t.Errorf("%s (-truth +Superset):\n%s", q.Name, d)
		}
	}
	a.asksDatasets(t, s)
}

// plainRows gives rows in the form of plain.
func plainRows(rows [][]string) [][]string {
	var all [][]string
	for _, row := range rows {
		var cells []string
		for _, cell := range row {
			cells = append(cells, plainText(cell))
		}
		all = append(all, cells)
	}
	return all
}

// plain gives a value of JSON as PostgreSQL would write it, as far as both can: numbers to nine digits, days without a time.
func plain(value json.RawMessage) string {
	var text string
	switch {
	case len(value) == 0 || string(value) == "null":
		return cookbook.Null
	case json.Unmarshal(value, &text) == nil:
		return plainText(text)
	}
	return plainText(string(value))
}

func plainText(text string) string {
	text = strings.TrimSuffix(strings.TrimSuffix(text, "T00:00:00"), " 00:00:00")
	switch text {
	case "t":
		return "true"
	case "f":
		return "false"
	}
	if n, ok := new(big.Rat).SetString(text); ok {
		return n.FloatString(9)
	}
	return text
}
