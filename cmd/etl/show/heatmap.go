package show

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"smsetl/sms"
)

// mark is how a day state looks in the terminal's heatmap: a letter everywhere, with a colour where there are colours.
type mark struct {
	state  sms.State
	letter rune
	colour string // ANSI select graphic rendition
}

// marks are ordered from worst to best: a day shows the worst state among its datasets.
var marks = []mark{
	{sms.Quarantined, 'Q', "30;45"},
	{sms.Failed, 'X', "97;41"},
	{sms.Lost, 'L', "97;40"},
	{sms.Missing, '-', "31"},
	{sms.Provisional, 'p', "30;43"},
	{sms.Frozen, 'Z', "30;46"},
	{sms.Unverified, 'u', "30;47"},
	{sms.Empty, 'e', "30;47"},
	{sms.Final, 'F', "30;42"},
	{sms.NotDue, '.', "90"},
}

func rank(state sms.State) int {
	return slices.IndexFunc(marks, func(m mark) bool { return m.state == state })
}

// heatmap draws one line a month and one cell a day for each account.
func (t *text) heatmap(days []sms.DayStatus, colours bool) {
	worst := map[sms.Account]map[sms.Day]sms.State{}
	var accounts []sms.Account
	for _, d := range days {
		states := worst[d.Account]
		if states == nil {
			states = map[sms.Day]sms.State{}
			worst[d.Account], accounts = states, append(accounts, d.Account)
		}
		if old, ok := states[d.Day]; !ok || rank(d.State) < rank(old) {
			states[d.Day] = d.State
		}
	}
	for _, account := range accounts {
		t.printf("%s (%s)\n", account, account.Zone)
		shown := slices.Sorted(maps.Keys(worst[account]))
		for month := shown[0].Month(); month <= shown[len(shown)-1]; month = nextMonth(month) {
			var line strings.Builder
			for day := month; day < nextMonth(month); day++ {
				if state, ok := worst[account][day]; ok {
					line.WriteString(cell(state, colours))
				} else {
					line.WriteByte(' ')
				}
			}
			t.printf("  %s  ", month.String()[:7])
			t.paint(strings.TrimRight(line.String(), " ") + "\n")
		}
	}
	t.legend(colours)
}

func (t *text) legend(colours bool) {
	for i, m := range marks {
		if i > 0 {
			t.printf("  ")
		}
		t.paint(cell(m.state, colours))
		t.printf(" %s", strings.ReplaceAll(string(m.state), "_", " "))
	}
	t.println()
}

func cell(state sms.State, colours bool) string {
	m := marks[rank(state)]
	if !colours {
		return string(m.letter)
	}
	return fmt.Sprintf("\x1b[%sm%c\x1b[0m", m.colour, m.letter)
}

func nextMonth(month sms.Day) sms.Day { return (month + 31).Month() }
