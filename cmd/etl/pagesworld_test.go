package main

import (
	"context"
	"encoding/json"
	"html"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"smsetl/internal/dev/lived"
	"smsetl/vendors"
)

// shown is a world in which every state of a day stands, with its pages.
type shown struct {
	*world
	address string
}

// newShown builds the world and starts its pages, as a loader whose sessions for pages take the pages' own role. Nothing loads
// meanwhile, so that what the test asks and what the pages ask is the same.
func newShown(t *testing.T) *shown {
	t.Helper()
	w := livedThrough(t, 4)
	text, err := os.ReadFile(w.config)
	if err != nil {
		t.Fatal(err)
	}
	_, huawei, _ := strings.Cut(exportingConfig, "sources:\n")
	w.write(strings.Replace(string(text), "sources:\n", "sources:\n"+huawei, 1))
	x := &exported{world: w, console: newExported(t).console, dir: t.TempDir()}
	dice := rand.New(rand.NewPCG(3, 3))
	x.bring(exitOK, x.week(dice, weekEnd.Add(96*time.Hour)))
	var part []string // of a day, which is not whole by it
	for _, e := range x.console.Exports(dice, weekEnd, weekEnd.Add(8*time.Hour), weekEnd.Add(96*time.Hour), 8*time.Hour) {
		part = append(part, x.save("part", e))
	}
	x.bring(exitPartial, part)
	w.must(exitOK, "freeze", append(at(today), "--from", "2026-10-05", "--to", "2026-10-06", "--reason", "a dispute", "--account", "1400006874")...)
	w.must(exitOK, "pause", "tencent-main", "--who", "ada", "--reason", "the key is changed")
	for _, statement := range lived.Planted {
		w.exec(statement)
	}
	s := &shown{world: w}
	s.serveAlone(w.as("sms_loader"))
	return s
}

