package load_test

import (
	"testing"

	"smsetl/sms"
)

// in gives a row or failure for another country.
func in(country string, d sms.Delivery) sms.Delivery {
	d.Country = sms.Named(country)
	return d
}

// Rows that differ in their country only are rows of their own: each is changed, removed and remembered by itself.
func TestCountries(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	s := scope(marketing, "01-05", sms.StatsDay)
	german, french := row("01-05", "a", 10), row("01-05", "a", 20)
	first := put(t, wh, answer{Scope: s, Deliveries: []sms.Delivery{in("DE", german), in("FR", french), row("01-05", "a", 40)}})
	if first.Inserted != 3 {
		t.Fatalf("inserted %d rows, want 3", first.Inserted)
	}
	const query = `SELECT country, requested FROM sms.delivery_daily ORDER BY country`
	same(t, "loaded", dump(t, wh, query), "(not reported) 40", "DE 10", "FR 20")
	verify(t, wh)

	changed := put(t, wh, answer{Scope: s, Deliveries: []sms.Delivery{in("DE", row("01-05", "a", 11)), row("01-05", "a", 40), in("Narnia", german)}})
	if changed.Updated != 1 || changed.Removed != 1 || changed.Inserted != 1 || changed.Unchanged != 1 {
		t.Errorf("updated %d, removed %d, inserted %d, unchanged %d: want 1 of each", changed.Updated, changed.Removed, changed.Inserted, changed.Unchanged)
	}
	same(t, "changed", dump(t, wh, query), "(not reported) 40", "DE 11", "Narnia 10")
	same(t, "then", dump(t, wh, `SELECT country, requested FROM sms.delivery_daily_as_of($1) ORDER BY country`, first.LoadedAt),
		"(not reported) 40", "DE 10", "FR 20")
	same(t, "names", dump(t, wh, `SELECT code, name FROM sms.dim_country WHERE code IN ('DE', 'Narnia', '(none)') ORDER BY code`),
		"(none) -", "DE Germany", "Narnia -")
	verify(t, wh)
}

// The same holds for failures.
func TestCountriesOfFailures(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	s := scope(marketing, "01-05", sms.SendFailed)
	german, french := failure("01-05", "a", powerOff, 1), failure("01-05", "a", powerOff, 2)
	german.Country, french.Country = sms.Named("DE"), sms.Named("FR")
	first := put(t, wh, answer{Scope: s, Failures: []sms.Failure{german, french}})
	german.Messages = sms.Reported(3)
	second := put(t, wh, answer{Scope: s, Failures: []sms.Failure{german}})
	if first.Inserted != 2 || second.Updated != 1 || second.Removed != 1 {
		t.Errorf("inserted %d, updated %d, removed %d: want 2, 1, 1", first.Inserted, second.Updated, second.Removed)
	}
	const columns = `SELECT country, reason, messages FROM `
	same(t, "now", dump(t, wh, columns+`sms.failure_daily`), "DE power_off 3")
	same(t, "then", dump(t, wh, columns+`sms.failure_daily_as_of($1) ORDER BY 1`, first.LoadedAt), "DE power_off 1", "FR power_off 2")
	verify(t, wh)
}
