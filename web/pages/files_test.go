package pages_test

import (
	"encoding/csv"
	"encoding/json"
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

var (
	tables    = regexp.MustCompile(`(?s)<table class="rows" id="([a-z]+)-table">`)
	offered   = regexp.MustCompile(`<a href="([^"]+)">([a-z]+)\.(csv|json)</a>`)
	plainCell = regexp.MustCompile(`^-?[0-9.]+$`)
)

// Every table of every page is a file in both forms, of the same rows, and none of its texts is a formula to a spreadsheet.
func TestEveryTableIsAFile(t *testing.T) {
	w := newWorld(t)
	w.underWay()
	for _, page := range looked {
		_, body := w.ask(http.MethodGet, page.path)
		files := map[string]string{}
		for _, f := range offered.FindAllStringSubmatch(body, -1) {
			files[f[2]+"."+f[3]] = html.UnescapeString(f[1])
		}
		for _, found := range tables.FindAllStringSubmatch(body, -1) {
			if files[found[1]+".csv"] == "" || files[found[1]+".json"] == "" {
				t.Errorf("%s: the table %s is no file: %v", page.path, found[1], files)
			}
		}
		if len(files) == 0 && page.name != "nowhere" {
			t.Errorf("%s offers nothing", page.path)
		}
		for name, path := range files {
			if form, isCSV := strings.CutSuffix(name, ".csv"); isCSV {
				w.sameRows(path, files[form+".json"])
			}
		}
	}
}

// sameRows reads both forms of a table.
func (w *world) sameRows(asCSV, asJSON string) {
	w.t.Helper()
	answer, body := w.ask(http.MethodGet, asCSV)
	rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if err != nil || answer.StatusCode != http.StatusOK || !strings.HasPrefix(answer.Header.Get("Content-Disposition"), "attachment; ") {
		w.t.Fatalf("%s: %s, %v\n%s", asCSV, answer.Status, err, body)
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") && !plainCell.MatchString(cell) {
				w.t.Errorf("%s: %q is a formula", asCSV, cell)
			}
		}
	}
	var objects []map[string]json.RawMessage
	if err := json.Unmarshal([]byte(w.page(asJSON)), &objects); err != nil {
		w.t.Fatalf("%s: %v", asJSON, err)
	}
	if len(objects) != len(rows)-1 {
		w.t.Errorf("%s has %d rows, and its other form %d", asCSV, len(rows)-1, len(objects))
	}
	for _, o := range objects {
		for _, name := range rows[0] {
			if _, is := o[name]; !is || len(o) != len(rows[0]) {
				w.t.Fatalf("%s: %v has not the columns %v", asJSON, o, rows[0])
			}
		}
	}
}
