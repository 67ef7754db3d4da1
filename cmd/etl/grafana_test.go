package main

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
)

const grafanaFolder = "../../deploy/grafana"

type grafanaSource struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

// grafanaDashboard is every key that the dashboards use: a mistyped one is unknown, and fails.
type grafanaDashboard struct {
	UID           string   `json:"uid"`
	Title         string   `json:"title"`
	Description   string   `json:"description"`
	Tags          []string `json:"tags"`
	Timezone      string   `json:"timezone"`
	Editable      bool     `json:"editable"`
	SchemaVersion int      `json:"schemaVersion"`
	Version       int      `json:"version"`
	Refresh       string   `json:"refresh"`
	GraphTooltip  int      `json:"graphTooltip"`
	Time          struct {
		From string `json:"from"`
		To   string `json:"to"`
	} `json:"time"`
	Templating struct {
		List []grafanaVariable `json:"list"`
	} `json:"templating"`
	Annotations struct {
		List []struct{} `json:"list"`
	} `json:"annotations"`
	Links  []struct{}     `json:"links"`
	Panels []grafanaPanel `json:"panels"`
}

type grafanaVariable struct {
	Name       string        `json:"name"`
	Label      string        `json:"label"`
	Type       string        `json:"type"`
	Datasource grafanaSource `json:"datasource"`
	Query      string        `json:"query"`
	Definition string        `json:"definition"`
	Refresh    int           `json:"refresh"`
	Multi      bool          `json:"multi"`
	IncludeAll bool          `json:"includeAll"`
	Sort       int           `json:"sort"`
	Hide       int           `json:"hide"`
	Regex      string        `json:"regex"`
	Current    struct {
		Text  []string `json:"text"`
		Value []string `json:"value"`
	} `json:"current"`
	Options []struct{} `json:"options"`
}

type grafanaPanel struct {
	ID          int           `json:"id"`
	Type        string        `json:"type"`
	Title       string        `json:"title"`
	Description string        `json:"description"`
	Datasource  grafanaSource `json:"datasource"`
	GridPos     struct {
		X int `json:"x"`
		Y int `json:"y"`
		W int `json:"w"`
		H int `json:"h"`
	} `json:"gridPos"`
	Targets []struct {
		RefID      string        `json:"refId"`
		Datasource grafanaSource `json:"datasource"`
		Format     string        `json:"format"`
		EditorMode string        `json:"editorMode"`
		RawQuery   bool          `json:"rawQuery"`
		RawSQL     string        `json:"rawSql"`
	} `json:"targets"`
	FieldConfig struct {
		Defaults struct {
			Unit     string `json:"unit"`
			Decimals int    `json:"decimals"`
			NoValue  string `json:"noValue"`
			Custom   struct {
				DrawStyle   string `json:"drawStyle"`
				LineWidth   int    `json:"lineWidth"`
				FillOpacity int    `json:"fillOpacity"`
				ShowPoints  string `json:"showPoints"`
				SpanNulls   *bool  `json:"spanNulls"`
				InsertNulls *bool  `json:"insertNulls"`
				Stacking    struct {
					Mode  string `json:"mode"`
					Group string `json:"group"`
				} `json:"stacking"`
				Align      string `json:"align"`
				Filterable bool   `json:"filterable"`
			} `json:"custom"`
		} `json:"defaults"`
		Overrides []struct {
			Matcher struct {
				ID      string `json:"id"`
				Options string `json:"options"`
			} `json:"matcher"`
			Properties []struct {
				ID    string         `json:"id"`
				Value jsontext.Value `json:"value"`
			} `json:"properties"`
		} `json:"overrides"`
	} `json:"fieldConfig"`
	Options jsontext.Value `json:"options"` // each type of panel has its own
}

