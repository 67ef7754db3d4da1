package read_test

import (
	"context"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"smsetl/internal/db"
	"smsetl/internal/dev/pgtest"
	"smsetl/read"
	"smsetl/sms"
)

// Grain is where a row of a fact stands, by the keys of dimensions.
type Grain struct {
	Day                                            sms.Day
	Account, Template, Label, MessageType, Country int32
}

// delivered is a row of deliveries, and failedRow one of failures. Nil: not reported.
type deliveredRow struct {
	Grain

	Requested, Delivered, Refused, Failed *int64
}

type failedRow struct {
	Grain

	Reason   int32
	Messages *int64
}

// compared is a warehouse in which any number of any row may be missing, and members come and go. Few dimensions with the same names
// among accounts and vendors, so that what must not be added up would be.
type compared struct {
	t          *rapid.T
	conn       *pgx.Conn
	model      *read.Model
	deliveries []deliveredRow
	failures   []failedRow
}

const dimensions = `
	SET session_replication_role = replica;
	INSERT INTO sms.dim_account (account_key, vendor_key, account, zone, source) OVERRIDING SYSTEM VALUE
	SELECT k, (SELECT vendor_key FROM sms.dim_vendor WHERE vendor = v), a, '+08:00', 'test'
	FROM (VALUES (1, 'engagelab', 'one'), (2, 'engagelab', 'same'), (3, 'tencent', 'same')) AS x (k, v, a);
	INSERT INTO sms.dim_template (template_key, account_key, code) SELECT 10 * a + i, a, 't' || i FROM generate_series(1, 3) AS a, generate_series(1, 2) AS i;
	INSERT INTO sms.dim_label (label_key, account_key, code) SELECT 10 * a + i, a, 'l' || i FROM generate_series(1, 3) AS a, generate_series(1, 2) AS i;
	INSERT INTO sms.dim_message_type (message_type_key, vendor_key, code) SELECT 900 + vendor_key, vendor_key, 'kind' FROM sms.dim_vendor;
	INSERT INTO sms.dim_failure_reason (reason_key, vendor_key, code, stage, category)
	SELECT 10 * v.vendor_key + k, v.vendor_key, c, s, 'other'
	FROM sms.dim_vendor AS v, (VALUES (1, 'gone', 'sending'), (2, 'gone', 'processing'), (3, 'busy', 'sending')) AS x (k, c, s);`

// filled is what the loader keeps beside the facts.
const filled = `
	INSERT INTO sms.delivery_by_day (date_key, account_key, row_count, rows_not_reported, requested, delivered, processing_failed, send_failed, load_id)
	SELECT date_key, account_key, count(*), count(*) FILTER (WHERE num_nulls(requested, delivered, processing_failed, send_failed) > 0),
	       sum(requested), sum(delivered), sum(processing_failed), sum(send_failed), 1
	FROM sms.fact_delivery_daily GROUP BY 1, 2;
	INSERT INTO sms.delivery_by_month_template (month_start, account_key, template_key, row_count, rows_not_reported, requested, delivered, processing_failed, send_failed)
	SELECT date_trunc('month', date_key::timestamp), account_key, template_key, count(*), count(*) FILTER (WHERE num_nulls(requested, delivered, processing_failed, send_failed) > 0),
	       sum(requested), sum(delivered), sum(processing_failed), sum(send_failed)
	FROM sms.fact_delivery_daily GROUP BY 1, 2, 3;
	INSERT INTO sms.delivery_by_month_label (month_start, account_key, label_key, message_type_key, country_key, row_count, rows_not_reported, requested, delivered, processing_failed, send_failed)
	SELECT date_trunc('month', date_key::timestamp), account_key, label_key, message_type_key, country_key, count(*), count(*) FILTER (WHERE num_nulls(requested, delivered, processing_failed, send_failed) > 0),
	       sum(requested), sum(delivered), sum(processing_failed), sum(send_failed)
	FROM sms.fact_delivery_daily GROUP BY 1, 2, 3, 4, 5;
	INSERT INTO sms.failure_by_day (date_key, account_key, reason_key, row_count, rows_not_reported, messages)
	SELECT date_key, account_key, reason_key, count(*), count(*) FILTER (WHERE messages IS NULL), sum(messages)
	FROM sms.fact_failure_daily GROUP BY 1, 2, 3;`

