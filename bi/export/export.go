// Package export writes what the views of schema sms are (package bi, and the comments of the database) as files for programs that
// read such files: a dbt package, a bundle for Superset, a data contract, a model for Cube. A template makes all files of a program.
package export

import (
	"archive/zip"
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"
	"time"

	"github.com/google/uuid"

	"smsetl/bi"
)

//go:embed *.tmpl
var templates embed.FS

// Formats are the programs that files can be made for.
var Formats = []string{"dbt", "superset", "odcs", "cube"}

// Catalogue is all that is written of a warehouse.
type Catalogue struct {
	Views      []View
	Tables     []bi.Relation // what else schema sms holds
	Answers    []Answer
	Questions  []bi.Question
	Dashboards []bi.Dashboard
	Server     Server
}

// Server is where the warehouse is and who reads it; no password.
type Server struct {
	Host, Database, User string
	Port                 int
}

// Answer is a query of the cookbook.
type Answer struct{ Name, SQL string }

// View is a view with all that is known of it.
type View struct {
	bi.View

	Comment string
	Columns []Column
}

// Column is a column of a view, and what may be done with it.
type Column struct {
	bi.Column

	IsSum      bool     // it may be added up
	IsMetric   bool     // there is a metric of the same name, which is right over many rows
	IsName     bool     // it may be grouped by
	IsDay      bool     // it is a date
	IsTime     bool     // it is a date or a moment
	IsRequired bool     // it is never NULL
	Values     []string // all that it can be, where that is known
}

// New puts together what the database and the program know. A view that only one of them knows is an error.
func New(relations []bi.Relation, answers []Answer, server Server) (Catalogue, error) {
	c := Catalogue{Answers: answers, Questions: bi.Questions(), Dashboards: bi.Dashboards(), Server: server}
	described := map[string]bi.View{}
	for _, v := range bi.Views {
		described[v.Name] = v
	}
	for _, r := range relations {
		v, is := described[r.Name]
		switch {
		case is:
			c.Views = append(c.Views, View{v, r.Comment, columnsOf(v, r)})
			delete(described, r.Name)
		case r.IsView:
			return c, fmt.Errorf("export: the view sms.%s is not described: it is newer than this program, or misses in bi.Views", r.Name)
		default:
			c.Tables = append(c.Tables, r)
		}
	}
	for name := range described {
		return c, fmt.Errorf("export: the database has no view sms.%s: run etl migrate up", name)
	}
	return c, nil
}

func columnsOf(v bi.View, r bi.Relation) []Column {
	var all []Column
	for _, c := range r.Columns {
		inGrain := slices.Contains(v.Grain, c.Name)
		all = append(all, Column{
			Column:     c,
			IsSum:      slices.Contains(v.Sums, c.Name),
			IsMetric:   slices.ContainsFunc(v.Metrics, func(m bi.Metric) bool { return m.Name == c.Name }),
			IsName:     c.Type == "text" && !strings.HasPrefix(c.Comment, "text.") || c.Type == "boolean",
			IsDay:      c.Type == "date",
			IsTime:     c.Type == "date" || strings.HasPrefix(c.Type, "timestamp"),
			IsRequired: inGrain && !strings.Contains(c.Comment, "NULL"),
			Values:     bi.Values[c.Name],
		})
	}
	return all
}

// Day gives the column by which the time of the view's rows passes: the first date; "" where it has none.
func (v View) Day() string {
	i := slices.IndexFunc(v.Columns, func(c Column) bool { return c.IsDay })
	if i < 0 {
		return ""
	}
	return v.Columns[i].Name
}

// Numbers gives the view's sums and what is made of them.
func (v View) Numbers() []bi.Metric {
	var all []bi.Metric
	for _, c := range v.Columns {
		if c.IsSum {
			all = append(all, bi.Metric{Name: c.Name, Comment: c.Comment + " As a sum: NULL when one row has none.", Plus: []string{c.Name}})
		}
	}
	return append(all, v.Metrics...)
}

// File is one file of a format.
type File struct {
	Path    string
	Content []byte
}

