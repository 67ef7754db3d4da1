package cookbook_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

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
	t.Run("install", func(t *testing.T) {
		for _, name := range []string{"dbt", "datacontract", "superset"} {
			t.Run(name, func(t *testing.T) { t.Parallel(); bitools.Install(t, name) })
		}
	})
	dbt, contract := bitools.Install(t, "dbt"), bitools.Install(t, "datacontract")
	queries, err := cookbook.Read(folder)
	if err != nil {
		t.Fatal(err)
	}
	w := fill(t)
	a := newAnalyst(w)
	contract.Setenv("DATACONTRACT_POSTGRES_USERNAME="+a.at.User.Username(), "DATACONTRACT_POSTGRES_PASSWORD=x")
	dbt.Setenv("PGHOST="+a.at.Hostname(), "PGPORT="+a.at.Port(), "PGUSER="+a.at.User.Username(), "PGPASSWORD=x", "PGDATABASE="+strings.TrimPrefix(a.at.Path, "/"))
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
		if what == "" {
			t.Run("dashboards", func(t *testing.T) { draws(t, superset) })
		}
	}
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
		if _, err := w.conn.Exec(context.Background(), `DROP OWNED BY `+name+` CASCADE; DROP ROLE `+name); err != nil {
			w.t.Error(err)
		}
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
	models := 0
	for _, q := range queries {
		sql, err := os.ReadFile(filepath.Join(dbt.Dir(), "target/compiled/sms_delivery/analyses", q.Name+".sql"))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(sql), `"analytics".`) { // else it asks a function
			models++
		}
		answer, err := ask(t, conn, string(sql))
		if err != nil {
			t.Fatalf("%s: %v", q.Name, err)
		}
		if d := cmp.Diff(expected[q.Name](truth), answer.Rows, cmpopts.EquateEmpty()); d != "" {
			t.Errorf("%s (-truth +dbt):\n%s", q.Name, d)
		}
	}
	if models < 25 {
		t.Errorf("only %d of %d questions ask models of the package", models, len(queries))
	}
	a.asksMetrics(t, dbt)
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

var lastLimit = regexp.MustCompile(`LIMIT (\d+);\n$`)