// The days of a world: two whole months and parts of two more.
var (
	firstDay = sms.Date(2024, time.January, 20)
	lastDay  = sms.Date(2024, time.April, 10)
)

// count draws a number of messages, and one without great ones where it is a part of a number that is not: a rate of a thousand million
// on top of as many messages is more than a number holds.
func (c *compared) count(name string, of ...*int64) *int64 {
	sizes := []*rapid.Generator[int64]{rapid.Int64Range(-1, 4), rapid.Int64Range(0, 1000), rapid.Int64Range(1_000_000_000, 1_000_000_007)}
	if len(of) > 0 && (of[0] == nil || *of[0] < 1_000_000_000) {
		sizes = sizes[:2]
	}
	n := rapid.OneOf(sizes...).Draw(c.t, name)
	if n < 0 {
		return nil
	}
	return &n
}

func (c *compared) draw() {
	account := rapid.Int32Range(1, 3).Draw(c.t, "account")
	among := func(name string, keys ...int32) int32 { return rapid.SampledFrom(keys).Draw(c.t, name) }
	g := Grain{
		Day: sms.Day(rapid.Int32Range(int32(firstDay), int32(lastDay)).Draw(c.t, "day")), Account: account,
		Template: among("template", 10*account+1, 10*account+2, -2), Label: among("label", 10*account+1, 10*account+2, -3),
		MessageType: -3, Country: among("country", -3, 1, 2),
	}
	vendor := (account + 1) / 2
	if rapid.Bool().Draw(c.t, "has a type") {
		g.MessageType = 900 + vendor
	}
	if !slices.ContainsFunc(c.deliveries, func(r deliveredRow) bool { return r.Grain == g }) {
		requested := c.count("requested")
		c.deliveries = append(c.deliveries, deliveredRow{g, requested, c.count("delivered", requested), c.count("refused"), c.count("failed")})
	}
	reason := 10*vendor + among("reason", 1, 2, 3)
	if rapid.Bool().Draw(c.t, "has a reason") && !slices.ContainsFunc(c.failures, func(r failedRow) bool { return r.Grain == g && r.Reason == reason }) {
		c.failures = append(c.failures, failedRow{g, reason, c.count("messages")})
	}
}

// fill draws a world and puts it in the place of the one before.
func (c *compared) fill() {
	ctx := context.Background()
	for range rapid.IntRange(0, 60).Draw(c.t, "rows") {
		c.draw()
	}
	must := func(sql string) {
		if _, err := c.conn.Exec(ctx, sql, pgx.QueryExecModeSimpleProtocol); err != nil {
			c.t.Fatal(err)
		}
	}
	must(`TRUNCATE sms.fact_delivery_daily, sms.fact_failure_daily, sms.delivery_by_day, sms.delivery_by_month_template, sms.delivery_by_month_label, sms.failure_by_day`)
	keys := "date_key, account_key, template_key, label_key, message_type_key, country_key"
	for _, fact := range []struct {
		sql  string
		rows []any
	}{
		{
			`INSERT INTO sms.fact_delivery_daily (` + keys + `, requested, delivered, processing_failed, send_failed, load_id)
			 SELECT *, 1 FROM unnest($1::date[], $2::int[], $3::int[], $4::int[], $5::int[], $6::int[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[])`,
			db.Columns(c.deliveries),
		},
		{
			`INSERT INTO sms.fact_failure_daily (` + keys + `, reason_key, messages, load_id)
			 SELECT *, 1 FROM unnest($1::date[], $2::int[], $3::int[], $4::int[], $5::int[], $6::int[], $7::int[], $8::bigint[])`,
			db.Columns(c.failures),
		},
	} {
		if _, err := c.conn.Exec(ctx, fact.sql, fact.rows...); err != nil {
			c.t.Fatal(err)
		}
	}
	must(filled)
}

