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
	for _, statement := range planted {
		w.exec(statement)
	}
	s := &shown{world: w}
	s.serveAlone(w.as("sms_loader"))
	return s
}

// planted is what no vendor of the sandbox does at will.
var planted = []string{
	`ALTER TABLE etl.coverage DROP CONSTRAINT coverage_state_ck`,
	`INSERT INTO etl.huawei_listening VALUES ('huawei-main', '2026-11-01', '2026-11-22')`,
	// Days before the first: missing, and four that are something else.
	`UPDATE etl.expectation SET history_start = (SELECT min(date_key) FROM etl.coverage WHERE dataset = 'send_status') - 8, history_days = NULL
	 WHERE account_key = (SELECT account_key FROM sms.dim_account WHERE account = '1400012345')`,
	`INSERT INTO etl.run (command, arguments, started_at, ended_at, outcome, host, version)
	 VALUES ('backfill', 'planted-ok', '2026-11-21 20:00+08', '2026-11-21 21:00+08', 'ok', 'h', '1'),
	        ('run',      'planted-now', '2026-11-22 02:50+08', NULL, NULL, 'h', '1')`,
	`INSERT INTO river.river_job (state, attempt, max_attempts, args, kind, queue, errors, scheduled_at, attempted_at)
	 VALUES ('running',   1, 5, '{"source":"engagelab-main"}', 'window', 'planted', '{}', '2026-11-22 02:50+08', '2026-11-22 02:55+08'),
	        ('retryable', 2, 5, '{"source":"tencent-main","vendor":"tencent","account":"1400006874","datasets":["send_status","callback_status"],"from":"2026-11-20","to":"2026-11-21"}',
	         'window', 'planted', ARRAY['{"error":"of the queue","at":"2026-11-21T18:58:00Z"}', '{"error":"of the queue","at":"2026-11-21T18:59:00Z"}']::jsonb[], '2026-11-22 03:04:05+08', '2026-11-22 02:59+08')`,
	`INSERT INTO etl.load (run_id, account_key, datasets, window_from, window_to, zone, river_job_id, started_at, outcome, reason)
	 SELECT r.run_id, a.account_key, ARRAY['send_status', 'callback_status'], '2026-11-20', '2026-11-21', '+08:00', j.id, '2026-11-22 02:58+08'::timestamptz + n * interval '1 minute', 'failed', 'the vendor is busy, try ' || n
	 FROM etl.run AS r, sms.dim_account AS a, river.river_job AS j, generate_series(1, 3) AS n
	 WHERE r.arguments = 'planted-now' AND a.account = '1400006874' AND j.queue = 'planted' AND j.state = 'retryable'`,
	`INSERT INTO etl.run_window (run_id, river_job_id, source, scope, days, estimate, queued_at, ended_at, outcome, reason)
	 SELECT r.run_id, x.*
	 FROM etl.run AS r,
	      (SELECT j.id, 's', 'x', 1, 1::float8, now(), NULL::timestamptz, NULL, NULL FROM river.river_job AS j WHERE j.queue = 'planted'
	       UNION ALL VALUES (9000001::bigint, 's', 'y', 1, 1::float8, now(), now(), 'done', NULL), (9000002, 's', 'z', 1, 1, now(), now(), 'failed', 'denied')) AS x
	 WHERE r.arguments = 'planted-now'`,
	`INSERT INTO etl.run_window (run_id, river_job_id, source, scope, days, estimate, queued_at, ended_at, outcome, reason)
	 SELECT r.run_id, 9100000 + n, 's', 'x', 1, 1, now(), now(), CASE WHEN n > 3 THEN 'failed' ELSE 'done' END, CASE WHEN n > 3 THEN 'denied' END
	 FROM etl.run AS r, generate_series(1, 5) AS n WHERE r.arguments = 'planted-ok'`,
	`INSERT INTO etl.coverage (account_key, dataset, date_key, state, reason, load_id, loaded_at, confirmed_at, since)
	 SELECT a.account_key, d.dataset, e.history_start + x.n, x.state, x.reason, l.load_id, x.at, x.at, '2026-11-22 02:00+08'
	 FROM (VALUES (1, 'failed', 'the vendor is busy', NULL::timestamptz), (2, 'lost', 'too late', NULL), (3, 'empty', '', '2026-11-21'::timestamptz),
	              (4, 'unheard_of', '', NULL), (5, 'unverified', '', NULL), (6, 'quarantined', 'too small', NULL)) AS x (n, state, reason, at),
	      sms.dim_account AS a, etl.expectation AS e, (VALUES ('send_status'), ('callback_status')) AS d (dataset), (SELECT max(load_id) AS load_id FROM etl.load) AS l
	 WHERE a.account = '1400012345' AND e.account_key = a.account_key`,
	// Reasons that tell of more than deliveries count.
	`UPDATE sms.fact_failure_daily SET messages = messages + 50
	 WHERE ctid = (SELECT f.ctid FROM sms.fact_failure_daily AS f JOIN sms.dim_account AS a USING (account_key) WHERE a.account = '1400006874' AND f.date_key = '2026-11-10' LIMIT 1)`,
	`UPDATE sms.failure_by_day AS s SET messages = f.messages
	 FROM (SELECT date_key, account_key, reason_key, sum(messages) AS messages FROM sms.fact_failure_daily GROUP BY 1, 2, 3) AS f
	 WHERE (s.date_key, s.account_key, s.reason_key) = (f.date_key, f.account_key, f.reason_key) AND s.messages <> f.messages`,
}

// serveAlone starts the pages of `etl serve` without anything that loads.
func (s *shown) serveAlone(as *world) {
	s.t.Helper()
	out := &lines{}
	run := &session{
		ctx: s.t.Context(), env: environment{vendors: vendors.All, lookup: func(string) (string, bool) { return "", false }, read: os.ReadFile},
		stdout: out, stderr: out, log: zap.NewNop(),
	}
	p, err := pipelineFlags{configFlag{as.config}, databaseFlag{as.url}, nowFlag{today.Format(time.RFC3339)}}.open(run)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(run.close)
	v := &serving{session: run, warehouse: p.Warehouse, now: p.Now}
	v.current.Store(p)
	v.metrics = v.newMetrics()
	at, err := v.newSite(s.t.Context(), listenFlag{Listen: "127.0.0.1:0"})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(at.start(context.Background(), run.log))
	var role string
	if err := at.reader.Pool().QueryRow(s.t.Context(), `SELECT current_user`).Scan(&role); err != nil || role != "sms_pages" {
		s.t.Fatalf("the pages read as %q, %v", role, err)
	}
	s.address = strings.TrimSuffix(at.server.URL(), "/")
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
	tableForm = regexp.MustCompile(`(?s)<table id="([a-z]+)-table">.*?</table>`)
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
