package pipeline

import (
	"context"
	"slices"
	"time"

	"smsetl/config"
	"smsetl/ledger"
	"smsetl/load/messages"
	"smsetl/queue"
	"smsetl/sms"
)

// Status is what is known of every day that should be there.
type Status struct {
	Now      string          `json:"now"`
	Accounts []AccountStatus `json:"accounts"`
	Paused   []PausedSource  `json:"paused"`
	Parked   []queue.Parked  `json:"parked"` // jobs of the last 30 days that no worker could do
	Failed   []FailedFiles   `json:"failed_files"`
	Days     []sms.DayStatus `json:"-"` // each of them, those of an account and dataset together
}

// FailedFiles are files in a watched folder that could not be imported.
type FailedFiles struct {
	Source string `json:"source"`
	Files  int    `json:"files"`
	Last   string `json:"last_file"`
	Reason string `json:"last_reason"`
}

// AccountStatus is what the ledger knows of one dataset of one account.
type AccountStatus struct {
	Source     string            `json:"source"`
	Account    sms.Account       `json:",embed"`
	Dataset    sms.Dataset       `json:"dataset"`
	Expected   int               `json:"expected_days"`
	States     map[sms.State]int `json:"states"`
	LoadedUpTo string            `json:"loaded_up_to"` // every day until this one is loaded; empty when the first is not
	FinalUpTo  string            `json:"final_up_to"`  // every day until this one is final or empty
	Gaps       []Gap             `json:"gaps"`
	// Late are the days for which the time of FinalBy is over: not loaded, or not final although they are old enough.
	Late    []sms.Day `json:"late_days,omitempty"`
	FinalBy string    `json:"expect_final_by,omitempty"` // "10:00" in the zone of the account; empty where the source names none
}

// Gap is a run of days in one state that a person may have to look at.
type Gap struct {
	State  sms.State `json:"state"`
	From   sms.Day   `json:"from"`
	To     sms.Day   `json:"to"`
	Days   int       `json:"days"`
	Reason string    `json:"reason"`
	Since  string    `json:"since"`       // when the first of them entered the state
	Next   string    `json:"next_action"` // what brings them on, see sms.coverage_daily
	// MissingHours are those of each of the days that no export covers, "08-15 20"; of sources whose files are imported.
	MissingHours string `json:"missing_hours,omitempty"`
	// DaysLeft is on how many more days, today among them, the first of them can be asked for. It is not there when the vendor
	// is not known to forget, or nothing is open.
	DaysLeft *int `json:"days_left,omitempty"`
}

// Status reads what the ledger knows of the days of every source.
func (p *Pipeline) Status(ctx context.Context) (status Status, err error) {
	status.Now = p.Now().Format(time.RFC3339)
	for i := range p.Config.Sources {
		if err := p.addStatus(ctx, &p.Config.Sources[i], &status); err != nil {
			return status, err
		}
	}
	if status.Paused, err = p.paused(ctx); err != nil {
		return status, err
	}
	if status.Parked, err = parked(ctx, p.Warehouse, p.Now()); err != nil {
		return status, err
	}
	status.Failed, err = p.failedFiles(ctx)
	return status, err
}

// Narrow leaves the accounts that were chosen, and what is said of their sources.
func (s *Status) Narrow(chosen map[string][]sms.Account) {
	isOther := func(source string) bool { _, is := chosen[source]; return !is }
	s.Accounts = slices.DeleteFunc(s.Accounts, func(a AccountStatus) bool { return !slices.Contains(chosen[a.Source], a.Account) })
	s.Days = slices.DeleteFunc(s.Days, func(d sms.DayStatus) bool {
		return !slices.ContainsFunc(s.Accounts, func(a AccountStatus) bool { return a.Account == d.Account })
	})
	s.Paused = slices.DeleteFunc(s.Paused, func(p PausedSource) bool { return isOther(p.Source) })
	s.Failed = slices.DeleteFunc(s.Failed, func(f FailedFiles) bool { return isOther(f.Source) })
}

// missingHours gives the hours of a day of an account no export covers, "" for none. It is nil for sources that are asked.
type missingHours func(account sms.Account, day sms.Day) string

