package pipeline

import (
	"testing"

	"smsetl/sms"
)

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
