package doctor

import (
	"strings"
	"testing"

	"smsetl/config"
	"smsetl/load"
	"smsetl/plan"
	"smsetl/sms"
)

func TestRetentionIsProposed(t *testing.T) {
	t.Parallel()
	source := config.Source{Source: plan.Source{Name: "main", Vendor: sms.EngageLab, AccountIDs: []string{"marketing"}}}
	known := []load.Profile{{Vendor: sms.Tencent, Account: "marketing", RetentionDays: 5}, {Vendor: sms.EngageLab, Account: "marketing", RetentionDays: 20}}
	if got := retentionChecks([]config.Source{source}, known); len(got) != 1 || !strings.Contains(got[0].Detail, "retention_days: 20") {
		t.Errorf("got %+v", got)
	}
	source.RetentionDays = 20
	if got := retentionChecks([]config.Source{source}, known); len(got) != 0 {
		t.Errorf("got %+v although it is set", got)
	}
}
