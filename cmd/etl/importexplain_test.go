package main

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"smsetl/explain"
	"smsetl/internal/dev/long"
	"smsetl/sms"
)

// Numbers that are counted from files are what explain says that the rows of each file add, and what it says of rows is true of the
// kept forms that "etl raw show" prints.
func TestExplainedFilesAddUp(t *testing.T) {
	t.Parallel()
	x := newTwice(t)
	numbers := 0
	for _, s := range long.Some(8, x.samples()) {
		numbers++
		e := x.explain(s)
		if len(e.Cells) != 1 || len(e.Measures) != 1 || e.Measures[0].Total != sms.Reported(s.Value) {
			t.Errorf("%+v: %+v", s, e.Measures)
			continue
		}
		cell, value := e.Cells[0], e.Cells[0].Values[0]
		var sum int64
		for _, f := range value.Fields {
			if f.Field == value.Fields[0].Field && f.Adds.IsReported() {
				sum += f.Adds.Or(0)
			}
		}
		if sum != s.Value || len(cell.Places) == 0 {
			t.Errorf("%+v: the files add %d\n%+v", s, sum, cell)
		}
		if last := value.History[len(value.History)-1]; last.Value != sms.Reported(s.Value) {
			t.Errorf("%+v: history %+v", s, value.History)
		}
	}
	if numbers < long.Or(8, 15) {
		t.Errorf("only %d numbers were looked at", numbers)
	}

	day := x.text(`
		SELECT min(send_date)::text
		FROM sms.restatements
		WHERE account = 'harbor-home'`)
	s := sample{Day: day, Account: "harbor-home", Measure: "requested"}
	e := x.explain(s, "--rows", "1000")
	rows := map[string]int64{} // by hash
	for _, c := range e.Cells {
		for _, p := range c.Places {
			rows[p.Hash] += p.Rows
			_, form, _ := x.alone(t.Context(), "raw", "show", p.Hash)
			if !strings.HasPrefix(form[p.Offset:], p.Row+"\n") || strings.Count(form[:p.Offset], "\n") != int(p.Position)+2 {
				t.Errorf("row %d does not stand at byte %d of %s", p.Position, p.Offset, p.Hash)
			}
		}
	}
	if len(rows) < 2 {
		t.Fatalf("the day is told of by %d files", len(rows))
	}
	for hash, n := range rows {
		_, form, _ := x.alone(t.Context(), "raw", "show", hash)
		if want := rowsOf(form, "harbor-home", day); n != want {
			t.Errorf("%s: %d rows of the day are explained, and it has %d", hash, n, want)
		}
	}
	checkFiles(t, e, rows)
	code, out, _ := x.alone(t.Context(), "explain", "--date", s.Day, "--account", s.Account)
	for _, want := range []string{" in answer ", "of messages that a newer one has too", "IMPORT file:", "sent_at=", ", by result, status"} {
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("exit %d, %q is not said:\n%s", code, want, out)
		}
	}
	x.logs.WriteString(out)
	x.holdsNothingPrivate()
}

// checkFiles insists that every file is shown with its request and its load, and no other as one that the day rests on.
func checkFiles(t *testing.T, e explain.Explanation, rows map[string]int64) {
	t.Helper()
	loads := map[int64]bool{}
	for _, l := range e.Loads {
		loads[l.LoadID] = l.Origin == "import"
	}
	shown := 0
	for _, a := range e.Answers {
		if !a.IsCurrent || !loads[a.LoadID] || !strings.Contains(a.Body, `"sha256":"`) {
			t.Errorf("answer %+v", a)
		}
		if rows[a.Hash] > 0 {
			shown++
		}
	}
	if shown < len(rows) {
		t.Errorf("%d of %d files are shown", shown, len(rows))
	}
}

// rowsOf counts the rows of a kept form that are of an application and a day, in +08:00.
func rowsOf(form, application, day string) (n int64) {
	lines := strings.Split(strings.TrimSuffix(form, "\n"), "\n")
	at := map[string]int{}
	for i, name := range strings.Split(lines[1], "\t") {
		at[name] = i
	}
	zone := beijing
	if i := strings.Index(lines[0], "zone="); !strings.HasPrefix(lines[0][i:], "zone=+08:00") {
		panic("the console is in another zone: " + lines[0])
	}
	for _, line := range lines[2:] {
		cells := strings.Split(line, "\t")
		sent, err := time.ParseInLocation("2006-01-02 15:04:05", cells[at["sent_at"]], zone)
		if err != nil {
			panic(err)
		}
		if cells[at["application"]] == application && sent.Format(time.DateOnly) == day {
			n++
		}
	}
	return n
}

// A file whose bytes are gone is told by its hash, and its days are left as they are.
func TestExplainedFilesThatAreGone(t *testing.T) {
	t.Parallel()
	x := newExported(t)
	x.bring(0, x.week(rand.New(rand.NewPCG(1, 1)), weekEnd.Add(96*time.Hour)))
	s := sample{Day: "2026-11-12", Account: "harbor-home", Measure: "requested"}
	x.exec(`UPDATE etl.raw SET packed = NULL, pruned_at = now()`)
	e := x.explain(s)
	if len(e.Cells) == 0 || len(e.Cells[0].Places) != 0 || len(e.Answers) == 0 || e.Answers[0].PrunedAt.IsZero() || e.Cells[0].Values[0].Fields[0].Place != -1 {
		t.Errorf("%+v", e)
	}
	if code, out, _ := x.alone(t.Context(), "replay", "--from", "2026-11-10", "--to", "2026-11-16"); code != exitQuality || !strings.Contains(out, "thrown away") {
		t.Errorf("exit %d\n%s", code, out)
	}
}
