package load_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"smsetl/load"
	"smsetl/sms"
)

// Over random data, in which any number of any row may be missing, no view of people makes a 0 of it: rows show it as NULL, sums are
// NULL when no part is reported, and changes say from what to what. Every view with a measure is looked at, and a new one has to be
// added here.
func TestNoViewTurnsNotReportedIntoZero(t *testing.T) {
	t.Parallel()
	wh := open(t)
	example := 0
	rapid.Check(t, func(rt *rapid.T) {
		example++
		h := &hole{t: rt, wh: wh, account: sms.Account{Vendor: sms.EngageLab, ID: fmt.Sprint("account", example), Zone: east}}
		h.month = sms.Date(2016, time.Month(example), 1) // rankings and comparisons are not by account, so each example has a month
		if err := wh.Account(context.Background(), "test", h.account); err != nil {
			rt.Fatal(err)
		}
		h.load()
		for view, question := range h.questions() {
			if got := h.dump(question.sql); got != strings.Join(question.want, "\n") {
				rt.Fatalf("%s (-want +got):\n%s", view, cmp.Diff(strings.Join(question.want, "\n"), got))
			}
		}
	})
	verifySums(t, wh)
	looked := []string{}
	for view := range (&hole{}).questions() {
		looked = append(looked, view)
	}
	slices.Sort(looked)
	all := dump(t, wh, `
		SELECT DISTINCT c.relname
		FROM pg_class     AS c
		JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
		WHERE c.relnamespace = 'sms'::regnamespace
		  AND c.relkind = 'v'
		  AND (a.attname = ANY ('{requested,accepted,processing_failed,delivered,send_failed,pending,billed_segments,old_value,new_value}')
		    OR a.attname = 'messages' AND c.relname <> 'settling') -- whose messages are the requested ones of days that have any
		UNION ALL
		SELECT p.proname FROM pg_proc AS p WHERE p.pronamespace = 'sms'::regnamespace AND p.proretset
		ORDER BY 1`)
	if d := cmp.Diff(strings.Join(looked, "\n"), all); d != "" {
		t.Errorf("views that are looked at and views that there are (-looked +all):\n%s", d)
	}
}

// hole is one example: two days of an account by two templates, loaded and then told differently.
type hole struct {
	t          *rapid.T
	wh         *load.Warehouse
	account    sms.Account
	month      sms.Day
	deliveries [2][]sms.Delivery // as told at first, and later
	failures   [2][]sms.Failure
	between    time.Time // after what was told at first
}

type question struct {
	sql  string
	want []string
}

func (h *hole) count(name string) sms.Count {
	if n := rapid.Int64Range(-1, 2).Draw(h.t, name); n >= 0 {
		return sms.Reported(n)
	}
	return sms.Count{}
}

// load draws and loads. What lacks numbers is believed at the second telling.
func (h *hole) load() {
	for turn := range 2 {
		for _, template := range []string{"a", "b"} {
			for d := h.month; d < h.month+2; d++ {
				h.draw(turn, d, template)
			}
		}
		window, err := sms.NewWindow(h.month, h.month+1, h.account.Zone)
		if err != nil {
			h.t.Fatal(err)
		}
		for again := range 2 {
			for _, b := range []answer{
				{Scope: sms.Scope{Account: h.account, Datasets: []sms.Dataset{sms.StatsDay}, Window: window}, Deliveries: h.deliveries[turn], Zeros: 1},
				{Scope: sms.Scope{Account: h.account, Datasets: []sms.Dataset{sms.SendFailed}, Window: window}, Failures: h.failures[turn], Zeros: 1},
			} {
				r, err := tryPut(context.Background(), h.wh, b, func(o *load.PutOptions) {
					o.Rules = gullible{rules(4)}
					o.Now = o.Now.Add(time.Duration(2*turn+again) * time.Second)
				})
				if err != nil {
					h.t.Fatal(err)
				}
				if turn == 0 {
					h.between = r.LoadedAt
				}
			}
		}
	}
}