func readDashboard(t *testing.T) grafanaDashboard {
	t.Helper()
	var d grafanaDashboard
	// Unlike the standard library, this one tells spannulls from spanNulls.
	if err := json.Unmarshal(readFile(t, filepath.Join(grafanaFolder, "dashboards", "sms-delivery.json")), &d, json.RejectUnknownMembers(true)); err != nil {
		t.Fatal(err)
	}
	return d
}

// grafanaDatasources is a file of data sources, with every key that ours uses.
type grafanaDatasources struct {
	APIVersion  int `yaml:"apiVersion"`
	Datasources []struct {
		Name     string `yaml:"name"`
		UID      string `yaml:"uid"`
		Type     string `yaml:"type"`
		Access   string `yaml:"access"`
		URL      string `yaml:"url"`
		User     string `yaml:"user"`
		JSONData struct {
			Database        string `yaml:"database"`
			SSLMode         string `yaml:"sslmode"`
			PostgresVersion int    `yaml:"postgresVersion"`
			MaxOpenConns    int    `yaml:"maxOpenConns"`
			MaxIdleConns    int    `yaml:"maxIdleConns"`
			ConnMaxLifetime int    `yaml:"connMaxLifetime"`
		} `yaml:"jsonData"`
		SecureJSONData struct {
			Password string `yaml:"password"`
		} `yaml:"secureJsonData"`
		Editable bool `yaml:"editable"`
	} `yaml:"datasources"`
}

type grafanaProviders struct {
	APIVersion int `yaml:"apiVersion"`
	Providers  []struct {
		Name                  string `yaml:"name"`
		Folder                string `yaml:"folder"`
		Type                  string `yaml:"type"`
		AllowUIUpdates        bool   `yaml:"allowUiUpdates"`
		DisableDeletion       bool   `yaml:"disableDeletion"`
		UpdateIntervalSeconds int    `yaml:"updateIntervalSeconds"`
		Options               struct {
			Path string `yaml:"path"`
		} `yaml:"options"`
	} `yaml:"providers"`
}

