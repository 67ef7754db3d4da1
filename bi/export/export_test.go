package export

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"smsetl/bi"
	"smsetl/internal/dev/long"
	"smsetl/internal/dev/pgtest"
	"smsetl/load"
	"smsetl/read"
)

var _ = long.Wanted

func relations(t *testing.T) []bi.Relation {
	t.Helper()
	wh, err := load.Open(t.Context(), pgtest.New(t), load.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(wh.Close)
	all, err := read.New(wh.DB, time.Now).Dictionary(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var found []bi.Relation
	for _, r := range all {
		if r.Schema == "sms" && r.Kind != "function" {
			out := bi.Relation{Name: r.Name, Comment: r.Comment, IsView: r.Kind == "view"}
			for _, c := range r.Columns {
				out.Columns = append(out.Columns, bi.Column{Name: c.Name, Type: c.Type, Comment: c.Comment})
			}
			found = append(found, out)
		}
	}
	return found
}

// Every view of the database is described by what it has: a view or a column that only one side knows fails here.
func TestEveryViewIsDescribed(t *testing.T) {
	t.Parallel()
	all := relations(t)
	c, err := New(all, nil, Server{})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range c.Views {
		columns := map[string]bi.Column{}
		for _, column := range v.Columns {
			columns[column.Name] = column.Column
		}
		if len(v.Grain) == 0 {
			t.Errorf("%s: no column names a row", v.Name)
		}
		for _, name := range slices.Concat(v.Grain, v.Sums) {
			if _, is := columns[name]; !is {
				t.Errorf("%s has no column %s", v.Name, name)
			}
		}
		for _, m := range v.Metrics {
			for _, part := range slices.Concat(m.Plus, m.Over) {
				if !slices.Contains(v.Sums, part) {
					t.Errorf("%s.%s is made of %s, which is no sum", v.Name, m.Name, part)
				}
			}
		}
		for name, column := range columns {
			unit, _, _ := strings.Cut(column.Comment, ".")
			isCount := slices.Contains([]string{"messages", "segments"}, unit)
			if slices.Contains(v.Sums, name) && !isCount && unit != "rows" && column.Type != "numeric" {
				t.Errorf("%s.%s is added up, and its unit is %s", v.Name, name, unit)
			}
			if isCount && v.IsFacts && !slices.Contains(v.Sums, name) {
				t.Errorf("%s.%s is a count of facts, and not added up", v.Name, name)
			}
		}
	}
	for _, wrong := range [][]bi.Relation{
		append(slices.Clone(all), bi.Relation{Name: "brand_new", IsView: true}),
		slices.DeleteFunc(slices.Clone(all), func(r bi.Relation) bool { return r.Name == "settling" }),
	} {
		if _, err := New(wrong, nil, Server{}); err == nil {
			t.Error("a view that only one side knows is taken")
		}
	}
}

// What is written is YAML, names each thing of the catalogue, and rests on nothing but the database.
func TestFiles(t *testing.T) {
	t.Parallel()
	question := Answer{"example", "-- What of sms.delivery_daily?\nSELECT 1 FROM sms.account_daily, sms.dim_date, sms.account_daily_as_of(now());\n"}
	c, err := New(relations(t), []Answer{question}, Server{"db.example.com", "sms", "sms_analyst", 5432})
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range Formats {
		files, err := c.Files(format)
		if err != nil {
			t.Fatal(err)
		}
		var all strings.Builder
		for _, f := range files {
			if regexp.MustCompile(`\.ya?ml$`).MatchString(f.Path) {
				var into any
				if err := yaml.Unmarshal(f.Content, &into); err != nil {
					t.Errorf("%s: %s: %v\n%s", format, f.Path, err, f.Content)
				}
			}
			all.Write(f.Content)
		}
		for _, v := range c.Views {
			for _, column := range v.Columns {
				isLeftOut := column.IsMetric && format == "cube"
				if comment, _ := quote(column.Comment); !isLeftOut && !strings.Contains(all.String(), strings.Trim(comment, `"`)) {
					t.Errorf("%s: %s.%s is not there", format, v.Name, column.Name)
				}
			}
		}
		if strings.Contains(all.String(), "<no value>") {
			t.Errorf("%s: %s", format, &all)
		}
		again, err := c.Files(format)
		if err != nil || !slices.EqualFunc(files, again, func(a, b File) bool { return a.Path == b.Path && string(a.Content) == string(b.Content) }) {
			t.Errorf("%s: not the same twice: %v", format, err)
		}
		if dir := os.Getenv("OUT"); dir != "" {
			if err := Write(dir+"/"+format, files); err != nil {
				t.Fatal(err)
			}
		}
	}
	const want = "-- What of sms.delivery_daily?\nSELECT 1 FROM {{ ref('account_daily') }}, {{ source('sms', 'dim_date') }}, sms.account_daily_as_of(now())"
	if got := c.references(question.SQL); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
