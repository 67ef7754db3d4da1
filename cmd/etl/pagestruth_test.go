package main

import (
	"fmt"
	"html"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"smsetl/internal/dev/long"
	"smsetl/read"
)

// Every link of every page leads to a page, every number is what the tables say, and every total is the sum of what its link shows.
func TestPagesShowWhatIsSo(t *testing.T) {
	long.Skip(t, "follows every link of every page")
	t.Parallel()
	s := newShown(t)
	for _, statement := range truthViews {
		s.exec(statement)
	}
	s.hasEveryState()
	for _, c := range claims {
		s.differ(c.path, c.table, c.query)
	}
	s.cardsAddUp()
	s.linksAddUp("/", "pivot")
	s.exploreAddsUp()
	s.linksAddUp(allFailures, "reasons")
	s.linksAddUp(allFailures, "categories")
	s.linksAddUp(allFailures, "totals")
	s.linksAddUp("/days?from=2026-11-12&to=2026-11-12", "days")
	s.linksAddUp("/failures?from=2026-11-10&to=2026-11-12&vendor=huawei&reason=24", "days")
	s.failuresAddUp()
	s.runsTellTheTruth()
	s.pausesAreTold()
	s.namesThatNeverWere()
	s.answersAreQuoted()
	s.walk()
}

// hasEveryState insists on a world in which nothing is left out.
func (s *shown) hasEveryState() {
	s.t.Helper()
	for _, state := range []string{"missing", "provisional", "final", "empty", "failed", "quarantined", "lost", "frozen", "unverified", "unheard_of"} {
		if s.number(`SELECT count(*) FROM truth.day WHERE state = '`+state+`'`) == 0 {
			s.t.Errorf("no day is %s", state)
		}
	}
	body := s.page("/coverage?year=2026&vendor=tencent")
	for _, want := range []string{`class="other"`, `class="unverified"`, "unheard of", `class="not_due"`} {
		if !strings.Contains(body, want) {
			s.t.Errorf("the calendar lacks %s", want)
		}
	}
}

var (
	cardForm = regexp.MustCompile(`(?s)<h3 class="v">.*?</svg>([A-Za-z ]+)</h3>.*?<tbody>(.*?)</tbody>`)
	partForm = regexp.MustCompile(`(?s)<tr[^>]*><th scope="row">([A-Za-z ]+)</th><td>(.*?)</td>`)
)

// cardsAddUp follows the numbers of each card.
func (s *shown) cardsAddUp() {
	s.t.Helper()
	seen := 0
	for _, card := range cardForm.FindAllStringSubmatch(s.page("/"), -1) {
		parts, whole := int64(0), int64(0)
		for _, part := range partForm.FindAllStringSubmatch(card[2], -1) {
			c := cellOf(part[2])
			want, is := c.number()
			if !is {
				continue // a sum of which a part is not reported
			}
			if part[1] == "Requested" {
				whole = want
			} else {
				parts += want
			}
			if c.href == "" {
				continue
			}
			seen++
			var got int64
			switch part[1] {
			case "Failed":
				got, _ = sum(s.rows(c.href, "totals"), "failed")
			default:
				got, _ = sum(s.rows(c.href, "days"), strings.ToLower(part[1]))
			}
			if got != want {
				s.t.Errorf("%s: %s leads to a page that adds up to %d", card[1], part[0], got)
			}
		}
		if parts != whole {
			s.t.Errorf("%s: the parts add up to %d of %d", card[1], parts, whole)
		}
	}
	if seen < 8 {
		s.t.Errorf("only %d numbers of cards were looked at", seen)
	}
}