func (h *hole) draw(turn int, d sms.Day, template string) {
	grain := sms.Grain{Day: d, Template: sms.Named(template), Label: sms.None, MessageType: sms.Named("2"), Country: sms.NotReported}
	if rapid.IntRange(0, 3).Draw(h.t, "row") > 0 {
		h.deliveries[turn] = append(h.deliveries[turn], sms.Delivery{Grain: grain, Measures: sms.Measures{
			Requested: h.count("requested"), Accepted: h.count("accepted"), ProcessingFailed: h.count("processing_failed"), Delivered: h.count("delivered"),
			SendFailed: h.count("send_failed"), Pending: h.count("pending"), BilledSegments: h.count("billed_segments"),
		}})
	}
	for _, reason := range []*sms.Reason{powerOff, busy} {
		if rapid.IntRange(0, 2).Draw(h.t, "failure") > 0 {
			h.failures[turn] = append(h.failures[turn], sms.Failure{Grain: grain, Reason: reason, Messages: h.count("messages")})
		}
	}
}

func (h *hole) dump(sql string) string {
	return dumpWith(context.Background(), h.t, h.wh, strings.NewReplacer(
		"{account}", "'"+h.account.ID+"'", "{month}", "'"+h.month.String()+"'", "{between}", "'"+h.between.Format(time.RFC3339Nano)+"'",
		"{measures}", "requested, accepted, processing_failed, delivered, send_failed, pending, billed_segments",
	).Replace(sql))
}

// questions gives for each view and function what to ask it and what it has to answer.
func (h *hole) questions() map[string]question {
	const byRow, byDay = "SELECT send_date, template, {measures}, delivery_rate IS NULL FROM ", "SELECT send_date, {measures}, delivery_rate IS NULL FROM "
	const failed = "SELECT send_date, template, reason, messages FROM "
	const periods, inOrder = "(date {month} + 1, date {month} + 1, {month}, {month}, 'template', 'engagelab', {account})", ` ORDER BY member COLLATE "C"`
	const ofAccount, now, then = " WHERE account = {account}", " AND valid_to = 'infinity'", " AND valid_from <= {between} AND valid_to > {between}"
	row := func(d *sms.Delivery) string { return fmt.Sprint(d.Day, " ", d.Template) }
	day := func(d *sms.Delivery) string { return d.Day.String() }
	return map[string]question{
		"delivery_daily":         {byRow + "sms.delivery_daily" + ofAccount + " ORDER BY 1, 2", h.sums(1, row)},
		"delivery_versions":      {byRow + "sms.delivery_versions" + ofAccount + then + " ORDER BY 1, 2", h.sums(0, row)},
		"delivery_daily_as_of":   {byRow + "sms.delivery_daily_as_of({between})" + ofAccount + " ORDER BY 1, 2", h.sums(0, row)},
		"account_daily":          {byDay + "sms.account_daily" + ofAccount + " ORDER BY 1", h.sums(1, day)},
		"account_daily_versions": {byDay + "sms.account_daily_versions" + ofAccount + now + " ORDER BY 1", h.sums(1, day)},
		"account_daily_as_of":    {byDay + "sms.account_daily_as_of({between})" + ofAccount + " ORDER BY 1", h.sums(0, day)},
		"vendor_comparison":      {byDay + "sms.vendor_comparison WHERE send_date BETWEEN {month} AND date {month} + 1 ORDER BY 1", h.sums(1, day)},
		"cost_daily": {
			"SELECT send_date, requested, delivered, billed_segments, units, cost, missing FROM sms.cost_daily" + ofAccount + " ORDER BY 1",
			h.costs(),
		},
		"template_monthly": {
			"SELECT month_start, template, {measures}, delivery_rate IS NULL FROM sms.template_monthly" + ofAccount + " ORDER BY 1, 2",
			h.sums(1, func(d *sms.Delivery) string { return fmt.Sprint(h.month, " ", d.Template) }),
		},
		"failure_daily":       {failed + "sms.failure_daily" + ofAccount + " ORDER BY 1, 2, 3", h.failed(1)},
		"failure_versions":    {failed + "sms.failure_versions" + ofAccount + then + " ORDER BY 1, 2, 3", h.failed(0)},
		"failure_daily_as_of": {failed + "sms.failure_daily_as_of({between})" + ofAccount + " ORDER BY 1, 2, 3", h.failed(0)},
		"reason_daily": {
			"SELECT send_date, reason, messages, rows_not_reported FROM sms.reason_daily" + ofAccount + " ORDER BY 1, 2",
			h.reasons(func(f *sms.Failure) string { return fmt.Sprint(f.Day, " ", f.Reason.Code) }),
		},
		"failure_ranking": {
			"SELECT reason, messages, rows_not_reported FROM sms.failure_ranking WHERE month_start = {month} ORDER BY 1",
			h.reasons(func(f *sms.Failure) string { return f.Reason.Code }),
		},
		"restatements": {
			`SELECT send_date, template, coalesce(reason, '(delivery)') AS reason, measure, old_value, new_value FROM sms.restatements` + ofAccount + ` ORDER BY 1, 2, 3, 4`,
			h.changes(),
		},
		"period_sums": {
			"SELECT member, is_requested, is_delivered, row_count, requested, delivered FROM sms.period_sums({month}, date {month} + 1, 'template', NULL, {account})" + inOrder + ", 2, 3",
			h.periods(),
		},
		"rate_change": {
			"SELECT member, rows_this, rows_with, requested_this, requested_with, delivered_this, delivered_with FROM sms.rate_change" + periods + inOrder,
			h.changed(func(d *sms.Delivery) []sms.Count { return []sms.Count{d.Requested, d.Delivered} }),
		},
		"volume_change": {
			"SELECT member, rows_this, rows_with, requested_this, requested_with FROM sms.volume_change" + periods + inOrder,
			h.changed(func(d *sms.Delivery) []sms.Count { return []sms.Count{d.Requested} }),
		},
		"reason_change": {
			"SELECT reason, messages_this, messages_with FROM sms.reason_change" + strings.Replace(periods, "'template', ", "", 1) + ` ORDER BY reason COLLATE "C", stage`,
			h.failedMore(),
		},
		"coverage_daily": {
			"SELECT send_date, pending FROM sms.coverage_daily" + ofAccount + " AND dataset = 'stats_day' ORDER BY 1",
			h.waiting(),
		},
	}
}

