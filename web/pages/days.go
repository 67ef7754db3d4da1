package pages

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"smsetl/read"
	"smsetl/sms"
)

// days are the numbers of each day and account.
func (s *site) days(ctx context.Context, q query) (view, error) {
	accounts, f, err := s.choice(ctx, q, 30)
	if err != nil {
		return view{}, err
	}
	all, err := s.warehouse.Days(ctx, f)
	if err != nil {
		return view{}, err
	}
	return view{
		Title: "Days", Lead: "The sums of each day and account, as far as they are known. Each number leads to where it comes from.",
		Form: filterForm("/days", f, accounts), Sections: []section{{Lines: []line{settledLine(all)}, Table: daysTable(all)}},
	}, nil
}

// choice reads the filter of a page that shows so many days when nothing else is asked for.
func (s *site) choice(ctx context.Context, q query, last int) ([]read.KnownAccount, read.Filter, error) {
	accounts, err := s.warehouse.Accounts(ctx)
	if err != nil {
		return nil, read.Filter{}, err
	}
	today := sms.DayOf(s.now().UTC())
	f, err := q.filter(accounts, today-sms.Day(last), today)
	return accounts, f, err
}

// settledLine says how many of the days may still change or have no numbers.
func settledLine(all []read.DayNumbers) line {
	var counts standing
	for _, d := range all {
		counts.add(d.State)
	}
	switch {
	case counts.days == 0:
		return line{Text: "No day of this choice is expected or loaded."}
	case counts.notFinal == 0:
		return line{Text: fmt.Sprintf("All %s days of accounts are final.", grouped(counts.days))}
	default:
		return line{Text: fmt.Sprintf("Of %s days of accounts %s are not final: %s.", grouped(counts.days), grouped(counts.notFinal), counts.words()), Bad: counts.open > 0}
	}
}

// standing counts days by state.
type standing struct {
	days, notFinal, open int64
	states               map[sms.State]int64
}

func (s *standing) add(of sms.State) {
	if s.states == nil {
		s.states = map[sms.State]int64{}
	}
	s.days++
	s.states[of]++
	if !isFinal(of) {
		s.notFinal++
	}
	if isOpen(of) {
		s.open++
	}
}

// words tells the states that are not final, the worst first: "3 missing, 2 provisional".
func (s *standing) words() string {
	states := slices.SortedFunc(maps.Keys(s.states), func(a, b sms.State) int { return cmp.Or(cmp.Compare(care(a), care(b)), cmp.Compare(a, b)) })
	var parts []string
	for _, of := range states {
		if !isFinal(of) {
			parts = append(parts, grouped(s.states[of])+" "+words(of))
		}
	}
	return strings.Join(parts, ", ")
}

func daysTable(all []read.DayNumbers) *table {
	t := &table{
		Name: "days", Caption: "Messages by day and account", Empty: "No day of this choice is expected or loaded.",
		Columns: columns("day", "vendor", "account", "state", ">requested", ">accepted", ">processing failed", ">delivered", ">delivery rate", ">send failed", ">pending",
			">billed segments", ">vendor sent", ">rows", "why"),
		Note: "Billed segments are segments, everything else is messages. A dash is no number: the last column says why. Only numbers of final days are settled.",
	}
	for _, d := range all {
		at := []string{"vendor", string(d.Vendor), "account", d.Account, "date", d.Day.String()}
		explain := func(c cell, measure string) cell {
			return c.to(href("/explain", append(at[:6:6], "measure", measure)...))
		}
		rows := whole(d.Rows)
		if d.Rows == 0 {
			rows = cell{kind: isNull}
		}
		t.Rows = append(t.Rows, []cell{
			day(&d.Day).to(href("/day", at...)), text(string(d.Vendor)), text(d.Account), state(d.State),
			explain(count(d.Requested), "requested"), explain(count(d.Accepted), "accepted"), explain(count(d.ProcessingFailed), "processing_failed"),
			explain(count(d.Delivered), "delivered"), explain(ratio(d.Delivered, d.Requested), "delivered"), explain(count(d.SendFailed), "send_failed"),
			explain(count(d.Pending), "pending"), explain(count(d.BilledSegments), "billed_segments"), explain(count(d.VendorSent), "vendor_sent"), rows, text(whyDay(d)),
		})
	}
	return t
}

// whyDay says why a day's numbers are not final, or not there.
func whyDay(d read.DayNumbers) string {
	var parts []string
	if !isFinal(d.State) || d.Rows == 0 {
		parts = append(parts, cmp.Or(d.Reason, markOf(d.State).about))
	}
	if d.Rows > 0 {
		if missing := notReported(d); len(missing) > 0 {
			parts = append(parts, "not reported: "+strings.Join(missing, ", "))
		}
		if d.Requested != nil && *d.Requested == 0 {
			parts = append(parts, "no rate of nothing requested")
		}
	}
	return strings.Join(parts, "; ")
}

// notReported names the measures of a stored day that its vendor does not report.
func notReported(d read.DayNumbers) []string {
	var names []string
	for _, m := range []struct {
		n    *int64
		name string
	}{
		{d.Requested, "requested"}, {d.Accepted, "accepted"}, {d.ProcessingFailed, "processing failed"}, {d.Delivered, "delivered"}, {d.SendFailed, "send failed"},
		{d.Pending, "pending"}, {d.BilledSegments, "billed segments"}, {d.VendorSent, "vendor sent"},
	} {
		if m.n == nil {
			names = append(names, m.name)
		}
	}
	return names
}
