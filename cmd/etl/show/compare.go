package show

import (
	"cmp"
	"fmt"
	"math"
	"strings"

	"smsetl/internal/english"
	"smsetl/read"
)

// RateChange says why the delivery rate moved, in a sentence, and then by the parts that did most for it.
func RateChange(c read.RateChange, rows int) string {
	t := &text{}
	if t.moved("delivery rate", c.Comparison, c.Total.RateWith, c.Total.RateThis) && len(c.Members) > 0 {
		t.explains(c.By, *c.Total.Points(), c.Members)
	}
	t.volume(c)
	t.println()
	header := []string{strings.ReplaceAll(c.By, "_", " "), ">requested then", ">now", ">rate then", ">now", ">points", ">by its rate", ">by its share"}
	shown := c.Members[:min(rows, len(c.Members))]
	lines := make([][]string, 0, len(shown)+2)
	for i := range shown {
		lines = append(lines, movedRow(nameOf(c.By, shown[i]), shown[i]))
	}
	if left := len(c.Members) - len(shown); left > 0 {
		lines = append(lines, movedRow(fmt.Sprintf("%s more", english.Number(left)), read.Sum(c.Members[len(shown):])))
	}
	t.table(header, append(lines, movedRow("all", c.Total)))
	t.thenAndNow(c.Comparison)
	t.printf("In messages: %s delivered = %s by volume, %s by own rates, %s by shares of the volume.\n", inMessages(c.Total.VolumeEffect+c.Total.RateEffect+c.Total.MixEffect),
		inMessages(c.Total.VolumeEffect), inMessages(c.Total.RateEffect), inMessages(c.Total.MixEffect))
	if u := c.Unknown; u != nil {
		t.printf("Not comparable, and in none of these numbers: rows without requested or delivered, %s in %s%s and %s in %s%s.\n",
			english.Plural(u.RowsWith, "row"), c.With, atLeast(u.RequestedWith), english.Plural(u.RowsThis, "row"), c.This, atLeast(u.RequestedThis))
	}
	t.open(c.Comparison)
	return t.String()
}

// ReasonChange says why the failure rate moved, and then by the reasons that did most for it.
func ReasonChange(c read.ReasonChange, rows int) string {
	t := &text{}
	if t.moved("failure rate", c.Comparison, c.Total.RateWith, c.Total.RateThis) {
		for _, r := range c.Reasons {
			if *r.Points**c.Total.Points > 0 {
				t.printf(" %s explains %s points: from %s to %s of the messages.", capital(reasonOf(r)), share(*r.Points, *c.Total.Points), percent(r.RateWith), percent(r.RateThis))
				break
			}
		}
		t.println()
	}
	t.println()
	header := []string{"reason", "vendor", "stage", "category", ">failed then", ">now", ">rate then", ">now", ">points"}
	row := func(name string, r read.MovedReason) []string {
		return []string{
			name, string(r.Vendor), string(r.Stage), r.Category, number(r.MessagesWith), number(r.MessagesThis), percent(r.RateWith), percent(r.RateThis), points(r.Points),
		}
	}
	shown := c.Reasons[:min(rows, len(c.Reasons))]
	lines := make([][]string, 0, len(shown)+2)
	for _, r := range shown {
		lines = append(lines, row(r.Reason, r))
	}
	if left := len(c.Reasons) - len(shown); left > 0 {
		lines = append(lines, row(fmt.Sprintf("%s more", english.Number(left)), read.SumReasons(c.Reasons[len(shown):])))
	}
	t.table(header, append(lines, row("all", c.Total)))
	t.thenAndNow(c.Comparison)
	if u := c.Unknown; u != nil {
		t.printf("Not comparable, and in none of these numbers: days of accounts that lack a number,%s in %s and%s in %s.\n",
			cmp.Or(atLeast(u.RequestedWith), " with nothing reported"), c.With, cmp.Or(atLeast(u.RequestedThis), " with nothing reported"), c.This)
	}
	t.open(c.Comparison)
	return t.String()
}

// moved begins the sentence, and says whether there is something to explain; if not, it ends it.
func (t *text) moved(what string, c read.Comparison, with, this *float64) bool {
	switch {
	case with == nil && this == nil:
		t.printf("There is no %s to compare: nothing was requested in %s or in %s, or nothing is loaded.\n", what, c.With, c.This)
	case with == nil || this == nil:
		lacking := c.With
		if this == nil {
			lacking = c.This
		}
		t.printf("There is no %s to compare: nothing was requested in %s, or nothing is loaded.\n", what, lacking)
	case math.Abs(*this-*with) < 0.00005:
		t.printf("The %s stayed at %s.\n", what, percent(this))
	default:
		verb := "rose"
		if *this < *with {
			verb = "fell"
		}
		t.printf("The %s %s from %s to %s.", what, verb, percent(with), percent(this))
		return true
	}
	return false
}