// linksAddUp follows every number of a table that leads somewhere, and adds up what it leads to.
func (s *shown) linksAddUp(path, table string) {
	s.t.Helper()
	seen := 0
	for _, row := range tables(s.page(path))[table] {
		for _, heading := range slices.Sorted(maps.Keys(row)) {
			c := row[heading]
			want, is := c.number()
			if !is || c.href == "" || heading == "reason" { // some vendors' reasons are numbers
				continue
			}
			u, err := url.Parse(c.href)
			if err != nil {
				s.t.Fatal(err)
			}
			target, column := "days", "messages"
			switch {
			case u.Path == "/explain":
				target, column = "measures", "total"
			case u.Path == "/":
				continue // the same month once more
			case u.Path == "/days":
				column = strings.ReplaceAll(strings.TrimPrefix(heading, u.Query().Get("vendor")+" "), " ", "_")
			case u.Query().Get("category") != "":
				target = "reasons"
			}
			if got, _ := sum(s.rows(c.href, target), column); got != want {
				s.t.Errorf("%s: %s of %v is %d, and %s adds up to %d", path, heading, row, want, c.href, got)
			}
			seen++
		}
	}
	if seen == 0 {
		s.t.Errorf("no number of %s, %s leads anywhere", path, table)
	}
}

// exploreAddsUp follows parts of every kind to their own parts.
func (s *shown) exploreAddsUp() {
	s.t.Helper()
	for _, by := range read.Breakdowns {
		path := "/explore?from=2026-11-01&to=2026-11-21&by=" + by
		total, _ := sum(s.rows(path, "parts"), "requested")
		if want := s.number(`SELECT sum(requested) FROM truth.sent WHERE day BETWEEN '2026-11-01' AND '2026-11-21'`); want != total {
			s.t.Errorf("%s adds up to %d, want %d", path, total, want)
		}
		followed := 0
		for _, row := range partRow.FindAllStringSubmatch(s.page(path), 4) {
			name, number := cellOf(row[1]), cellOf(row[2])
			want, is := number.number()
			if !is || name.href == "" {
				continue
			}
			if got, _ := sum(s.rows(name.href, "parts"), "requested"); got != want {
				s.t.Errorf("%s of %s is %d, and %s adds up to %d", path, name.text, want, name.href, got)
			}
			followed++
		}
		if followed == 0 && by != "weekday" {
			s.t.Errorf("%s leads nowhere", path)
		}
	}
}

// partRow is a line of the explorer: its name and what was requested.
var partRow = regexp.MustCompile(`(?s)<tr>(<td[^>]*>.*?</td>).*?(<td[^>]*data-name="requested">.*?</td>)`)

// failuresAddUp: reasons and categories each make up what deliveries count, but for what reasons tell beyond it.
func (s *shown) failuresAddUp() {
	s.t.Helper()
	totals, reasons, categories := s.rows(allFailures, "totals"), s.rows(allFailures, "reasons"), s.rows(allFailures, "categories")
	failed, _ := sum(totals, "failed")
	beyond, _ := sum(totals, "more_than_counted")
	byReason, _ := sum(reasons, "messages")
	byCategory, _ := sum(categories, "messages")
	if beyond != 50 || byReason != failed+beyond || byCategory != failed+beyond {
		s.t.Errorf("%d failed and %d beyond: reasons are %d, categories %d", failed, beyond, byReason, byCategory)
	}
	if body := s.page(allFailures); !strings.Contains(body, "add up to 50 more messages than its deliveries count as failed") || !strings.Contains(body, "(no reason reported)") {
		s.t.Error("the failures do not say what reasons leave open")
	}
}

func (s *shown) runsTellTheTruth() {
	s.t.Helper()
	status := map[string]string{}
	for _, r := range s.rows("/runs", "runs") {
		if name, _ := r["arguments"].(string); strings.HasPrefix(name, "planted") {
			status[name], _ = r["status"].(string)
		} else if r["status"] != "ok" && r["command"] == "import" {
			s.t.Errorf("an import that loaded all that its files hold: %v", r)
		}
	}
	if status["planted-ok"] != "failed 2 of 5 windows" || status["planted-now"] != "running" {
		s.t.Errorf("the runs are %v", status)
	}
	body := s.page("/runs")
	if strings.Contains(body, "No run in progress") || !strings.Contains(body, "1 of 4 windows done, 1 failed, 1 running, 1 waiting to try again") {
		s.t.Errorf("what is under way is not told:\n%s", body)
	}
	retries := s.rows("/runs", "retries")
	if len(retries) != 1 || retries[0]["what_it_met"] != "the vendor is busy, try 3" || retries[0]["tried_again"] != "2026-11-21T19:04:05Z" || texts(retries)[0] == "" ||
		!strings.Contains(texts(retries)[0], `"failed_tries":3`) || !strings.Contains(texts(retries)[0], `"most_tries":5`) {
		s.t.Errorf("what is tried again: %v", texts(retries))
	}
}

