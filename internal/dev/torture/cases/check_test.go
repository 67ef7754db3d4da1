package cases

import (
	"slices"
	"strings"
	"testing"

	"smsetl/internal/dev/pgtest"
	"smsetl/load"
)

// What is summed up and not stored is seen, of days of facts and of months of the ledger.
func TestSumsThatAreUntrue(t *testing.T) {
	wh, err := load.Open(t.Context(), pgtest.New(t), load.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer wh.Close()
	if wrong, err := Untrue(t.Context(), wh.DB); err != nil || len(wrong) > 0 {
		t.Fatalf("%q, %v", wrong, err)
	}
	if _, err := wh.Pool().Exec(t.Context(), `
		SET session_replication_role = replica; -- of an account that nobody has
		INSERT INTO etl.coverage_by_month (account_key, dataset, month_start, days, final, empty) VALUES (1, 'stats_day', '2026-11-01', 2, 1, 0);
		INSERT INTO sms.delivery_by_day (account_key, date_key, row_count, rows_not_reported, requested, load_id) VALUES (1, '2026-11-02', 3, 0, 5, 1);
		RESET session_replication_role`); err != nil {
		t.Fatal(err)
	}
	wrong, err := Untrue(t.Context(), wh.DB)
	slices.Sort(wrong)
	want := "2026-11-02:  rows with  requested are stored, and 3 with 5 summed up\n" +
		"stats_day of 2026-11-01:  days with  final and  empty ones are in the ledger, and 2 with 1 and 0 summed up"
	if got := strings.Join(wrong, "\n"); err != nil || got != want {
		t.Errorf("%s, %v", got, err)
	}
}