func (p *Pipeline) missingHours(ctx context.Context, source *config.Source) (missingHours, error) {
	if !source.IsImported {
		return nil, nil
	}
	covered := map[string][]sms.Span{}
	for _, account := range source.Accounts() {
		spans, err := messages.Covered(ctx, p.Warehouse.DB, account, source.First(p.Now()), source.Yesterday(p.Now()))
		if err != nil {
			return nil, err
		}
		covered[account.ID] = spans
	}
	return func(account sms.Account, day sms.Day) string {
		hours := sms.HoursOf(day, account.Zone, covered[account.ID])
		if hours.IsWhole() {
			return ""
		}
		return hours.Missing().String()
	}, nil
}

// failedFiles lists what lies in watched folders and could not be imported.
func (p *Pipeline) failedFiles(ctx context.Context) ([]FailedFiles, error) {
	var sources []string
	for _, s := range p.Config.Sources {
		if s.DropDir != "" {
			sources = append(sources, s.Name)
		}
	}
	dirs, err := messages.DropDirs(ctx, p.Warehouse.DB, sources)
	var all []FailedFiles
	for _, d := range dirs {
		if d.Failed > 0 {
			all = append(all, FailedFiles{d.Source, d.Failed, d.File, d.Reason})
		}
	}
	return all, err
}

// addStatus adds the expected days of a source, and what they come to for each dataset of each account.
func (p *Pipeline) addStatus(ctx context.Context, source *config.Source, status *Status) error {
	missing, err := p.missingHours(ctx, source)
	if err != nil {
		return err
	}
	expected := expectations(source, p.Now())
	days, err := ledger.Days(ctx, p.Warehouse.DB, expected)
	if err != nil {
		return err
	}
	all, err := ledger.ReadStatus(ctx, p.Warehouse.DB, expected)
	if err != nil {
		return err
	}
	for i := range all {
		of := days[i*len(days)/len(all):][:len(days)/len(all)] // every dataset of a source expects the same days
		status.Accounts = append(status.Accounts, accountStatus(&all[i], of, missing, p.Now()))
	}
	status.Days = append(status.Days, days...)
	return nil
}

func accountStatus(status *ledger.Status, days []sms.DayStatus, missing missingHours, now time.Time) AccountStatus {
	a := AccountStatus{
		Source: status.Source, Account: status.Account, Dataset: status.Dataset, States: map[sms.State]int{sms.NotDue: 1},
		LoadedUpTo: dayOrEmpty(status.CompleteTo), FinalUpTo: dayOrEmpty(status.FinalTo),
		Late: status.Late(now), FinalBy: clockOrEmpty(status.Deadline.By),
	}
	for state, n := range status.Days {
		a.States[state] = n
		a.Expected += n
	}
	for _, d := range days {
		if d.IsLoaded() || d.State == sms.NotDue || d.State == sms.Frozen || d.State == sms.Unverified {
			continue
		}
		g := newGap(d)
		if missing != nil {
			g.MissingHours = missing(d.Account, d.Day)
		}
		if last := len(a.Gaps) - 1; last >= 0 && a.Gaps[last].goesOn(g) {
			a.Gaps[last].To = g.To
			a.Gaps[last].Days++
			continue
		}
		a.Gaps = append(a.Gaps, g)
	}
	return a
}

func newGap(d sms.DayStatus) Gap {
	return Gap{
		State: d.State, From: d.Day, To: d.Day, Days: 1, Reason: d.Reason, DaysLeft: d.DaysLeft, Next: d.NextAction,
		Since: d.Since.In(d.Account.Zone.Location()).Format(time.RFC3339),
	}
}

// dayOrEmpty gives a day as the report has it, empty for none.
func dayOrEmpty(day sms.Day) string {
	if day == 0 {
		return ""
	}
	return day.String()
}

// clockOrEmpty gives a time of day, empty for none.
func clockOrEmpty(sinceMidnight time.Duration) string {
	if sinceMidnight == 0 {
		return ""
	}
	return time.Time{}.Add(sinceMidnight).Format("15:04")
}

// goesOn reports whether the gap of one more day belongs to this one.
func (g Gap) goesOn(next Gap) bool {
	return g.State == next.State && g.Reason == next.Reason && g.MissingHours == next.MissingHours && g.Next == next.Next &&
		g.To == next.From-1
}