// explains names the member that did most for what happened.
func (t *text) explains(by string, all float64, members []read.Moved) {
	defer t.println()
	for _, m := range members {
		mine := *m.Points()
		if mine*all <= 0 {
			continue
		}
		why := "its own rate rose"
		switch {
		case *m.RequestedWith == 0:
			why = "it is new, at a rate of " + percent(m.RateThis)
		case *m.RequestedThis == 0:
			why = "it is gone; its rate was " + percent(m.RateWith)
		case math.Abs(float64(m.MixEffect)) > math.Abs(float64(m.RateEffect)):
			why = fmt.Sprintf("its share of the messages went from %s to %s", percent(m.ShareWith), percent(m.ShareThis))
		case m.RateEffect < 0:
			why = fmt.Sprintf("its own rate fell from %s to %s", percent(m.RateWith), percent(m.RateThis))
		default:
			why += fmt.Sprintf(" from %s to %s", percent(m.RateWith), percent(m.RateThis))
		}
		t.printf(" %s explains %s points: %s.", capital(strings.ReplaceAll(by, "_", " ")+" "+nameOf(by, m)), share(mine, all), why)
		return
	}
}

// volume says how much more or less was sent; a day, where the periods have different lengths.
func (t *text) volume(c read.RateChange) {
	this, with, each := float64(*c.Total.RequestedThis), float64(*c.Total.RequestedWith), ""
	if c.This.Days() != c.With.Days() {
		this, with, each = this/float64(c.This.Days()), with/float64(c.With.Days()), " a day"
	}
	t.printf("%s were requested in %s and %s in %s", english.Plural(*c.Total.RequestedWith, "message"), c.With, english.Number(*c.Total.RequestedThis), c.This)
	if with > 0 {
		t.printf(": %+.1f %%%s", 100*(this/with-1), each)
	}
	t.println(".")
}

// thenAndNow says which days the words of a table stand for.
func (t *text) thenAndNow(c read.Comparison) { t.printf("\nThen is %s, now is %s.\n", c.With, c.This) }

// open says that numbers may still change.
func (t *text) open(c read.Comparison) {
	if c.OpenThis+c.OpenWith > 0 {
		t.printf("Not final: %s of accounts in %s and %s in %s. They may still change, or they are not loaded.\n",
			english.Plural(c.OpenWith, "day"), c.With, english.Number(c.OpenThis), c.This)
	}
}

func movedRow(name string, m read.Moved) []string {
	return []string{
		name, number(m.RequestedWith), number(m.RequestedThis), percent(m.RateWith), percent(m.RateThis), points(m.Points()), points(m.RatePoints), points(m.MixPoints),
	}
}

// nameOf writes "10470 of harbor_service (engagelab)", as far as it takes to find the member.
func nameOf(by string, m read.Moved) string {
	switch by {
	case "vendor", "country":
		return m.Member
	case "account", "message_type":
		return m.Member + " of " + string(m.Vendor)
	}
	return fmt.Sprintf("%s of %s (%s)", m.Member, m.Account, m.Vendor)
}

func reasonOf(r read.MovedReason) string {
	if r.Reason == read.NoReason {
		return fmt.Sprintf("%s without a reason of %s", r.Stage, r.Vendor)
	}
	return fmt.Sprintf("reason %s of %s", r.Reason, r.Vendor)
}

// share writes "1.20 of 1.82"; where others made up for some of it, it is more than all.
func share(part, all float64) string {
	return fmt.Sprintf("%.2f of %.2f", 100*math.Abs(part), 100*math.Abs(all))
}

func points(p *float64) string {
	if p == nil {
		return "-"
	}
	if written := fmt.Sprintf("%+.2f", 100**p); strings.Trim(written, "+-0.") != "" {
		return written
	}
	return "0.00"
}

func number(n *int64) string {
	if n == nil {
		return "not reported"
	}
	return english.Number(*n)
}

func inMessages(n int64) string {
	if n > 0 {
		return "+" + english.Number(n)
	}
	return english.Number(n)
}

func atLeast(n *int64) string {
	if n == nil {
		return ""
	}
	return " with at least " + english.Plural(*n, "message")
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
