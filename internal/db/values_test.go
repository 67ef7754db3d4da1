package db_test

import (
	"testing"
	"time"

	"smsetl/internal/db"
	"smsetl/internal/dev/pgtest"
	"smsetl/sms"
)

// row has every word that travels, some of them twice: once with a value and once without.
type row struct {
	Account  sms.Account
	Day      sms.Day
	NoDay    sms.Day
	Count    sms.Count
	NoCount  sms.Count
	Hash     sms.Hash
	NoHash   sms.Hash
	At       time.Time
	NoTime   time.Time
	Optional *sms.Day
	Text     string
}

// TestValuesTravel sends our words through arrays, as loads do, and alone, and reads them back.
func TestValuesTravel(t *testing.T) {
	t.Parallel()
	d, err := db.Open(t.Context(), pgtest.New(t), db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	zone, err := sms.ParseZone("+05:30")
	if err != nil {
		t.Fatal(err)
	}
	day := sms.Date(2026, time.November, 30)
	want := row{
		Account: sms.Account{Vendor: sms.EngageLab, ID: "a", Zone: zone}, Day: day, Count: sms.Reported(0), Hash: sms.Hash{1, 2},
		At: time.Date(2026, 11, 30, 1, 2, 3, 4000, time.UTC), Optional: &day, Text: "a\x00b",
	}
	got, err := db.All[row](t.Context(), d, `
		SELECT vendor, account, zone, day, no_day, count, no_count, hash, no_hash, at, no_time, optional, text
		FROM unnest($1::text[], $2::text[], $3::text[], $4::date[], $5::date[], $6::bigint[], $7::bigint[], $8::bytea[], $9::bytea[],
		            $10::timestamptz[], $11::timestamptz[], $12::date[], $13::text[])
		  AS u (vendor, account, zone, day, no_day, count, no_count, hash, no_hash, at, no_time, optional, text)
		WHERE no_day IS NULL AND no_count IS NULL AND no_hash IS NULL AND no_time IS NULL`, db.Columns([]row{want, want})...)
	if err != nil || len(got) != 2 {
		t.Fatalf("%d rows, %v", len(got), err)
	}
	if *got[1].Optional != day {
		t.Errorf("the optional day is %s", got[1].Optional)
	}
	got[1].Optional, want.Optional, want.Text = nil, nil, "a\uFFFDb"
	if got[1] != want {
		t.Errorf("got  %+v\nwant %+v", got[1], want)
	}
	// A time is also a date where the column is one, and a day is also its number.
	type alone struct {
		Day  sms.Day
		Same int32
	}
	one, err := db.One[alone](t.Context(), d, `SELECT $1::date, $2::date - date '1970-01-01'`, want.At, day)
	if err != nil || one.Day != day || one.Same != int32(day) {
		t.Errorf("%+v %v", one, err)
	}
}