// measuresOf gives the measures as views list them.
func measuresOf(d *sms.Delivery) []sms.Count {
	return []sms.Count{d.Requested, d.Accepted, d.ProcessingFailed, d.Delivered, d.SendFailed, d.Pending, d.BilledSegments}
}

// asText writes a count as dump does.
func asText(c sms.Count) string {
	if n, ok := c.Value(); ok {
		return fmt.Sprint(n)
	}
	return "-"
}

// sumOf adds up what is reported; nothing reported is no sum.
func sumOf(all []sms.Count) (total sms.Count) {
	for _, c := range all {
		if n, ok := c.Value(); ok {
			total = sms.Reported(n + total.Or(0))
		}
	}
	return total
}

// sums gives the lines of deliveries by a key.
func (h *hole) sums(turn int, key func(*sms.Delivery) string) []string {
	groups := map[string][7][]sms.Count{}
	for i := range h.deliveries[turn] {
		d := &h.deliveries[turn][i]
		g := groups[key(d)]
		for m, c := range measuresOf(d) {
			g[m] = append(g[m], c)
		}
		groups[key(d)] = g
	}
	var lines []string
	for k, g := range groups {
		line := k
		for m := range g {
			line += " " + asText(sumOf(g[m]))
		}
		requested, isRequested := sumOf(g[0]).Value()
		_, isDelivered := sumOf(g[3]).Value()
		lines = append(lines, fmt.Sprint(line, " ", !isRequested || !isDelivered || requested == 0))
	}
	slices.Sort(lines)
	return lines
}

