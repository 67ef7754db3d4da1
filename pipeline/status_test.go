package pipeline

import (
	"testing"
	"time"

	"smsetl/config"
	"smsetl/ledger"
	"smsetl/sms"
)

// What a source names as its time is the deadline of its days: final they are once nothing that the source says keeps them open.
func TestDeadlineOfASource(t *testing.T) {
	t.Parallel()
	s := config.Source{FinalBy: 10 * time.Hour}
	s.AccountIDs, s.Datasets = []string{"shop"}, []sms.Dataset{sms.SendStatus}
	for want, days := range map[int][2]int{7: {4, 7}, 9: {9, 7}, 1: {0, 0}} {
		s.SettleDays, s.PendingDays = days[0], days[1]
		got := expectations(&s, time.Now())[0].Deadline
		if got != (ledger.Deadline{By: 10 * time.Hour, FinalDays: want}) || clockOrEmpty(got.By) != "10:00" || clockOrEmpty(0) != "" {
			t.Errorf("settle_days and pending_days %v: %+v", days, got)
		}
	}
}

// A status that is narrowed tells of the accounts that were chosen and of their sources, and of nothing else.
func TestStatusIsNarrowed(t *testing.T) {
	t.Parallel()
	shop, bank := sms.Account{Vendor: sms.Tencent, ID: "shop"}, sms.Account{Vendor: sms.Tencent, ID: "bank"}
	s := Status{
		Accounts: []AccountStatus{{Source: "main", Account: shop}, {Source: "main", Account: bank}, {Source: "other", Account: bank}},
		Days:     []sms.DayStatus{{Account: shop}, {Account: bank}},
		Paused:   []PausedSource{{Source: "main"}, {Source: "other"}},
		Failed:   []FailedFiles{{Source: "other"}},
	}
	s.Narrow(map[string][]sms.Account{"main": {shop}})
	if len(s.Accounts) != 1 || s.Accounts[0].Account != shop || len(s.Days) != 1 || s.Days[0].Account != shop ||
		len(s.Paused) != 1 || s.Paused[0].Source != "main" || len(s.Failed) != 0 {
		t.Errorf("%+v", s)
	}
}