// Files gives the files of a format, one of Formats. A template has all of them, each after a line "-- PATH --".
func (c Catalogue) Files(format string) ([]File, error) {
	name := format + ".tmpl"
	t, err := template.New(name).Delims("<<", ">>").Funcs(template.FuncMap{
		"quote": quote, "id": identifier, "join": strings.Join, "ref": c.references, "fields": strings.Fields,
		"half": func(n int) int { return n / 2 }, "times": func(a, b int) int { return a * b }, "rows": rows, "view": c.view, "numerator": numerator,
		"vizOf": vizOf, "isRate": isRate, "isMonthly": isMonthly, "groupsOf": groupsOf, "orderOf": orderOf, "chartID": chartID,
	}).ParseFS(templates, name)
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, c); err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	heads := head.FindAllSubmatchIndex(b.Bytes(), -1)
	var all []File
	for i, at := range heads {
		end := b.Len()
		if i+1 < len(heads) {
			end = heads[i+1][0]
		}
		all = append(all, File{string(b.Bytes()[at[2]:at[3]]), append(bytes.TrimSpace(b.Bytes()[at[1]:end]), '\n')})
	}
	return all, nil
}

var head = regexp.MustCompile(`(?m)^-- (\S+) --$`)

// Write writes files into a folder, or into a zip where the path ends so.
func Write(path string, files []File) error {
	if !strings.HasSuffix(path, ".zip") {
		for _, f := range files {
			place := filepath.Join(path, filepath.FromSlash(f.Path))
			if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil { //nolint:gosec // G301: nothing of it is secret
				return err
			}
			if err := os.WriteFile(place, f.Content, 0o644); err != nil { //nolint:gosec // G306: nothing of it is secret
				return err
			}
		}
		return nil
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		w, err := z.CreateHeader(&zip.FileHeader{Name: "sms_delivery/" + f.Path, Method: zip.Deflate, Modified: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)})
		if err == nil {
			_, err = w.Write(f.Content)
		}
		if err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o644) //nolint:gosec // G306: nothing of it is secret
}

// quote gives a text or a list as JSON, which YAML understands too.
func quote(value any) (string, error) {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(value)
	return strings.TrimSpace(b.String()), err
}

// identifier gives a thing the same UUID every time, by which an import finds what an earlier one made.
func identifier(kind, name string) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("smsetl/"+kind+"/"+name)).String()
}

var relation = regexp.MustCompile(`\bsms\.(\w+)(\()?`)

// references gives a query of the cookbook with dbt's references in place of names. Comments and functions stay.
func (c Catalogue) references(sql string) string {
	var b strings.Builder
	for line := range strings.Lines(strings.TrimSuffix(strings.TrimSpace(sql), ";")) {
		if !strings.HasPrefix(line, "--") {
			line = relation.ReplaceAllStringFunc(line, func(found string) string {
				name := strings.TrimPrefix(found, "sms.")
				switch {
				case strings.HasSuffix(name, "("):
					return found
				case slices.ContainsFunc(c.Views, func(v View) bool { return v.Name == name }):
					return "{{ ref('" + name + "') }}"
				}
				return "{{ source('sms', '" + name + "') }}"
			})
		}
		b.WriteString(line)
	}
	return b.String()
}

// rows gives the tiles of a dashboard that stand side by side.
func rows(d bi.Dashboard) [][]bi.Tile {
	var all [][]bi.Tile
	for i, t := range d.Tiles {
		if i == 0 || t.Row != d.Tiles[i-1].Row {
			all = append(all, nil)
		}
		all[len(all)-1] = append(all[len(all)-1], t)
	}
	return all
}

// view gives a view by its name.
func (c Catalogue) view(name string) View {
	return c.Views[slices.IndexFunc(c.Views, func(v View) bool { return v.Name == name })]
}

// ViewsOf gives the views that a dashboard shows.
func (c Catalogue) ViewsOf(d bi.Dashboard) []string {
	var all []string
	for _, t := range d.Tiles {
		for _, q := range c.Questions {
			if q.Key == t.Question {
				all = append(all, q.View)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// numerator gives the metric of a view that is what a rate divides.
func numerator(v View, rate bi.Metric) (string, error) {
	for _, m := range v.Numbers() {
		if !m.IsRate() && slices.Equal(m.Plus, rate.Plus) {
			return m.Name, nil
		}
	}
	return "", fmt.Errorf("%s.%s: no metric is %s", v.Name, rate.Name, strings.Join(rate.Plus, " + "))
}

// Logical gives the type of the column in the words of a data contract.
func (c Column) Logical() string {
	switch {
	case c.IsDay:
		return "date"
	case c.IsTime:
		return "timestamp"
	case c.Type == "boolean":
		return "boolean"
	case c.Type == "bigint" || c.Type == "integer":
		return "integer"
	case c.Type == "numeric":
		return "number"
	}
	return "string"
}

// Cube gives the type of the column in Cube's words.
func (c Column) Cube() string {
	switch logical := c.Logical(); logical {
	case "date", "timestamp":
		return "time"
	case "integer":
		return "number"
	default:
		return logical
	}
}
