package pages

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"smsetl/web/pages/sheet"
)

// download sends one table of the page as a file: the one of the name, or the only one.
func (v *view) download(w http.ResponseWriter, f format) error {
	var names []string
	var chosen *sheet.Table
	for _, s := range v.Sections {
		if s.Table == nil {
			continue
		}
		names = append(names, s.Table.Name)
		if s.Table.Name == f.table || f.table == "" && chosen == nil {
			chosen = s.Table
		}
	}
	if chosen == nil || f.table == "" && len(names) > 1 {
		return bad("table is %q: want one of %s", f.table, strings.Join(names, ", "))
	}
	body, kind := chosen.ToCSV, "text/csv; charset=utf-8; header=present"
	if f.kind == "json" {
		body, kind = chosen.ToJSON, "application/json"
	}
	data, err := body()
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", chosen.Name+"."+f.kind))
	_, _ = w.Write(data) // whoever asked has gone
	return nil
}

// links gives each table the addresses of its files: those of the page, with the form.
func (v *view) links(path string, values url.Values) {
	for _, s := range v.Sections {
		if t := s.Table; t != nil {
			address := func(form string) string {
				all := maps.Clone(values)
				all.Set("format", form)
				all.Set("table", t.Name)
				return path + "?" + all.Encode()
			}
			t.CSV, t.JSON = address("csv"), address("json")
		}
	}
}