// costs gives what cost_daily has of days without a price: sums with a hole are none.
func (h *hole) costs() (lines []string) {
	days := map[sms.Day][3]sms.Count{}
	for i := range h.deliveries[1] {
		d := &h.deliveries[1][i]
		sums, isThere := days[d.Day]
		for m, c := range []sms.Count{d.Requested, d.Delivered, d.BilledSegments} {
			n, isReported := c.Value()
			before, wasReported := sums[m].Value()
			sums[m] = sms.Count{}
			if isReported && (wasReported || !isThere) {
				sums[m] = sms.Reported(before + n)
			}
		}
		days[d.Day] = sums
	}
	for d, sums := range days {
		lines = append(lines, fmt.Sprint(d, " ", asText(sums[0]), " ", asText(sums[1]), " ", asText(sums[2]), " - - no price"))
	}
	slices.Sort(lines)
	return lines
}

func (h *hole) failed(turn int) (lines []string) {
	for i := range h.failures[turn] {
		f := &h.failures[turn][i]
		lines = append(lines, fmt.Sprint(f.Day, " ", f.Template, " ", f.Reason.Code, " ", asText(f.Messages)))
	}
	slices.Sort(lines)
	return lines
}

func (h *hole) reasons(key func(*sms.Failure) string) (lines []string) {
	groups := map[string][]sms.Count{}
	for i := range h.failures[1] {
		f := &h.failures[1][i]
		groups[key(f)] = append(groups[key(f)], f.Messages)
	}
	for k, all := range groups {
		silent := 0
		for _, c := range all {
			if _, ok := c.Value(); !ok {
				silent++
			}
		}
		lines = append(lines, fmt.Sprint(k, " ", asText(sumOf(all)), " ", silent))
	}
	slices.Sort(lines)
	return lines
}

// periods gives what both days add up to by template, apart by which of the numbers rows report.
func (h *hole) periods() []string {
	groups := map[string][2][]sms.Count{}
	for i := range h.deliveries[1] {
		d := &h.deliveries[1][i]
		key := fmt.Sprint(d.Template, " ", d.Requested.IsReported(), " ", d.Delivered.IsReported())
		g := groups[key]
		groups[key] = [2][]sms.Count{append(g[0], d.Requested), append(g[1], d.Delivered)}
	}
	var lines []string
	for key, g := range groups {
		lines = append(lines, fmt.Sprint(key, " ", len(g[0]), " ", asText(sumOf(g[0])), " ", asText(sumOf(g[1]))))
	}
	slices.Sort(lines)
	return lines
}