// Everything that Grafana reads at its start hangs together: the data source, the variables that Compose sets, the folder, the panels.
func TestGrafanaFiles(t *testing.T) {
	t.Parallel()
	var sources grafanaDatasources
	sourceFile := readFile(t, filepath.Join(grafanaFolder, "provisioning", "datasources", "warehouse.yaml"))
	if err := yaml.UnmarshalWithOptions(sourceFile, &sources, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	var providers grafanaProviders
	if err := yaml.UnmarshalWithOptions(readFile(t, filepath.Join(grafanaFolder, "provisioning", "dashboards", "sms.yaml")), &providers, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	grafana := readCompose(t).Services["grafana"]
	for _, found := range regexp.MustCompile(`\$\{([A-Z_]+)\}`).FindAllStringSubmatch(string(sourceFile), -1) {
		if grafana.Environment[found[1]] == "" {
			t.Errorf("the data source wants %s, which docker-compose.yml does not set", found[1])
		}
	}
	if len(sources.Datasources) != 1 || len(providers.Providers) != 1 || sources.APIVersion != 1 || providers.APIVersion != 1 {
		t.Fatalf("%+v %+v", sources, providers)
	}
	path := providers.Providers[0].Options.Path
	if !slices.ContainsFunc(grafana.Volumes, func(v string) bool { return v == "./deploy/grafana/dashboards:"+path+":ro" }) ||
		!slices.Contains(grafana.Volumes, "./deploy/grafana/provisioning:/etc/grafana/provisioning:ro") {
		t.Errorf("%s is not where docker-compose.yml puts the dashboards: %v", path, grafana.Volumes)
	}
	source := grafanaSource{sources.Datasources[0].Type, sources.Datasources[0].UID}
	d := readDashboard(t)
	if d.Timezone != "utc" || d.UID == "" || d.SchemaVersion < 36 {
		t.Errorf("time zone %q: a civil day is drawn at midnight UTC", d.Timezone)
	}
	for _, v := range d.Templating.List {
		if v.Datasource != source || v.Type != "query" || v.Query == "" || v.Query != v.Definition {
			t.Errorf("variable %s: %+v", v.Name, v)
		}
	}
	ids, taken := map[int]string{}, map[[2]int]string{}
	for _, p := range d.Panels {
		if other, twice := ids[p.ID]; twice || p.ID <= 0 || p.Title == "" || p.Description == "" {
			t.Errorf("panel %d is %q and %q", p.ID, other, p.Title)
		}
		ids[p.ID] = p.Title
		checkPanel(t, p, source)
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" || x < 0 || x >= 24 {
					t.Fatalf("%s lies over %q at %d, %d", p.Title, other, x, y)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
	}
}

func checkPanel(t *testing.T, p grafanaPanel, source grafanaSource) {
	t.Helper()
	if p.Datasource != source || len(p.Targets) != 1 || p.GridPos.W < 1 || p.GridPos.H < 1 || p.FieldConfig.Defaults.NoValue != "not reported" {
		t.Errorf("%s: %+v", p.Title, p)
	}
	format := "table"
	switch p.Type {
	case "timeseries":
		format = "time_series"
		if spans := p.FieldConfig.Defaults.Custom.SpanNulls; spans == nil || *spans {
			t.Errorf("%s draws a line over what is missing", p.Title)
		}
	case "table":
	case "stat":
		var options struct {
			ReduceOptions struct {
				Calcs []string `json:"calcs"`
			} `json:"reduceOptions"`
		}
		if err := json.Unmarshal(p.Options, &options); err != nil || !slices.Equal(options.ReduceOptions.Calcs, []string{"lastNotNull"}) {
			t.Errorf("%s: %v %v", p.Title, err, options)
		}
	default:
		t.Errorf("%s is a %q", p.Title, p.Type)
	}
	for _, target := range p.Targets {
		if target.Datasource != source || target.RefID == "" || !target.RawQuery || target.EditorMode != "code" || target.Format != format {
			t.Errorf("%s: %+v", p.Title, target)
		}
	}
}

// grafanaSQL is what Grafana makes of a query. The macros are those of its PostgreSQL data source: a moment in UTC, in quotes.
func grafanaSQL(t *testing.T, sql, from, to string, values map[string][]string) string {
	t.Helper()
	sql = strings.NewReplacer("$__timeFrom()", "'"+from+"'", "$__timeTo()", "'"+to+"'").Replace(sql)
	for name, all := range values {
		sql = strings.ReplaceAll(sql, "${"+name+":sqlstring}", "'"+strings.Join(all, "','")+"'")
	}
	if strings.Contains(sql, "$") {
		t.Errorf("something is left: %s", sql)
	}
	return sql
}

// Every query of the dashboard answers as an analyst what the flat views hold; a day that is not there or not reported is NULL.
func TestGrafanaTellsWhatTheViewsHold(t *testing.T) {
	t.Parallel()
	w := cardsWorld(t)
	if _, err := w.conn.Exec(context.Background(), `DELETE FROM sms.fact_delivery_daily WHERE date_key = '2026-10-12'`); err != nil {
		t.Fatal(err)
	}
	if _, err := w.conn.Exec(context.Background(), `DELETE FROM sms.delivery_by_day WHERE date_key = '2026-10-12'`); err != nil {
		t.Fatal(err)
	}
	analyst, err := pgx.Connect(context.Background(), w.as("sms_analyst").url)
	if err != nil {
		t.Fatal(err)
	}
	defer analyst.Close(context.Background())
	// A session in another zone changes no day.
	if _, err := analyst.Exec(context.Background(), `SET timezone = 'Pacific/Kiritimati'`); err != nil {
		t.Fatal(err)
	}
	d := readDashboard(t)
	values := map[string][]string{}
	for _, v := range d.Templating.List {
		_, values[v.Name] = answerLines(t, analyst, grafanaSQL(t, v.Query, "", "", values))
	}
	if len(values["vendor"]) < 2 || len(values["account"]) < 4 {
		t.Fatalf("%v", values)
	}
	in := scope{from: "2026-10-01", to: "2026-11-25"}
	deliveries := slices.DeleteFunc(collect[deliveredRow](t, w, `SELECT send_date, vendor, account, template, country, requested, delivered, processing_failed, send_failed, billed_segments FROM sms.delivery_daily`),
		func(r deliveredRow) bool { return !in.holds(r.Day, r.Vendor, r.Account) })
	failures := slices.DeleteFunc(collect[failedRow](t, w, `SELECT send_date, vendor, account, stage, category, reason, messages FROM sms.failure_daily`),
		func(r failedRow) bool { return !in.holds(r.Day, r.Vendor, r.Account) })
	expected := expectedCards(deliveries, failures)
	keys := map[string]string{
		"Messages requested": "requested_total", "Delivery rate": "delivery_rate_total", "Messages failed": "failed_total",
		"Delivery rate by vendor": "delivery_rate", "Messages by vendor": "messages", "Failures": "failures", "Failure reasons": "failure_reasons",
	}
	for _, p := range d.Panels {
		// From the middle of a day to the middle of another one: both whole.
		columns, got := answerLines(t, analyst, grafanaSQL(t, p.Targets[0].RawSQL, "2026-10-01T10:20:30Z", "2026-11-25T23:59:59.999Z", values))
		if p.Type == "timeseries" {
			checkSeries(t, p.Title, columns, got, in)
			if p.Title == "Messages by vendor" && !slices.Contains(got, "2026-10-12|tencent|") {
				t.Errorf("a day without a row is no gap")
			}
			got = slices.DeleteFunc(got, func(line string) bool { // the days without a row
				day, rest, _ := strings.Cut(line, "|")
				return strings.Trim(strings.TrimLeft(rest, "abcdefghijklmnopqrstuvwxyz"), "|") == "" && (day == "2026-10-12" || day > "2026-11-21")
			})
		}
		slices.Sort(got)
		if want, computed := expected[keys[p.Title]]; computed {
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", p.Title, diff)
			}
			delete(keys, p.Title)
		} else if len(got) == 0 && p.Title != "Open findings" {
			t.Errorf("%s says nothing", p.Title)
		}
	}
	if len(keys) > 0 {
		t.Errorf("there are no panels %v", slices.Sorted(maps.Keys(keys)))
	}
	open := w.number(`SELECT count(*) FROM sms.coverage_daily WHERE is_expected AND send_date BETWEEN '2026-10-01' AND '2026-11-25' AND state IN ('missing', 'failed', 'quarantined', 'lost', 'frozen')`)
	_, got := answerLines(t, analyst, grafanaSQL(t, d.Panels[3].Targets[0].RawSQL, "2026-10-01T00:00:00Z", "2026-11-25T00:00:00Z", values))
	if !slices.Equal(got, []string{fmt.Sprint(open)}) {
		t.Errorf("%v days are open, want %d", got, open)
	}
}

// checkSeries insists on a line for each day of the stretch and vendor, in order: a missing one would be drawn over.
func checkSeries(t *testing.T, title string, columns, got []string, in scope) {
	t.Helper()
	if columns[0] != "time" || !slices.IsSorted(got) {
		t.Errorf("%s: %v, sorted: %v", title, columns, slices.IsSorted(got))
	}
	from, err := time.Parse(time.DateOnly, in.from)
	if err != nil {
		t.Fatal(err)
	}
	perDay := 1
	if slices.Contains(columns, "metric") {
		perDay = 2 // vendors
	}
	days := 0
	for day := from; day.Format(time.DateOnly) <= in.to; day = day.AddDate(0, 0, 1) {
		days++
	}
	if len(got) != days*perDay {
		t.Errorf("%s: %d lines, want %d for each of %d days", title, len(got), perDay, days)
	}
}