// asked is one question.
type asked struct {
	this, with read.Period
	by         string
	vendor     sms.Vendor
	account    string
}

func (c *compared) period(name string) read.Period {
	a, b := rapid.Int32Range(int32(firstDay)-5, int32(lastDay)+5).Draw(c.t, name), rapid.Int32Range(int32(firstDay)-5, int32(lastDay)+5).Draw(c.t, name)
	p := read.Period{First: sms.Day(min(a, b)), Last: sms.Day(max(a, b))}
	switch rapid.IntRange(0, 3).Draw(c.t, "whole months") {
	case 1:
		p = read.Month(p.First)
	case 2:
		p = read.Period{First: p.First.Month(), Last: read.Month(p.Last).Last}
	}
	return p
}

func (c *compared) ask() asked {
	return asked{
		this: c.period("this"), with: c.period("with"), by: rapid.SampledFrom(read.Splits).Draw(c.t, "by"),
		vendor: rapid.SampledFrom([]sms.Vendor{"", "", "engagelab", "tencent", "huawei"}).Draw(c.t, "vendor"), account: rapid.SampledFrom([]string{"", "", "one", "same"}).Draw(c.t, "of"),
	}
}

var accountNames = map[int32][2]string{1: {"engagelab", "one"}, 2: {"engagelab", "same"}, 3: {"tencent", "same"}}

func (a asked) chooses(p read.Period, g Grain) bool {
	names := accountNames[g.Account]
	return p.First <= g.Day && g.Day <= p.Last && (a.vendor == "" || string(a.vendor) == names[0]) && (a.account == "" || a.account == names[1])
}

// member names what a row belongs to: vendor, account, member.
func (a asked) member(g Grain) string {
	code := func(key int32, letter string) string {
		if key < 0 {
			return map[int32]string{-2: "(none)", -3: "(not reported)"}[key]
		}
		return letter + fmt.Sprint(key%10)
	}
	vendor, account := accountNames[g.Account][0], accountNames[g.Account][1]
	switch a.by {
	case "vendor":
		return vendor + "||" + vendor
	case "account":
		return vendor + "|" + account + "|" + account
	case "template":
		return vendor + "|" + account + "|" + code(g.Template, "t")
	case "label":
		return vendor + "|" + account + "|" + code(g.Label, "l")
	case "country":
		return "||" + map[int32]string{-3: "(not reported)", 1: "AD", 2: "AE"}[g.Country]
	}
	if g.MessageType > 0 {
		return vendor + "||kind"
	}
	return vendor + "||(not reported)"
}

// sides are numbers of this period and of the one it is compared with.
type sides struct{ rows, requested, delivered [2]int64 }

// lacking is what is known of rows that lack a number: the least.
type lacking struct {
	Rows                 [2]int64
	Requested, Delivered [2]*int64
}

func addTo(sum **int64, n *int64) {
	if n != nil {
		if *sum == nil {
			*sum = new(int64)
		}
		**sum += *n
	}
}

func (c *compared) members(a asked) (members map[string]*sides, unknown lacking) {
	members = map[string]*sides{}
	for _, r := range c.deliveries {
		for side, p := range []read.Period{a.this, a.with} {
			switch {
			case !a.chooses(p, r.Grain):
			case r.Requested == nil || r.Delivered == nil:
				unknown.Rows[side]++
				addTo(&unknown.Requested[side], r.Requested)
				addTo(&unknown.Delivered[side], r.Delivered)
			default:
				key := a.member(r.Grain)
				if members[key] == nil {
					members[key] = &sides{}
				}
				members[key].rows[side]++
				members[key].requested[side] += *r.Requested
				members[key].delivered[side] += *r.Delivered
			}
		}
	}
	return members, unknown
}

func whole(n int64) *big.Rat       { return new(big.Rat).SetInt64(n) }
func over(a, b int64) *big.Rat     { return new(big.Rat).SetFrac64(a, b) }
func minus(a, b *big.Rat) *big.Rat { return new(big.Rat).Sub(a, b) }
func times(a, b *big.Rat) *big.Rat { return new(big.Rat).Mul(a, b) }