func (s *shown) pausesAreTold() {
	s.t.Helper()
	for _, path := range []string{"/", "/runs", "/coverage?year=2026", "/coverage?year=2026&vendor=tencent"} {
		body := html.UnescapeString(s.page(path))
		if !strings.Contains(body, "tencent-main is paused since ") || !strings.Contains(body, "by ada. Reason: the key is changed.") {
			s.t.Errorf("%s does not say who paused what, and why", path)
		}
	}
	if strings.Contains(s.page("/coverage?year=2026&vendor=engagelab"), "is paused") {
		s.t.Error("another vendor's pages are told of the pause")
	}
}

// namesThatNeverWere are told so, by the command and by the page, and are no zeros.
func (s *shown) namesThatNeverWere() {
	s.t.Helper()
	const day = "2026-11-01"
	account := s.text(`SELECT account FROM sms.delivery_daily WHERE vendor = 'engagelab' AND send_date = '` + day + `' LIMIT 1`)
	for _, c := range []struct{ flag, parameter, says string }{
		{"--template", "template", "no template 99999 for this account and day"},
		{"--label", "label", "no label 99999 for this account and day"},
		{"--message-type", "message_type", "no message type 99999 for this account and day"},
		{"--country", "country", "no country 99999 for this account and day"},
		{"--reason", "reason", "no reason 99999 for this account and day"},
	} {
		code, out, errs := s.alone(s.t.Context(), "explain", "--date", day, "--account", account, c.flag, "99999")
		if code != exitUsage || !strings.Contains(errs, c.says) || out != "" {
			s.t.Errorf("%s 99999: exit %d\n%s%s", c.flag, code, out, errs)
		}
		status, body := s.get(s.address + "/explain?account=" + account + "&date=" + day + "&" + c.parameter + "=99999")
		if status != 404 || !strings.Contains(body, c.says[2:]) {
			s.t.Errorf("the page of %s=99999: %d\n%s", c.parameter, status, body)
		}
	}
	const template = "another-day"
	s.exec(`INSERT INTO sms.dim_template (account_key, code) SELECT account_key, $2 FROM sms.dim_account WHERE account = $1`, account, template)
	says := "no template " + template + " for this account and day"
	code, out, errs := s.alone(s.t.Context(), "explain", "--date", day, "--account", account, "--template", template)
	if code != exitOK || !strings.Contains(out, says) || strings.Contains(out, "  0  ") {
		s.t.Errorf("a template of another day: exit %d\n%s%s", code, out, errs)
	}
	body := s.page("/explain?account=" + account + "&date=" + day + "&template=" + url.QueryEscape(template))
	if !strings.Contains(body, says) || strings.Contains(body, `<td class="n">0</td>`) {
		s.t.Errorf("the page of a template of another day:\n%s", body)
	}
}

