package notify

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"smsetl/check"
	"smsetl/sms"
)

// mostLines and mostReason bound a message: beyond them nobody reads, and chat programs cut.
const (
	mostLines  = 20
	mostReason = 200
)

// phrases are how a kind reads, and where a person finds what to do.
var phrases = map[string]struct{ wrong, over, runbook string }{
	sourceFailing: {"every load of this source fails", "the source loads again", "source-failing"},
	gap:           {"not loaded, more than a day after the day was over", "every day is loaded", "gap"},
	quarantined:   {"an answer of the vendor is not believed; what was stored stays", "no day is quarantined", "day-quarantined"},
	fileFailed:    {"files in the watched folder could not be imported", "no file lies in the folder failed", "file-failed"},
	late:          {"not loaded, or not final, by the time that expect_final_by says", "no day is late", "day-late"},
	leaving:       {"not loaded, and soon beyond what the vendor keeps", "no day is about to be lost", "day-leaving"},
}

// group is what one line of a message is about.
type group struct{ kind, subject string }

// text writes the message about claimed notices: a line for each kind and subject, its days as ranges.
func text(claimed []check.Notice, side check.Phase) string {
	groups := map[group][]check.Notice{}
	for _, n := range claimed {
		g := group{n.Kind, n.Subject}
		groups[g] = append(groups[g], n)
	}
	order := slices.SortedFunc(maps.Keys(groups), func(a, b group) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.subject, b.subject))
	})
	lines := []string{"*SMS warehouse: somebody should look*"}
	if side == check.Over {
		lines[0] = "*SMS warehouse: resolved*"
	}
	for i, g := range order {
		if i == mostLines {
			lines = append(lines, fmt.Sprintf("and %d more; `etl status` lists them", len(order)-mostLines))
			break
		}
		lines = append(lines, line(g, groups[g], side))
	}
	return strings.Join(lines, "\n")
}

func line(g group, notices []check.Notice, side check.Phase) string {
	words := phrases[g.kind]
	subject := escaped(g.subject)
	if days := ranges(notices); days != "" {
		subject += " " + days
	}
	if side == check.Over {
		return fmt.Sprintf("• %s: %s", subject, words.over)
	}
	reason := ""
	if detail := []rune(notices[len(notices)-1].Detail); len(detail) > 0 {
		if len(detail) > mostReason {
			detail = append(detail[:mostReason:mostReason], '…')
		}
		reason = " (" + escaped(string(detail)) + ")"
	}
	return fmt.Sprintf("• %s: %s%s. docs/runbook/%s.md", subject, words.wrong, reason, words.runbook)
}

// ranges writes days as 2026-01-01/2026-01-03, 2026-01-05, at most five of them.
func ranges(notices []check.Notice) string {
	var days []sms.Day
	for _, n := range notices {
		if n.Day != 0 {
			days = append(days, n.Day)
		}
	}
	slices.Sort(days)
	var parts []string
	for i := 0; i < len(days); {
		j := i
		for j+1 < len(days) && days[j+1] == days[j]+1 {
			j++
		}
		part := days[i].String()
		if j > i {
			part += "/" + days[j].String()
		}
		parts = append(parts, part)
		i = j + 1
	}
	const most = 5
	if len(parts) > most {
		parts = append(parts[:most], fmt.Sprintf("... (%d days)", len(days)))
	}
	return strings.Join(parts, ", ")
}

// escaped keeps names and vendors' words from being read as Slack's markup: <!channel> would call everybody.
func escaped(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\n", " ", "\r", " ").Replace(s)
}
