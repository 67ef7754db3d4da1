package raw_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"smsetl/belief"
	"smsetl/internal/dev/pgtest"
	"smsetl/internal/dev/smstest"
	"smsetl/internal/pack"
	"smsetl/load"
	"smsetl/load/raw"
	"smsetl/sms"
)

var (
	east, _   = sms.ParseZone("+08:00")
	marketing = sms.Account{Vendor: sms.EngageLab, ID: "marketing", Zone: east}
)

// How days and times are written here.
var at, day = smstest.At, smstest.Day

// open gives a warehouse in a database of its own, with the account known.
func open(t testing.TB) *load.Warehouse {
	t.Helper()
	wh, err := load.Open(t.Context(), pgtest.New(t), load.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(wh.Close)
	if err := wh.Account(t.Context(), "test", marketing); err != nil {
		t.Fatal(err)
	}
	return wh
}

// told is a load of one day with its answer: what Keep and Put would be given.
func told(t testing.TB, wh *load.Warehouse, account sms.Account, d, text string, requested int64, hour string) int64 {
	t.Helper()
	s := sms.Scope{Account: account, Datasets: []sms.Dataset{sms.StatsDay}, Window: sms.OneDay(day(d), account.Zone)}
	id, err := wh.Begin(t.Context(), load.Start{Scope: s, Now: at(hour)})
	if err == nil {
		err = raw.Keep(t.Context(), wh.DB, id, sms.Payload{Account: account, Dataset: sms.StatsDay, Window: s.Window, FetchedAt: at(hour), Status: 200,
			Request: sms.Request{Method: "GET", URL: "http://vendor/v1/stats_day?start=" + d}, RequestID: "r-" + text, Body: pack.Bytes([]byte(text))})
	}
	if err == nil {
		n := sms.Reported(requested)
		batch := sms.Batch{Scope: s}
		batch.AddDelivery(
			&sms.Grain{Day: day(d), Template: sms.Named("a"), Label: sms.None, MessageType: sms.Named("2"), Country: sms.NotReported},
			&sms.Measures{
				Requested: n, Accepted: n, ProcessingFailed: sms.Reported(0), Delivered: n, SendFailed: sms.Reported(0), Pending: sms.Reported(0),
				BilledSegments: n, VendorSent: n,
			},
		)
		options := load.PutOptions{Now: at(hour), Rules: belief.New(belief.Default), TransformVersion: 1}
		_, err = wh.Put(t.Context(), id, batch, options, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return id
}

const bytesKept = `
	SELECT string_agg(DISTINCT f.load_id::text, ' ') AS loads, octet_length(r.packed) > 0, r.pruned_at IS NOT NULL
	FROM etl.raw AS r JOIN etl.fetch AS f USING (hash)
	GROUP BY r.hash, 2, 3
	ORDER BY min(f.load_id)`

// Old answers go, but for what a day rests on, what it was last doubted for, what a source without a retention was told,
// and what is not old yet. Their lines stay.
func TestPruneRaw(t *testing.T) {
	t.Parallel()
	wh := open(t)
	other := sms.Account{Vendor: sms.EngageLab, ID: "other", Zone: east}
	if err := wh.Account(t.Context(), "keeps everything", other); err != nil {
		t.Fatal(err)
	}
	told(t, wh, marketing, "01-05", "first", 200, "01-06 12:00")
	told(t, wh, marketing, "01-05", "second", 201, "01-07 12:00")  // the day rests on it
	told(t, wh, marketing, "01-05", "doubted", 1, "01-08 12:00")   // quarantined
	told(t, wh, marketing, "01-06", "shared", 200, "01-08 12:00")  // the other source was told the same
	told(t, wh, marketing, "01-06", "third", 201, "01-08 13:00")   //
	told(t, wh, other, "01-06", "shared", 200, "01-08 12:00")      //
	told(t, wh, other, "01-06", "fourth", 201, "01-08 13:00")      //
	told(t, wh, marketing, "01-07", "young", 200, "01-19 12:00")   //
	told(t, wh, marketing, "01-07", "younger", 201, "01-20 12:00") //
	kept := []string{"1 true false", "2 true false", "3 true false", "4 6 true false", "5 true false", "7 true false", "8 true false", "9 true false"}
	pgtest.Holds(t, wh.DB, "before", bytesKept, kept...)

	before := map[string]time.Time{"test": at("01-10 00:00")}
	for name, c := range map[string]struct {
		before map[string]time.Time
		dry    bool
		want   int64
	}{
		"no retention": {nil, false, 0}, "a dry run": {before, true, 1},
	} {
		pruned, err := raw.Prune(t.Context(), wh.DB, c.before, c.dry)
		if err != nil || pruned.Answers != c.want || pruned.Size != c.want*int64(len("first")) {
			t.Errorf("%s: %+v, %v", name, pruned, err)
		}
		pgtest.Holds(t, wh.DB, name, bytesKept, kept...)
	}
	if pruned, err := raw.Prune(t.Context(), wh.DB, before, false); err != nil || pruned.Answers != 1 {
		t.Errorf("%+v, %v", pruned, err)
	}
	kept[0] = "1 - true"
	pgtest.Holds(t, wh.DB, "after", bytesKept, kept...)
	if pruned, err := raw.Prune(t.Context(), wh.DB, before, false); err != nil || pruned.Answers != 0 {
		t.Errorf("a second time: %+v, %v", pruned, err)
	}
	if _, err := raw.AnswersOf(t.Context(), wh.DB, 1, 0); !errors.Is(err, raw.ErrPruned) {
		t.Errorf("reading what is gone: %v", err)
	}
	if answers, err := raw.AnswersOf(t.Context(), wh.DB, 2, 0); err != nil || len(answers.Payloads) != 1 || answers.Payloads[0].RequestID != "r-second" {
		t.Errorf("%+v, %v", answers, err)
	}

	// The vendor says the same again: its bytes come back.
	told(t, wh, marketing, "01-05", "first", 200, "01-20 12:00")
	kept[0] = "1 10 true false"
	pgtest.Holds(t, wh.DB, "told again", bytesKept, kept...)
	if answers, err := raw.AnswersOf(t.Context(), wh.DB, 1, 0); err != nil || len(answers.Payloads) != 1 {
		t.Errorf("%+v, %v", answers, err)
	}
}

// A load that is told bytes again while they are thrown away finds them, or brings them back: never neither.
func TestPruneWaitsForKeep(t *testing.T) {
	t.Parallel()
	wh := open(t)
	for i := range 20 {
		told(t, wh, marketing, "01-05", fmt.Sprint("answer", i), 200, "01-06 12:00")
	}
	told(t, wh, marketing, "01-05", "last", 200, "01-07 12:00")
	errs := make(chan error, 1)
	go func() {
		_, err := raw.Prune(t.Context(), wh.DB, map[string]time.Time{"test": at("01-20 00:00")}, false)
		errs <- err
	}()
	for i := range 20 {
		told(t, wh, marketing, "01-06", fmt.Sprint("answer", i), 200, "01-20 12:00")
	}
	if err := <-errs; err != nil {
		t.Fatal(err)
	}
	pgtest.Holds(t, wh.DB, "loads of the 20th without their bytes", `
		SELECT count(*) FROM etl.load AS l JOIN etl.fetch AS f USING (load_id) JOIN etl.raw AS r USING (hash)
		WHERE l.started_at = '2026-01-20 12:00+00' AND r.packed IS NULL`, "0")
}

func TestFindAnswer(t *testing.T) {
	t.Parallel()
	wh := open(t)
	id := told(t, wh, marketing, "01-05", "an answer", 200, "01-06 12:00")
	hash := pack.Bytes([]byte("an answer")).Hash.String()
	for _, name := range []string{"1", hash, hash[:12], strings.ToUpper(hash[:13])} {
		a, err := raw.Find(t.Context(), wh.DB, name)
		if err != nil || a.FetchID != 1 || a.LoadID != id || a.Body.Hash.String() != hash || a.Account != marketing || a.Window != sms.OneDay(day("01-05"), east) ||
			!a.FetchedAt.Equal(at("01-06 12:00")) || !strings.HasSuffix(a.Request.URL, "start=01-05") {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
		body, err := raw.Body(t.Context(), wh.DB, a.Body.Hash)
		if err != nil {
			t.Fatal(err)
		}
		if bytes, err := pack.Unpack(body); err != nil || string(bytes) != "an answer" {
			t.Errorf("%s: %q, %v", name, bytes, err)
		}
	}
	for _, name := range []string{"", "2", hash[:11], "zz" + hash[2:], hash + "0", strings.Repeat("0", 12), "-1"} {
		if a, err := raw.Find(t.Context(), wh.DB, name); !errors.Is(err, raw.ErrNoAnswer) {
			t.Errorf("%q: %+v, %v", name, a, err)
		}
	}
	for name, c := range map[string]struct {
		which raw.Which
		want  int
	}{
		"the day": {raw.Which{Day: day("01-05"), Account: "marketing"}, 1}, "another day": {raw.Which{Day: day("01-06")}, 0},
		"the dataset": {raw.Which{Dataset: sms.StatsDay, Vendor: sms.EngageLab, LoadID: id}, 1}, "another": {raw.Which{Dataset: sms.SendFailed}, 0},
	} {
		all, err := raw.List(t.Context(), wh.DB, c.which)
		if d := cmp.Diff(c.want, len(all)); d != "" || err != nil {
			t.Errorf("%s: %v %s", name, err, d)
		}
	}
}