// isNear says that a whole number is less than a limit away from a fraction, or as near as a half.
func isNear(n int64, exact, limit *big.Rat) bool {
	return minus(whole(n), exact).Cmp(limit) <= 0 && minus(exact, whole(n)).Cmp(limit) <= 0
}

var half, one = big.NewRat(1, 2), big.NewRat(1, 1)

// opened gives a new warehouse, by a session in which statements were carried out, and as rooms have it.
func opened(t *testing.T, statements ...string) (*pgx.Conn, *db.DB) {
	t.Helper()
	url := pgtest.New(t)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	for _, sql := range statements {
		if _, err := conn.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol); err != nil {
			t.Fatal(err)
		}
	}
	d, err := db.Open(t.Context(), url, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return conn, d
}

// Of any two periods by any split the parts add up to what moved, to the last message; each is the fraction that the textbook's
// formula gives, to within a message; and what is not reported is in none of it. Everything is computed here from the rows alone.
func TestChangesAddUp(t *testing.T) {
	conn, d := opened(t, dimensions)
	asks := 0
	rapid.Check(t, func(rt *rapid.T) {
		c := &compared{t: rt, conn: conn, model: read.New(d, time.Now)}
		c.fill()
		for range 10 {
			c.rates(c.ask())
			c.reasons(c.ask())
			asks++
		}
	})
	if asks < 1000 {
		t.Errorf("%d pairs of periods were compared, want 1000", asks)
	}
}

// rates asks for a change of the delivery rate.
func (c *compared) rates(a asked) {
	got, err := c.model.RateChange(context.Background(), a.this, a.with, a.by, a.vendor, a.account)
	if err != nil {
		c.t.Fatal(err)
	}
	members, unknown := c.members(a)
	var all sides
	for _, m := range members {
		for side := range 2 {
			all.requested[side] += m.requested[side]
			all.delivered[side] += m.delivered[side]
		}
	}
	told, gain := map[string]*sides{}, new(big.Rat)
	for _, m := range got.Members {
		key := string(m.Vendor) + "|" + m.Account + "|" + m.Member
		told[key] = &sides{[2]int64{m.RowsThis, m.RowsWith}, [2]int64{*m.RequestedThis, *m.RequestedWith}, [2]int64{*m.DeliveredThis, *m.DeliveredWith}}
		if m.VolumeEffect+m.MixEffect+m.RateEffect != *m.DeliveredThis-*m.DeliveredWith {
			c.t.Fatalf("%+v: the parts of %s do not add up: %+v", a, key, m)
		}
		if want := members[key]; want != nil && all.requested[0] > 0 && all.requested[1] > 0 {
			gain.Add(gain, c.isTextbook(a, m, want, &all))
		} else if m.MixEffect != 0 || m.RateEffect != 0 || m.Points() != nil {
			c.t.Fatalf("%+v: there is no rate to compare, and %s moved it: %+v", a, key, m)
		}
	}
	if diff := cmp.Diff(members, told, cmp.AllowUnexported(sides{})); diff != "" {
		c.t.Fatalf("%+v (-rows +answer):\n%s", a, diff)
	}
	if !isNear(got.Total.MixEffect+got.Total.RateEffect, gain, half) || all.requested[0] > 0 && all.requested[1] > 0 &&
		gain.Cmp(minus(whole(all.delivered[0]), times(whole(all.requested[0]), over(all.delivered[1], all.requested[1])))) != 0 {
		c.t.Fatalf("%+v: all moved %s, told are %d", a, gain.FloatString(3), got.Total.MixEffect+got.Total.RateEffect)
	}
	if sum := got.Total.VolumeEffect + got.Total.MixEffect + got.Total.RateEffect; sum != all.delivered[0]-all.delivered[1] {
		c.t.Fatalf("%+v: all parts are %d, want %d", a, sum, all.delivered[0]-all.delivered[1])
	}
	var none lacking
	if u := got.Unknown; u != nil {
		none = lacking{[2]int64{u.RowsThis, u.RowsWith}, [2]*int64{u.RequestedThis, u.RequestedWith}, [2]*int64{u.DeliveredThis, u.DeliveredWith}}
	}
	if diff := cmp.Diff(unknown, none); diff != "" {
		c.t.Fatalf("%+v: not comparable (-rows +answer):\n%s", a, diff)
	}
}

