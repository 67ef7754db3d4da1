package pages_test

import (
	"strings"
	"testing"
)

// The overview says of a change what etl compare says: the lines of sms.rate_change.
func TestWhatMovedIsTheWarehousesAnswer(t *testing.T) {
	w := newWorld(t)
	const days = "/?from=2026-11-01&to=2026-11-10"
	var want string
	w.one(&want, `
		SELECT string_agg(concat_ws(',', member, vendor, round(rate_with, 6), round(rate_this, 6), round(100 * mix_points, 6), round(100 * rate_points, 6),
		                            round(100 * (mix_points + rate_points), 6)), E'\n' ORDER BY abs(mix_points + rate_points) DESC)
		FROM sms.rate_change('2026-11-01', '2026-11-10', '2026-10-22', '2026-10-31', 'account')`)
	_, got, _ := strings.Cut(strings.TrimSpace(w.page(days+"&format=csv&table=moved")), "\n")
	if strings.ReplaceAll(got, ",,", ",") != want || !strings.Contains(want, "\n") {
		t.Errorf("the page says\n%s\nand the warehouse\n%s", got, want)
	}
	w.holds(days, "The rate went from 90.00 % to 96.33 % (▲ 6.33 points)")
	w.holds(days+"&country=CN", "Accounts are compared over all countries only.", `<a href="/?from=2026-11-01&amp;to=2026-11-10#moved">All countries</a>`)
	w.holds("/?from=2026-10-01&to=2026-10-10", "Nothing is compared: in one of the two periods nothing was requested, or nothing is loaded.")
	if _, err := w.wh.Pool().Exec(t.Context(), `
		UPDATE sms.fact_delivery_daily SET delivered = NULL WHERE date_key = '2026-11-05';
		UPDATE sms.delivery_by_day SET rows_not_reported = 1 WHERE date_key = '2026-11-05'`); err != nil {
		t.Fatal(err)
	}
	w.holds(days, "Rows that do not report both requested and delivered are left out: 2 rows now, 0 rows before.")
}

// Costs are those of the views, by currency, and say how much of the traffic has none. Without any price there is the command.
func TestCostsSayWhatHasNone(t *testing.T) {
	w := newWorld(t)
	const days = "/costs?from=2026-11-01&to=2026-11-10"
	w.holds(days, "no price is known. Import prices with: etl prices import FILE")
	if _, err := w.wh.Pool().Exec(t.Context(), `
		INSERT INTO sms.price (vendor, account, country, message_type, valid_from, currency, unit, price, file, line, imported_at, imported_by)
		VALUES ('engagelab', '*', '*', '*', '2026-11-07', 'USD', 'segment', 0.012345, 'f', 1, now(), 'a'),
		       ('engagelab', '*', '*', '*', '2026-11-09', 'EUR', 'delivered', 0.01, 'f', 2, now(), 'a')`); err != nil {
		t.Fatal(err)
	}
	w.holds(days, `data-name="cost">24.69</td>`)
	w.holds(days+"&format=csv", "vendor,currency,cost,per_1000_delivered,requested,of_requested,why\n",
		"engagelab,EUR,18.00,10.00,2000,0.200000,\nengagelab,USD,24.690000,13.72,2000,0.200000,\nengagelab,,,,6000,0.600000,no price\ntencent,,,,20000,1.000000,no price\n")
	if strings.Contains(w.page(days+"&country=CN"), "USD") {
		t.Error("costs of a country that nothing was sent to")
	}
}
