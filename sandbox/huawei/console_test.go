package huawei_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"smsetl/internal/dev/long"
	"smsetl/sandbox/huawei"
)

var _ = long.Wanted

func smallConsole(o huawei.ConsoleOptions) *huawei.Console {
	if o.Days == 0 {
		o.Days, o.PerDay = 5, 40
	}
	return huawei.NewConsole(o)
}

func TestConsoleIsDeterministic(t *testing.T) {
	file := func(seed uint64) []byte {
		c := smallConsole(huawei.ConsoleOptions{Seed: seed})
		f, err := c.Export(huawei.Export{From: c.First(), To: c.First().Add(24 * time.Hour), At: c.Last()})
		if err != nil {
			t.Fatal(err)
		}
		return f.Data
	}
	if !bytes.Equal(file(1), file(1)) || bytes.Equal(file(1), file(2)) {
		t.Error("a seed does not decide what is exported")
	}
}

func TestConsoleLimits(t *testing.T) {
	c := smallConsole(huawei.ConsoleOptions{Site: huawei.Site{Rows: 20}})
	first, day := c.First(), 24*time.Hour
	export := func(from, to, at time.Time) (huawei.ExportFile, error) {
		return c.Export(huawei.Export{From: from, To: to, At: at})
	}
	if _, err := export(first, first.Add(day+time.Second), c.Last()); !errors.Is(err, huawei.ErrConsoleWindow) {
		t.Errorf("more than 24 hours: %v", err)
	}
	if _, err := export(first, first.Add(time.Hour), first.Add(60*day+time.Second)); !errors.Is(err, huawei.ErrConsoleHistory) {
		t.Errorf("more than 60 days ago: %v", err)
	}
	f, err := export(first, first.Add(day), first.Add(60*day))
	if err != nil || f.Rows != 20 || !f.IsCut {
		t.Errorf("%d rows, cut: %t, %v; want 20 of more", f.Rows, f.IsCut, err)
	}
	wide := smallConsole(huawei.ConsoleOptions{Site: huawei.Site{Window: 7 * day, History: 90 * day}})
	if f, err := wide.Export(huawei.Export{From: first, To: first.Add(7 * day), At: first.Add(90 * day)}); err != nil || f.Rows != wide.Len() || f.IsCut {
		t.Errorf("%d rows of %d, %v", f.Rows, wide.Len(), err)
	}
	early, err := wide.Export(huawei.Export{From: first, To: first.Add(7 * day), At: first.Add(12 * time.Hour)})
	if err != nil || early.Rows == 0 || early.Rows >= wide.Len()/5 {
		t.Errorf("half a day after the start there are %d rows, %v", early.Rows, err)
	}
	if _, err := c.Statistics(huawei.Export{From: first, To: first.Add(32 * day)}); !errors.Is(err, huawei.ErrConsoleWindow) {
		t.Errorf("statistics of 32 days: %v", err)
	}
}

// What is private is in the exports: that it is not found elsewhere means something.
func TestPrivateIsInTheExports(t *testing.T) {
	c := smallConsole(huawei.ConsoleOptions{})
	var all strings.Builder
	for spelling := range 6 {
		for at := c.First(); at.Before(c.Last()); at = at.Add(24 * time.Hour) {
			f, err := c.Export(huawei.Export{From: at, To: at.Add(24 * time.Hour), At: c.Last(), Numbers: spelling})
			if err != nil {
				t.Fatal(err)
			}
			all.Write(f.Data)
		}
	}
	found, missing := 0, 0
	for secret := range c.Private() {
		if strings.Contains(all.String(), secret) {
			found++
		} else {
			missing++
		}
	}
	// Of eight of each message, the wide spelling is in no file.
	if found < 7*c.Len() || missing > c.Len() {
		t.Errorf("%d are in the exports and %d are not", found, missing)
	}
}

// The truth counts each message once, at every moment, and its counts add up.
func TestConsoleTruth(t *testing.T) {
	c := smallConsole(huawei.ConsoleOptions{Seed: 3})
	categories := make(map[string]bool)
	pendingBefore := int64(1 << 60)
	for _, at := range []time.Time{c.Last(), c.Last().Add(24 * time.Hour), c.Last().Add(73 * time.Hour)} {
		truth := c.Truth(c.First(), c.Last(), 8, at)
		var requested, pending, failed, reasons int64
		for _, d := range truth.Deliveries {
			requested += *d.Requested
			pending += *d.Pending
			failed += *d.SendFailed + *d.ProcessingFailed
			if *d.Accepted+*d.ProcessingFailed != *d.Requested || *d.Delivered+*d.SendFailed+*d.Pending != *d.Accepted {
				t.Errorf("%+v does not add up", d)
			}
		}
		for _, f := range truth.Failures {
			reasons += f.Messages
			categories[f.Category] = true
		}
		if requested != int64(c.Len()) || failed != reasons || pending > pendingBefore {
			t.Errorf("at %s: %d of %d messages, %d failed with %d reasons, %d pending after %d", at, requested, c.Len(), failed, reasons, pending, pendingBefore)
		}
		pendingBefore = pending
	}
	if pendingBefore != 0 || len(categories) != 9 {
		t.Errorf("%d are pending after three days, categories %v", pendingBefore, categories)
	}
}

