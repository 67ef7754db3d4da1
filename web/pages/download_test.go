package pages

import "testing"

// A file that a spreadsheet opens holds no formula that somebody else wrote.
func TestCSVHoldsNoFormula(t *testing.T) {
	for _, c := range []struct {
		cell cell
		want string
	}{
		{text("=1+1"), "'=1+1"},
		{text("+1"), "'+1"},
		{text("-1"), "'-1"},
		{text("@SUM(A1)"), "'@SUM(A1)"},
		{text("\t=1"), "'\t=1"},
		{text("\r=1"), "'\r=1"},
		{text("=1").to("/day"), "'=1"},
		{text("＝1+1"), "'＝1+1"},
		{text("＋1"), "'＋1"},
		{text("－1"), "'－1"},
		{text("−1"), "'−1"},
		{text("﹣1"), "'﹣1"},
		{text("＠SUM(A1)"), "'＠SUM(A1)"},
		{text(" =1"), "' =1"},
		{text("\u3000=1"), "'\u3000=1"},
		{text("\u00a0\u200b\ufeff=1"), "'\u00a0\u200b\ufeff=1"},
		{text("\u2060＝1"), "'\u2060＝1"},
		{text("\u202e=1"), "'\u202e=1"},
		{text("\u0301=1"), "'\u0301=1"},
		{text("\u3164=1"), "'\u3164=1"},
		{text("\n=1"), "'\n=1"},
		{text("\r\n =1"), "'\r\n =1"},
		{text("\x1b=1"), "'\x1b=1"},
		{text("\x00=1"), "'=1"},
		{text("a;=1"), "'a;=1"},
		{text("a; ＝1"), "'a; ＝1"},
		{text("；=1"), "'；=1"},
		{text("a\n@b"), "'a\n@b"},
		{text("a\t=b"), "'a\t=b"},
		{text("\"=1"), "'\"=1"},
		{text("|cmd"), "'|cmd"},
		{text(";"), "';"},
		{text("\ttext"), "'\ttext"},
		{text("a=1"), "a=1"},
		{text("a - b"), "a - b"},
		{text("user@host"), "user@host"},
		{text("2026-01-05"), "2026-01-05"},
		{text("验证码; 登录"), "验证码; 登录"},
		{text("(none)"), "(none)"},
		{text(""), ""},
		{whole(-5), "-5"},
		{count(nil), ""},
	} {
		if got := c.cell.safe(); got != c.want {
			t.Errorf("%q became %q, want %q", c.cell.Raw, got, c.want)
		}
	}
}

func TestJSONKeepsNumbersAndAbsence(t *testing.T) {
	half := int64(1)
	two := int64(2)
	all := table{Columns: columns("a b", ">n", ">none", ">rate"), Rows: [][]cell{{text(`="x"`), whole(-1234567), count(nil), ratio(&half, &two)}}}
	got, err := all.json()
	if err != nil {
		t.Fatal(err)
	}
	if want := "[\n  {\"a_b\":\"=\\\"x\\\"\",\"n\":-1234567,\"none\":null,\"rate\":0.500000}\n]\n"; string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := whole(-1234567).Show; got != "−1\u202f234\u202f567" {
		t.Errorf("people read %q", got)
	}
}

// A month that nobody told breaks the line: a 0, or a line across it, would be a lie.
func TestChartLeavesGaps(t *testing.T) {
	n := func(v float64) value { return value{N: &v} }
	c := newChart("c", "Title", "messages", []size{{"", 720, 64, 704, 150, 1}}, []string{"1", "2", "3", "4"}, []string{"v"}, [][]value{{n(1), n(2), {}, n(4)}}, percent, false)
	if got, want := c.Drawings[0].Series[0].Path, "M144 194L304 144M624 44"; got != want {
		t.Errorf("path %q, want %q", got, want)
	}
	if len(c.Drawings[0].Series[0].Points) != 3 {
		t.Errorf("%d points", len(c.Drawings[0].Series[0].Points))
	}
}
