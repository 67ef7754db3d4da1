package show

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"unicode"

	"smsetl/explain"
	"smsetl/pipeline"
	"smsetl/sms"
)

// hostile is a name that a stranger gave to a template: it clears the screen, rings, sets the title, begins a line and turns one around.
const hostile = "Login\x1b[2J\x07\x1b]0;owned\x07\r\nTOTAL 0\u009b31m\u202e\x00\u2028\xffend"

func TestControlCharactersOfNamesDoNotReachTheTerminal(t *testing.T) {
	t.Parallel()
	explained := Explanation(explain.Explanation{Rows: 1, Cells: []explain.Cell{{
		Template: hostile, Label: hostile, Reason: hostile, Places: []explain.Place{{Row: hostile}},
	}}})
	status := Status(pipeline.Status{
		Days:     []sms.DayStatus{{Account: sms.Account{ID: hostile}, Day: sms.Date(2026, 1, 5), State: sms.Final}},
		Accounts: []pipeline.AccountStatus{{Source: "main", Account: sms.Account{ID: hostile}, Gaps: []pipeline.Gap{{Reason: hostile, Since: "2026-01-07T02:30:00+08:00"}}}},
	}, false)
	table := &text{}
	table.table([]string{"template", "label"}, [][]string{{hostile, "a"}, {"b", hostile}})
	table.printf("%s %v %q\n", errors.New(hostile), sms.State(hostile), hostile)
	for what, shown := range map[string]string{"explain": explained, "status": status, "a table": table.String(), "an error": Visible(hostile)} {
		for _, r := range shown {
			if r != '\n' && !unicode.IsPrint(r) && r != unicode.ReplacementChar {
				t.Errorf("%s shows %U: %q", what, r, shown)
			}
		}
		if !strings.Contains(shown, `\x1b[2J`) {
			t.Errorf("%s hides that there is an ESC: %q", what, shown)
		}
		if what != "an error" && strings.Contains(shown, "\nTOTAL") {
			t.Errorf("%s lets a name begin a line: %q", what, shown)
		}
	}
	if !strings.Contains(Status(pipeline.Status{Days: []sms.DayStatus{{State: sms.Final}}}, true), "\x1b[30;42mF\x1b[0m") {
		t.Error("our own colours are gone")
	}
}

// Documents and what is piped on stay byte for byte.
func TestControlCharactersStayInDocuments(t *testing.T) {
	t.Parallel()
	var document, piped bytes.Buffer
	if err := errors.Join(JSON(&document, []string{"a\x1bb"}), Bytes(&piped, []byte(hostile))); err != nil {
		t.Fatal(err)
	}
	if got := document.String(); !strings.Contains(got, `"a\u001bb"`) {
		t.Errorf("the document is %s", got)
	}
	if piped.String() != hostile {
		t.Errorf("piped on was %q", &piped)
	}
	var log bytes.Buffer
	if _, err := LogOn(&log).Write([]byte("\x1b[33mWARN\x1b[0m \u009b2J\n")); err != nil || log.String() != "\x1b[33mWARN\x1b[0m \\u009b2J\n" {
		t.Errorf("the log shows %q, %v", &log, err)
	}
	if got := Visible("plain 中文 — “ok”\n\tnext"); got != "plain 中文 — “ok”\n\tnext" {
		t.Errorf("a plain text became %q", got)
	}
}