// serveAlone starts the pages of `etl serve` without anything that loads.
func (s *shown) serveAlone(as *world) {
	s.t.Helper()
	out := &lines{}
	run := &session{
		ctx: s.t.Context(), env: environment{vendors: vendors.All, lookup: func(string) (string, bool) { return "", false }, read: os.ReadFile},
		stdout: out, stderr: out, log: zap.NewNop(),
	}
	command := &serveCommand{
		pipelineFlags: pipelineFlags{configFlag{as.config}, databaseFlag{as.url}, nowFlag{&today}}, Listen: "127.0.0.1:0",
	}
	v, err := command.prepare(run)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(run.close)
	at, err := v.Open(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(at.Start(context.Background(), run.log))
	var role string
	if err := at.Reader.Pool().QueryRow(s.t.Context(), `SELECT current_user`).Scan(&role); err != nil || role != "sms_pages" {
		s.t.Fatalf("the pages read as %q, %v", role, err)
	}
	s.address = strings.TrimSuffix(at.URL(), "/")
}

// page gets a page that has to be there.
func (s *shown) page(path string) string {
	s.t.Helper()
	status, body := s.get(s.address + path)
	if status != 200 {
		s.t.Fatalf("%s: %d\n%s", path, status, body)
	}
	return body
}

// rows reads a table of a page from its file.
func (s *shown) rows(path, name string) (all []map[string]any) {
	s.t.Helper()
	path, _, _ = strings.Cut(path, "#")
	join := "?"
	if strings.Contains(path, "?") {
		join = "&"
	}
	decoder := json.NewDecoder(strings.NewReader(s.page(path + join + "format=json&table=" + name)))
	decoder.UseNumber()
	if err := decoder.Decode(&all); err != nil {
		s.t.Fatalf("%s, %s: %v", path, name, err)
	}
	return all
}

// sum adds up a column. ok is false when a row of it has no number.
func sum(rows []map[string]any, column string) (total int64, ok bool) {
	ok = true
	for _, r := range rows {
		n, is := r[column].(json.Number)
		if !is {
			ok = false
			continue
		}
		v, err := n.Int64()
		if err != nil {
			return 0, false
		}
		total += v
	}
	return total, ok
}

// tableCell is what a person sees in a table.
type tableCell struct{ text, href string }

var (
	tableForm = regexp.MustCompile(`(?s)<table class="rows" id="([a-z]+)-table">.*?</table>`)
	headForm  = regexp.MustCompile(`<th scope="col"[^>]*>([^<]*)</th>`)
	rowForm   = regexp.MustCompile(`(?s)<tr>(<td.*?)</tr>`)
	cellForm  = regexp.MustCompile(`(?s)<td[^>]*>(.*?)</td>`)
	markForm  = regexp.MustCompile(`<span class="mark[^>]*>[^<]*</span> ?`)
	tagForm   = regexp.MustCompile(`<[^>]*>`)
	hrefForm  = regexp.MustCompile(`href="([^"]*)"`)
)

// tables reads every table of a page: its rows by the names of the columns.
func tables(body string) map[string][]map[string]tableCell {
	all := map[string][]map[string]tableCell{}
	for _, t := range tableForm.FindAllStringSubmatch(body, -1) {
		var heads []string
		for _, h := range headForm.FindAllStringSubmatch(t[0], -1) {
			heads = append(heads, html.UnescapeString(h[1]))
		}
		for _, r := range rowForm.FindAllStringSubmatch(t[0], -1) {
			row := map[string]tableCell{}
			cells := cellForm.FindAllStringSubmatch(r[1], -1)
			if len(cells) != len(heads) {
				continue // there is nothing
			}
			for i, c := range cells {
				row[heads[i]] = cellOf(c[1])
			}
			all[t[1]] = append(all[t[1]], row)
		}
	}
	return all
}

func cellOf(inner string) tableCell {
	c := tableCell{text: html.UnescapeString(tagForm.ReplaceAllString(markForm.ReplaceAllString(inner, ""), ""))}
	if h := hrefForm.FindStringSubmatch(inner); h != nil {
		c.href = html.UnescapeString(h[1])
	}
	return c
}

// number reads a number as people see it.
func (c tableCell) number() (int64, bool) {
	n, err := strconv.ParseInt(strings.ReplaceAll(c.text, "\u202f", ""), 10, 64)
	return n, err == nil
}

// differ compares rows of a file with rows that SQL gives, of the columns that SQL names.
func (s *shown) differ(path, table, query string) {
	s.t.Helper()
	var encoded []byte
	if err := s.conn.QueryRow(s.t.Context(), `SELECT coalesce(jsonb_agg(to_jsonb(x)), '[]')::text FROM (`+query+`) AS x`).Scan(&encoded); err != nil {
		s.t.Fatalf("%s, %s: %v", path, table, err)
	}
	var want []map[string]any
	decoder := json.NewDecoder(strings.NewReader(string(encoded)))
	decoder.UseNumber()
	if err := decoder.Decode(&want); err != nil {
		s.t.Fatal(err)
	}
	if len(want) == 0 {
		s.t.Errorf("%s, %s: the test expects nothing, so it proves nothing", path, table)
		return
	}
	got := s.rows(path, table)
	for _, r := range got {
		for name := range r {
			if _, is := want[0][name]; !is {
				delete(r, name)
			}
		}
	}
	a, b := texts(got), texts(want)
	for _, line := range a {
		if i, found := slices.BinarySearch(b, line); found {
			b = slices.Delete(b, i, i+1)
			continue
		}
		s.t.Errorf("%s, %s: only the page says %s", path, table, line)
	}
	for _, line := range b {
		s.t.Errorf("%s, %s: the page does not say %s", path, table, line)
	}
}

// texts writes rows as lines, sorted.
func texts(rows []map[string]any) []string {
	all := make([]string, len(rows))
	for i, r := range rows {
		line, err := json.Marshal(r)
		if err != nil {
			panic(err)
		}
		all[i] = string(line)
	}
	sort.Strings(all)
	return all
}