// asksSuperset asks the questions in its SQL Lab, and the metrics of its datasets.
func (a *analyst) asksSuperset(t *testing.T, s *bitools.Superset, queries []cookbook.Query, truth *world) {
	type question struct {
		Database int    `json:"database_id"`
		SQL      string `json:"sql"`
		Schema   string `json:"schema"`
		Client   string `json:"client_id"`
		Limit    int    `json:"queryLimit"`
	}
	for i, q := range queries {
		// SQL Lab of 6.1.0 puts the limit that is chosen on its page in place of the LIMIT of the question.
		limit := 1000
		if own := lastLimit.FindStringSubmatch(q.SQL); own != nil {
			limit, _ = strconv.Atoi(own[1])
		}
		var r result
		s.Call(t, http.MethodPost, "/api/v1/sqllab/execute/", question{1, q.SQL, "sms", fmt.Sprintf("t%d%.6s", i, t.Name()[len(t.Name())-6:]), limit}, &r)
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

// totals are the numbers of each vendor over all rows of sms.delivery_daily, added up here: NULL where a row does not report its part.
type totals map[string]map[string]string // by vendor and metric

func (a *analyst) totals(t *testing.T) totals {
	t.Helper()
	view := bi.ViewOf("delivery_daily")
	answer, err := ask(t, a.conn, "SELECT vendor, "+strings.Join(view.Sums, ", ")+" FROM sms.delivery_daily")
	if err != nil {
		t.Fatal(err)
	}
	sums := map[string]map[string]*big.Rat{}
	for _, row := range answer.Rows {
		of := sums[row[0]]
		if of == nil {
			of = map[string]*big.Rat{}
			for _, name := range view.Sums {
				of[name] = new(big.Rat)
			}
			sums[row[0]] = of
		}
		for i, name := range view.Sums {
			n, ok := new(big.Rat).SetString(row[1+i])
			if !ok || of[name] == nil {
				of[name] = nil
				continue
			}
			of[name].Add(of[name], n)
		}
	}
	all, gaps := totals{}, 0
	for vendor, of := range sums {
		all[vendor] = map[string]string{}
		for _, name := range view.Sums {
			all[vendor][name] = cookbook.Null
			if of[name] != nil {
				all[vendor][name] = of[name].FloatString(9)
				continue
			}
			gaps++
		}
		all[vendor]["delivery_rate"] = cookbook.Null
		if of["delivered"] != nil && of["requested"] != nil && of["requested"].Sign() > 0 {
			all[vendor]["delivery_rate"] = new(big.Rat).Quo(of["delivered"], of["requested"]).FloatString(9)
		}
	}
	if gaps == 0 && strings.HasSuffix(t.Name(), "not_reported") {
		t.Fatal("every vendor reports everything: this proves nothing about NULL")
	}
	return all
}

// asksDatasets asks Superset's charts for the metrics of a dataset.
func (a *analyst) asksDatasets(t *testing.T, s *bitools.Superset) {
	t.Helper()
	metrics := append(slices.Clone(bi.ViewOf("delivery_daily").Sums), "delivery_rate")
	var dataset struct {
		IDs []int `json:"ids"`
	}
	s.Call(t, http.MethodGet, "/api/v1/dataset/?q=(filters:!((col:table_name,opr:eq,value:delivery_daily)))", nil, &dataset)
	if len(dataset.IDs) != 1 {
		t.Fatalf("%d datasets are called delivery_daily", len(dataset.IDs))
	}
	type source struct {
		ID   int    `json:"id"`
		Type string `json:"type"`
	}
	type query struct {
		Columns []string `json:"columns"`
		Metrics []string `json:"metrics"`
		Limit   int      `json:"row_limit"`
	}
	type chart struct {
		Source  source  `json:"datasource"`
		Queries []query `json:"queries"`
		Force   bool    `json:"force"`
	}
	var r struct {
		Result []result `json:"result"`
	}
	s.Call(t, http.MethodPost, "/api/v1/chart/data", chart{source{dataset.IDs[0], "table"}, []query{{[]string{"vendor"}, metrics, 100}}, true}, &r)
	got := totals{}
	for _, row := range r.Result[0].Data {
		vendor := plain(row["vendor"])
		got[vendor] = map[string]string{}
		for _, name := range metrics {
			got[vendor][name] = plain(row[name])
		}
	}
	if d := cmp.Diff(a.totals(t), got); d != "" {
		t.Errorf("(-added up here +Superset):\n%s", d)
	}
}

// asksMetrics asks the metrics of the package as MetricFlow computes them.
func (a *analyst) asksMetrics(t *testing.T, dbt *bitools.Program) {
	t.Helper()
	metrics := append(slices.Clone(bi.ViewOf("delivery_daily").Sums), "delivery_rate")
	file := filepath.Join(dbt.Dir(), "metrics.csv")
	dbt.Run(t, "mf", "query", "--metrics", strings.Join(metrics, ","), "--group-by", "delivery_daily_row__vendor", "--csv", file)
	text, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer text.Close()
	lines, err := csv.NewReader(text).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	got := totals{}
	for _, line := range lines[1:] {
		of := map[string]string{}
		for i, name := range lines[0][1:] {
			if of[name] = plainText(line[1+i]); of[name] == "" {
				of[name] = cookbook.Null
			}
		}
		got[line[0]] = of
	}
	if d := cmp.Diff(a.totals(t), got); d != "" {
		t.Errorf("(-added up here +MetricFlow):\n%s", d)
	}
}

// testsContract lets datacontract-cli look at the contract, and at the warehouse by it.
func (a *analyst) testsContract(t *testing.T, contract *bitools.Program) {
	contract.Run(t, "datacontract", "lint", "sms_delivery.odcs.yaml")
	t.Logf("%s", last(contract.Run(t, "datacontract", "test", "sms_delivery.odcs.yaml"), 3))
}

// draws opens the dashboards, and keeps pictures.
func draws(t *testing.T, s *bitools.Superset) {
	browser := browsertest.New(t)
	const days = "2026-08-24 : 2026-11-22"
	day := "?standalone=1&native_filters=" + url.QueryEscape("(NATIVE_FILTER-day:(__cache:(),extraFormData:(time_range:'"+days+"'),filterState:(value:'"+days+"'),id:NATIVE_FILTER-day,ownState:()))")
	for _, d := range bi.Dashboards() {
		bottom := d.Tiles[len(d.Tiles)-1]
		tab := browser.Tab(t, browsertest.Screen{Width: 1400, Height: int64(300 + 56*(bottom.Row+bottom.Height))})
		if status := tab.Open(s.Address + "/superset/dashboard/sms-" + d.Key + "/" + day); status != http.StatusOK {
			t.Fatalf("%s: status %d", d.Name, status)
		}
		drawn := 0
		for _, tile := range d.Tiles {
			if tile.Question != "" {
				drawn++
			}
		}
		isDrawn := fmt.Sprintf(`[...document.querySelectorAll('.dashboard-chart .slice_container')].filter(e =>
			e.checkVisibility({opacityProperty: true, visibilityProperty: true}) && e.offsetHeight > 20 && (e.querySelector('canvas') || e.innerText.trim())
		).length === %d && !document.querySelector('[data-test=loading-indicator]')`, drawn)
		// Charts come and go while the page finds its size; and a minute is not enough on a machine that has much else to do.
		still := 0
		for deadline := time.Now().Add(5 * time.Minute); still < 5; time.Sleep(time.Second) {
			if still++; !browsertest.Ask[bool](tab, isDrawn) {
				still = 0
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s is not drawn: %s", d.Name, browsertest.Ask[string](tab, `document.body.innerText`))
			}
		}
		if wrong := browsertest.Ask[[]string](tab, `[...document.querySelectorAll('[role=alert], .ant-alert-error')].map(e => e.textContent)`); len(wrong) > 0 {
			t.Errorf("%s: %v", d.Name, wrong)
		}
		tab.Snapshot("superset-" + d.Key)
	}
}
