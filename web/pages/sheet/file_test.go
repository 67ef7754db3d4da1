package sheet

import (
	"testing"

	"smsetl/internal/dev/long"
)

var _ = long.Wanted

// A file that a spreadsheet opens holds no formula that somebody else wrote.
func TestCSVHoldsNoFormula(t *testing.T) {
	for _, c := range []struct {
		cell Cell
		want string
	}{
		{Text("=1+1"), "'=1+1"},
		{Text("+1"), "'+1"},
		{Text("-1"), "'-1"},
		{Text("@SUM(A1)"), "'@SUM(A1)"},
		{Text("\t=1"), "'\t=1"},
		{Text("\r=1"), "'\r=1"},
		{Text("=1").To("/day"), "'=1"},
		{Text("＝1+1"), "'＝1+1"},
		{Text("＋1"), "'＋1"},
		{Text("－1"), "'－1"},
		{Text("−1"), "'−1"},
		{Text("﹣1"), "'﹣1"},
		{Text("＠SUM(A1)"), "'＠SUM(A1)"},
		{Text(" =1"), "' =1"},
		{Text("\u3000=1"), "'\u3000=1"},
		{Text("\u00a0\u200b\ufeff=1"), "'\u00a0\u200b\ufeff=1"},
		{Text("\u2060＝1"), "'\u2060＝1"},
		{Text("\u202e=1"), "'\u202e=1"},
		{Text("\u0301=1"), "'\u0301=1"},
		{Text("\u3164=1"), "'\u3164=1"},
		{Text("\n=1"), "'\n=1"},
		{Text("\r\n =1"), "'\r\n =1"},
		{Text("\x1b=1"), "'\x1b=1"},
		{Text("\x00=1"), "'=1"},
		{Text("a;=1"), "'a;=1"},
		{Text("a; ＝1"), "'a; ＝1"},
		{Text("；=1"), "'；=1"},
		{Text("a\n@b"), "'a\n@b"},
		{Text("a\t=b"), "'a\t=b"},
		{Text("\"=1"), "'\"=1"},
		{Text("|cmd"), "'|cmd"},
		{Text(";"), "';"},
		{Text("\ttext"), "'\ttext"},
		{Text("a=1"), "a=1"},
		{Text("a - b"), "a - b"},
		{Text("user@host"), "user@host"},
		{Text("2026-01-05"), "2026-01-05"},
		{Text("验证码; 登录"), "验证码; 登录"},
		{Text("(none)"), "(none)"},
		{Text(""), ""},
		{Whole(-5), "-5"},
		{Count(nil), ""},
	} {
		if got := c.cell.safe(); got != c.want {
			t.Errorf("%q became %q, want %q", c.cell.Raw, got, c.want)
		}
	}
}

func TestJSONKeepsNumbersAndAbsence(t *testing.T) {
	half := int64(1)
	two := int64(2)
	all := Table{Columns: Columns("a b", ">n", ">none", ">rate"), Rows: [][]Cell{{Text(`="x"`), Whole(-1234567), Count(nil), Ratio(&half, &two)}}}
	got, err := all.ToJSON()
	if err != nil {
		t.Fatal(err)
	}
	if want := "[\n  {\"a_b\":\"=\\\"x\\\"\",\"n\":-1234567,\"none\":null,\"rate\":0.500000}\n]\n"; string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := Whole(-1234567).Show; got != "−1\u202f234\u202f567" {
		t.Errorf("people read %q", got)
	}
}