// Every look has the same rows.
func TestLooksHoldTheSame(t *testing.T) {
	c := smallConsole(huawei.ConsoleOptions{Seed: 5})
	dice := rand.New(rand.NewPCG(3, 4))
	e := huawei.Export{From: c.First(), To: c.First().Add(24 * time.Hour), At: c.Last()}
	plain, err := c.Export(e)
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	for range 60 {
		look := huawei.RandomLook(dice, e)
		look.PerPiece = false
		f, err := c.Export(look)
		if err != nil || f.Rows != plain.Rows {
			t.Fatalf("%+v: %d rows, want %d: %v", look, f.Rows, plain.Rows, err)
		}
		seen[fmt.Sprint(f.XLSX, f.Encoding, f.Chinese)] = true
		if f.XLSX {
			book, err := excelize.OpenReader(bytes.NewReader(f.Data))
			if err != nil {
				t.Fatal(err)
			}
			rows, err := book.GetRows(book.GetSheetList()[1])
			if err != nil || len(rows) < f.Rows+1 {
				t.Errorf("%d rows in the workbook, want at least %d: %v", len(rows), f.Rows+1, err)
			}
			continue
		}
		if f.Encoding != "utf-8" {
			continue
		}
		r := csv.NewReader(bytes.NewReader(f.Data))
		r.Comma, r.FieldsPerRecord, r.LazyQuotes = f.Comma, -1, true
		rows, err := r.ReadAll()
		if err != nil || len(rows) < f.Rows+1 {
			t.Errorf("%d rows, want at least %d: %v", len(rows), f.Rows+1, err)
		}
	}
	if len(seen) < 15 {
		t.Errorf("%d kinds of file in 60", len(seen))
	}
}

// Pushes tell the end of each piece once, and repeats and tricks come on top.
func TestConsolePushes(t *testing.T) {
	c := smallConsole(huawei.ConsoleOptions{Seed: 7})
	p := huawei.Pushes{From: c.First(), To: c.Last().Add(80 * time.Hour)}
	count := func(p huawei.Pushes) (reports map[string]int, tricks map[huawei.Trick]int, bodies []string) {
		reports, tricks = make(map[string]int), make(map[huawei.Trick]int)
		for _, push := range c.Push(p) {
			tricks[push.Trick]++
			bodies = append(bodies, string(push.Body))
			if push.Trick != huawei.Genuine {
				continue
			}
			for _, r := range push.Reports() {
				reports[r["smsMsgId"]+" "+r["sequence"]+"/"+r["total"]+" "+r["status"]]++
			}
		}
		return reports, tricks, bodies
	}
	forms, tricks, bodies := count(p)
	batches, batched, _ := count(huawei.Pushes{From: p.From, To: p.To, Batched: true, Shuffled: true})
	if diff := cmp.Diff(forms, batches); diff != "" || len(forms) < c.Len() || batched[huawei.Genuine] >= tricks[huawei.Genuine]/5 {
		t.Errorf("%d pieces in forms, %d batches:\n%s", len(forms), batched[huawei.Genuine], diff)
	}
	for _, body := range bodies {
		if form, err := url.ParseQuery(body); err != nil || form.Get("smsMsgId") == "" || form.Has("to") {
			t.Fatalf("%q: %v", body, err)
		}
	}
	repeated, _, _ := count(huawei.Pushes{From: p.From, To: p.To, Repeats: 50})
	twice := 0
	for _, n := range repeated {
		if n > 1 {
			twice++
		}
	}
	if len(repeated) != len(forms) || twice < len(forms)/3 {
		t.Errorf("%d of %d came twice", twice, len(repeated))
	}
	_, tricks, _ = count(huawei.Pushes{From: p.From, To: p.To, Forged: 7, Altered: 5, Replayed: 3})
	if tricks[huawei.Forged] != 7 || tricks[huawei.Altered] != 5 || tricks[huawei.Replayed] != 3 {
		t.Errorf("tricks: %v", tricks)
	}
	_, _, private := count(huawei.Pushes{From: p.From, To: p.To, Extend: true})
	if form, err := url.ParseQuery(private[0]); err != nil || !strings.HasPrefix(form.Get("to"), "+") || form.Get("extend") == "" {
		t.Errorf("%q: %v, want to and extend", private[0], err)
	}
}

func TestStatisticsAddUp(t *testing.T) {
	c := smallConsole(huawei.ConsoleOptions{Seed: 9})
	at := c.Last().Add(80 * time.Hour)
	f, err := c.Statistics(huawei.Export{From: c.First(), To: c.Last(), At: at, Chinese: true})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(f.Data)).ReadAll()
	if err != nil || len(rows) != 6 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	total := 0
	for _, row := range rows[1:] {
		var n [5]int
		for i := range n {
			fmt.Sscan(row[i+1], &n[i])
		}
		if n[0] != n[1]+n[2]+n[3]+n[4] {
			t.Errorf("%q does not add up", row)
		}
		total += n[0]
	}
	if total != c.Len() {
		t.Errorf("%d messages in the statistics of %d", total, c.Len())
	}
}