// changed gives the lines of the second day compared with the first: a template without rows on a day sent nothing, and rows that lack
// one of the numbers are nobody's.
func (h *hole) changed(numbers func(*sms.Delivery) []sms.Count) []string {
	type side struct {
		rows int
		sums []sms.Count
	}
	members := map[string]*[2]side{}
	for i := range h.deliveries[1] {
		d := &h.deliveries[1][i]
		all, member := numbers(d), fmt.Sprint(d.Template)
		if slices.ContainsFunc(all, func(c sms.Count) bool { return !c.IsReported() }) {
			member = "(not comparable)"
		}
		if members[member] == nil {
			members[member] = &[2]side{}
			if member != "(not comparable)" {
				members[member][0].sums, members[member][1].sums = make([]sms.Count, len(all)), make([]sms.Count, len(all))
				for n := range all {
					members[member][0].sums[n], members[member][1].sums[n] = sms.Reported(0), sms.Reported(0)
				}
			}
		}
		s := &members[member][int(h.month+1-d.Day)]
		s.rows++
		if s.sums == nil {
			s.sums = make([]sms.Count, len(all))
		}
		for n, c := range all {
			s.sums[n] = sumOf([]sms.Count{s.sums[n], c})
		}
	}
	var lines []string
	for member, m := range members {
		line := fmt.Sprint(member, " ", m[0].rows, " ", m[1].rows)
		for n := range numbers(&sms.Delivery{}) {
			for _, s := range m {
				if s.sums == nil {
					line += " -"
					continue
				}
				line += " " + asText(s.sums[n])
			}
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return lines
}

// failedMore gives the lines of the failures of the second day compared with those of the first. A day that lacks a number is in the last
// one alone.
func (h *hole) failedMore() []string {
	messages, lacking, isLacking := map[string]*[2]int64{}, [2][]sms.Count{}, false
	note := func(side int, reason string, n int64) {
		if messages[reason] == nil {
			messages[reason] = &[2]int64{}
		}
		messages[reason][side] += n
	}
	for side, day := range []sms.Day{h.month + 1, h.month} {
		var deliveries, failures []sms.Count
		for i := range h.deliveries[1] {
			if d := &h.deliveries[1][i]; d.Day == day {
				deliveries = append(deliveries, d.Requested, d.Delivered, d.ProcessingFailed, d.SendFailed)
			}
		}
		for i := range h.failures[1] {
			if h.failures[1][i].Day == day {
				failures = append(failures, h.failures[1][i].Messages)
			}
		}
		if len(deliveries) == 0 || slices.ContainsFunc(append(deliveries, failures...), func(c sms.Count) bool { return !c.IsReported() }) {
			lacking[side], isLacking = failures, isLacking || len(deliveries)+len(failures) > 0
			continue
		}
		for i := range h.deliveries[1] {
			if d := &h.deliveries[1][i]; d.Day == day {
				note(side, "processing", d.ProcessingFailed.Or(0))
				note(side, "sending", d.SendFailed.Or(0))
			}
		}
		for i := range h.failures[1] {
			if f := &h.failures[1][i]; f.Day == day {
				note(side, f.Reason.Code, f.Messages.Or(0))
				note(side, "sending", -f.Messages.Or(0))
			}
		}
	}
	var lines []string
	for _, reason := range []string{"processing", "sending", "busy", "power_off"} {
		n, word := messages[reason], reason
		if reason == "processing" || reason == "sending" {
			word = "(no reason reported)"
		}
		if n != nil && (word == reason || *n != [2]int64{}) {
			lines = append(lines, fmt.Sprint(word, " ", n[0], " ", n[1]))
		}
	}
	if isLacking {
		lines = slices.Insert(lines, slices.IndexFunc(append(lines, "busy"), func(l string) bool { return l[0] != '(' }), fmt.Sprint("(not comparable) ", asText(sumOf(lacking[0])), " ", asText(sumOf(lacking[1]))))
	}
	return lines
}

// changes gives a line for each number that is another one than at first. A row that is not there has none.
func (h *hole) changes() []string {
	all := map[string][2]sms.Count{}
	note := func(turn int, key string, c sms.Count) {
		pair := all[key]
		pair[turn] = c
		all[key] = pair
	}
	names := []string{"requested", "accepted", "processing_failed", "delivered", "send_failed", "pending", "billed_segments"}
	for turn := range 2 {
		for i := range h.deliveries[turn] {
			d := &h.deliveries[turn][i]
			for m, c := range measuresOf(d) {
				note(turn, fmt.Sprint(d.Day, " ", d.Template, " (delivery) ", names[m]), c)
			}
		}
		for i := range h.failures[turn] {
			f := &h.failures[turn][i]
			note(turn, fmt.Sprint(f.Day, " ", f.Template, " ", f.Reason.Code, " messages"), f.Messages)
		}
	}
	var lines []string
	for key, pair := range all {
		if pair[0] != pair[1] {
			lines = append(lines, fmt.Sprint(key, " ", asText(pair[0]), " ", asText(pair[1])))
		}
	}
	slices.Sort(lines)
	return lines
}

// waiting gives what the ledger says is pending: a day without a row has nothing that waits.
func (h *hole) waiting() (lines []string) {
	for d := h.month; d < h.month+2; d++ {
		var all []sms.Count
		for i := range h.deliveries[1] {
			if h.deliveries[1][i].Day == d {
				all = append(all, h.deliveries[1][i].Pending)
			}
		}
		lines = append(lines, fmt.Sprint(d, " ", asText(sumOf(all))))
	}
	return lines
}