// isTextbook compares a member with the formulas: its own rate at the volume of this period, and its share of the volume by how far
// its rate of then is from that of all. It gives the exact sum of both.
func (c *compared) isTextbook(a asked, m read.Moved, w, all *sides) *big.Rat {
	r1, was := whole(all.requested[0]), over(all.delivered[1], all.requested[1])
	var mix *big.Rat
	rate := whole(0)
	switch {
	case w.requested[0] > 0 && w.requested[1] > 0:
		own := over(w.delivered[1], w.requested[1])
		rate = times(whole(w.requested[0]), minus(over(w.delivered[0], w.requested[0]), own))
		mix = times(times(r1, minus(over(w.requested[0], all.requested[0]), over(w.requested[1], all.requested[1]))), minus(own, was))
	default: // all that it has above the average of then, or had
		mix = minus(whole(w.delivered[0]), times(whole(w.requested[0]), was))
		mix.Sub(mix, times(over(all.requested[0], all.requested[1]), minus(whole(w.delivered[1]), times(whole(w.requested[1]), was))))
	}
	sum := new(big.Rat).Add(rate, mix)
	if !isNear(m.RateEffect, rate, half) || !isNear(m.MixEffect+m.RateEffect, sum, one) {
		c.t.Fatalf("%+v: %s of %s: rate %d and mix %d, want %s and %s", a, m.Member, m.Vendor, m.RateEffect, m.MixEffect, rate.FloatString(3), mix.FloatString(3))
	}
	return sum
}

// reasons asks for a change of the failure rate.
func (c *compared) reasons(a asked) {
	got, err := c.model.ReasonChange(context.Background(), a.this, a.with, a.vendor, a.account)
	if err != nil {
		c.t.Fatal(err)
	}
	messages, requested, unknown := c.failedBy(a)
	told, all, effects := map[string][2]int64{}, new(big.Rat), int64(0)
	for _, r := range got.Reasons {
		key := string(r.Vendor) + "|" + string(r.Stage) + "|" + r.Reason
		told[key] = [2]int64{*r.MessagesThis, *r.MessagesWith}
		effects += r.Effect
		if requested[0] == 0 || requested[1] == 0 {
			if r.Effect != 0 || r.Points != nil {
				c.t.Fatalf("%+v: there is no rate to compare: %+v", a, r)
			}
			continue
		}
		exact := minus(whole(*r.MessagesThis), times(whole(requested[0]), over(*r.MessagesWith, requested[1])))
		if !isNear(r.Effect, exact, one) || *r.RequestedThis != requested[0] || *r.RequestedWith != requested[1] {
			c.t.Fatalf("%+v: %+v, want %s of %v", a, r, exact.FloatString(3), requested)
		}
		all.Add(all, exact)
	}
	if diff := cmp.Diff(messages, told); diff != "" {
		c.t.Fatalf("%+v (-rows +answer):\n%s", a, diff)
	}
	if !isNear(effects, all, half) || effects != got.Total.Effect {
		c.t.Fatalf("%+v: all reasons moved %s, told are %d and %d", a, all.FloatString(3), effects, got.Total.Effect)
	}
	if (got.Unknown != nil) != (unknown != [2][2]*int64{}) && unknown != [2][2]*int64{} {
		c.t.Fatalf("%+v: what is not comparable is not told", a)
	}
	if u := got.Unknown; u != nil {
		if diff := cmp.Diff(unknown, [2][2]*int64{{u.MessagesThis, u.MessagesWith}, {u.RequestedThis, u.RequestedWith}}); diff != "" {
			c.t.Fatalf("%+v: not comparable (-rows +answer):\n%s", a, diff)
		}
	}
}