// answersAreQuoted finds the number in the vendor's own row, marked, for a vendor of each kind of answer.
func (s *shown) answersAreQuoted() {
	s.t.Helper()
	for vendor, order := range map[string]string{"engagelab": "delivered", "tencent": "delivered DESC", "huawei": "delivered"} {
		query := s.text(`SELECT replace(concat_ws('&', 'account=' || account, 'date=' || send_date, 'template=' || template, 'label=' || label, 'message_type=' || message_type, 'country=' || country), ' ', '+')
			FROM sms.delivery_daily WHERE vendor = '` + vendor + `' AND send_date BETWEEN '2026-11-01' AND '2026-11-20' AND delivered > 0 ORDER BY ` + order + ` LIMIT 1`)
		body := html.UnescapeString(s.page("/explain?vendor=" + vendor + "&measure=delivered&" + query))
		delivered, _ := sum(s.rows("/explain?vendor="+vendor+"&measure=delivered&"+query, "measures"), "total")
		want := fmt.Sprintf(`<mark>"[A-Za-z_]+": %d,?</mark>`, delivered)
		if vendor == "huawei" {
			want = `Row \d+ of answer \d+ \(SendingDetails_\d+_\d+\.(csv|xlsx)\), at byte [\s\S]*2026-11-[\s\S]*DELIVRD` // it has no numbers
		}
		if !regexp.MustCompile(want).MatchString(body) || strings.Contains(body, "sandbox-secret") {
			s.t.Errorf("%s, %s: the answer is not quoted, or with a secret; want %s in\n%s", vendor, query, want, body)
		}
	}
}

// figures are the tables whose numbers are of days, with the column that says how these stand.
var figures = map[string]string{
	"pivot": "not final days", "totals": "days not final", "reasons": "days not final", "categories": "days not final", "findings": "days not final",
	"days": "state", "restatements": "state", "measures": "state", "rows": "state", "history": "state",
}

// walk follows every link, and of the many that differ in their days alone some of each kind.
func (s *shown) walk() {
	s.t.Helper()
	const ofAKind = 2
	queue, known, kinds := []string{"/"}, map[string]bool{"/": true}, map[string]int{}
	pages := 0
	for len(queue) > 0 {
		path := queue[0]
		queue = queue[1:]
		status, body := s.get(s.address + path)
		pages++
		if status != 200 && path != "/readyz" { // nobody loads
			s.t.Errorf("%s: %d", path, status)
			continue
		}
		for name, rows := range tables(body) {
			// Under the heading of a page about one day, or of a file of states, there is a table of the same name.
			for _, row := range rows[:min(1, len(rows))] {
				if _, is := row[figures[name]]; figures[name] != "" && !is {
					s.t.Errorf("%s: the table %s does not say how its days stand", path, name)
				}
			}
		}
		if !strings.Contains(body, `<html lang="en">`) || strings.HasPrefix(path, "/jobs") {
			continue // a file, or another program's pages
		}
		for _, h := range hrefForm.FindAllStringSubmatch(body, -1) {
			next, _, _ := strings.Cut(html.UnescapeString(h[1]), "#")
			if !strings.HasPrefix(next, "/") || known[next] {
				continue
			}
			known[next] = true
			if kind := kindOf(s.t, next); kinds[kind] < ofAKind {
				kinds[kind]++
				queue = append(queue, next)
			}
		}
	}
	s.t.Logf("%d pages of %d kinds, %d links", pages, len(kinds), len(known))
	for _, must := range []string{"/explain account date measure=delivered vendor=huawei", "/failures from reason=(no reason reported) stage=processing to vendor=tencent"} {
		if kinds[must] == 0 {
			s.t.Errorf("nobody went to %q; the kinds are %q", must, slices.Sorted(maps.Keys(kinds)))
		}
	}
	if pages < 200 {
		s.t.Errorf("only %d pages", pages)
	}
}

// kindOf gives what is left of an address when days and names of rows are taken out.
func kindOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	kind := u.Path
	q := u.Query()
	for _, name := range slices.Sorted(maps.Keys(q)) {
		switch value := q.Get(name); {
		case slices.Contains([]string{"sort", "page", "range", "compare"}, name): // every page has all of them
		case slices.Contains([]string{"vendor", "measure", "stage", "format", "table"}, name), strings.HasPrefix(value, "("):
			kind += " " + name + "=" + value
		default:
			kind += " " + name
		}
	}
	return kind
}
