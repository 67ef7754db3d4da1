package show

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"smsetl/config"
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
	if _, err := NewScreen(&log).Write([]byte("\x1b[33mWARN\x1b[0m \u009b2J\n")); err != nil || log.String() != "\x1b[33mWARN\x1b[0m \\u009b2J\n" {
		t.Errorf("the log shows %q, %v", &log, err)
	}
	if got := Visible("plain 中文 — “ok”\n\tnext"); got != "plain 中文 — “ok”\n\tnext" {
		t.Errorf("a plain text became %q", got)
	}
}

// Messages name no packages, whose names errors begin with, and keep the keys of a configuration.
func TestMessagesNameNoPackages(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"queue: job: it is gone":                        "it is gone",
		"engagelab-main: read: it is gone\nload: again": "engagelab-main: it is gone\nagain",
		"--plan: is no flag":                            "--plan: is no flag",
		"reload: again":                                 "reload: again",
	} {
		if got := Message(errors.New(given)); got != want {
			t.Errorf("%q is shown as %q, want %q", given, got, want)
		}
	}
	_, err := config.Parse("schedules.yaml", []byte("web: 1\n"), config.Env{})
	if got := Message(err); !strings.Contains(got, ":1:6: web: want keys") {
		t.Error(got)
	}
	begins := regexp.MustCompile(`(?:Errorf|errors\.New)\("([a-z]+): `)
	packaged := regexp.MustCompile(`(?m)^package (\w+)$`)
	vendors := []string{"engagelab", "tencent", "huawei"} // say whose answer it is
	repository := os.DirFS("../../..")
	err = fs.WalkDir(repository, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" || strings.Contains(path, "internal/dev/") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := fs.ReadFile(repository, path)
		if err != nil {
			return err
		}
		name := string(packaged.FindSubmatch(text)[1])
		for _, found := range begins.FindAllSubmatch(text, -1) {
			if prefix := string(found[1]); prefix == name && !slices.Contains(vendors, prefix) && Message(errors.New(prefix+": x")) != "x" {
				t.Errorf("%s: %s: is shown to people: add it to rooms", path, prefix)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