// failedBy adds failures up by vendor, stage and reason, of the days of accounts that lack no number, and what is known of the
// others: messages and requested.
func (c *compared) failedBy(a asked) (messages map[string][2]int64, requested [2]int64, unknown [2][2]*int64) {
	messages = map[string][2]int64{}
	note := func(side int, key string, n int64) {
		m := messages[key]
		m[side] += n
		messages[key] = m
	}
	type day struct {
		day     sms.Day
		account int32
	}
	isWhole := map[day]bool{}
	for _, r := range c.deliveries {
		d := day{r.Day, r.Account}
		before, isThere := isWhole[d]
		isWhole[d] = (before || !isThere) && r.Requested != nil && r.Delivered != nil && r.Refused != nil && r.Failed != nil
	}
	for _, f := range c.failures {
		isWhole[day{f.Day, f.Account}] = isWhole[day{f.Day, f.Account}] && f.Messages != nil
	}
	for side, p := range []read.Period{a.this, a.with} {
		for _, r := range c.deliveries {
			switch vendor := accountNames[r.Account][0]; {
			case !a.chooses(p, r.Grain):
			case !isWhole[day{r.Day, r.Account}]:
				addTo(&unknown[1][side], r.Requested)
			default:
				requested[side] += *r.Requested
				note(side, vendor+"|processing|"+read.NoReason, *r.Refused)
				note(side, vendor+"|sending|"+read.NoReason, *r.Failed)
			}
		}
		for _, f := range c.failures {
			vendor, reason := accountNames[f.Account][0], map[int32]string{1: "sending|gone", 2: "processing|gone", 3: "sending|busy"}[f.Reason%10]
			switch {
			case !a.chooses(p, f.Grain):
			case !isWhole[day{f.Day, f.Account}]:
				addTo(&unknown[0][side], f.Messages)
			default:
				stage, _, _ := strings.Cut(reason, "|")
				note(side, vendor+"|"+reason, *f.Messages)
				note(side, vendor+"|"+stage+"|"+read.NoReason, -*f.Messages)
			}
		}
	}
	for key, n := range messages { // what is nothing in both is no line
		if strings.HasSuffix(key, read.NoReason) && n == [2]int64{} {
			delete(messages, key)
		}
	}
	return messages, requested, unknown
}

// Bad questions are refused with what would be right.
func TestChangesRefuse(t *testing.T) {
	t.Parallel()
	conn, err := pgx.Connect(t.Context(), pgtest.As(t, pgtest.New(t), "sms_analyst"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	for sql, want := range map[string]string{
		`SELECT * FROM sms.rate_change('2026-10-01', '2026-10-31', '2026-09-30', '2026-09-01')`:        "no period goes from 2026-09-30 to 2026-09-01",
		`SELECT * FROM sms.volume_change('2026-10-01', NULL, '2026-09-01', '2026-09-30')`:              "no period goes from 2026-10-01 to NULL",
		`SELECT * FROM sms.reason_change('2026-10-02', '2026-10-01', '2026-09-01', '2026-09-30')`:      "no period goes from 2026-10-02 to 2026-10-01",
		`SELECT * FROM sms.rate_change('2026-10-01', '2026-10-31', '2026-09-01', '2026-09-30', 'day')`: "nothing is split by 'day': want vendor, account",
		`SELECT * FROM sms.period_sums('2026-10-01', '2026-10-31', NULL)`:                              "nothing is split by NULL",
	} {
		if _, err := conn.Exec(t.Context(), sql); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", sql, err, want)
		}
	}
}

func TestPeriod(t *testing.T) {
	t.Parallel()
	day := func(text string) sms.Day {
		d, err := sms.ParseDay(text)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, c := range []struct{ first, last, text, before string }{
		{"2026-03-01", "2026-03-31", "2026-03", "2026-02"},
		{"2026-01-01", "2026-01-31", "2026-01", "2025-12"},
		{"2026-03-01", "2026-03-30", "2026-03-01..2026-03-30", "2026-01-30..2026-02-28"},
		{"2026-03-02", "2026-03-02", "2026-03-02", "2026-03-01"},
	} {
		p := read.Period{First: day(c.first), Last: day(c.last)}
		if p.String() != c.text || p.Before().String() != c.before {
			t.Errorf("%s and before it %s, want %s and %s", p, p.Before(), c.text, c.before)
		}
	}
}
