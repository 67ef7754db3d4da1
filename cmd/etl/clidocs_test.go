package main

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"smsetl/internal/dev/golden"
)

const (
	cliDocs = "../../docs/cli.md"
	// mistakesBefore is what the program said before it was looked at with the eyes of somebody new: titles and texts.
	mistakesBefore = "testdata/mistakes.before"

	// cliBegin is what stands before the help of the commands.
	cliBegin = `# The command line

Made by ${go test ./cmd/etl -run TestCommandLineDocs -update} from what the program says of itself.

${--source}, ${--account}, ${--dataset} and ${--vendor} narrow run, plan and backfill. ${--now TIME} rehearses another moment. With
${-o json} standard output holds one document and nothing else. Everything that can be configured stands in [schedules.yaml](../schedules.yaml).

| exit code | means |
|---|---|
| 0 | all that was asked for was done; days that wait by rule for another answer are listed |
| 1 | failed: the database, the machine |
| 2 | the command line or the configuration is wrong; the message names file, line and what would be right |
| 3 | partial: something that was asked for could not be done, also when older numbers still stand; run again to resume. status: days are missing, failed, lost or late |
| 4 | status: a day is quarantined. check: a warning or an error is open. invoice: it differs. replay: answers of some days are gone |

[0005](adr/0005-exit-codes.md) has the reasons. [Mistakes that people make most](#before-and-after) stand at the end, with what the program says to them.

`
)

// helpOf gives what a command's --help prints.
func helpOf(t *testing.T, command string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(t.Context(), append(strings.Fields(command), "--help"), variables(nil), &out, &errs); code != exitOK {
		t.Fatalf("etl %s --help: exit %d %s", command, code, &errs)
	}
	return out.String()
}

// docs/cli.md is made of what the program itself says: run the test with -update after a change of a command.
func TestCommandLineDocs(t *testing.T) {
	t.Setenv("COLUMNS", "110")
	said := saidOfMistakes(t)
	var b strings.Builder
	b.WriteString(regexp.MustCompile(`\$\{([^}]*)\}`).ReplaceAllString(cliBegin, "`$1`"))
	fence := func(text string) { b.WriteString("```text\n" + strings.TrimRight(text, "\n") + "\n```\n\n") }
	fence(helpOf(t, ""))
	parser, _ := parserOf(t)
	for _, command := range parser.Model.Leaves(true) {
		fmt.Fprintf(&b, "## etl %s\n\n", command.Path())
		fence(helpOf(t, command.Path()))
	}
	b.WriteString("## Before and after\n\nThe mistakes that people make most, with what the program said once and what it says now.\n\n")
	before := textsByTitle(t, mistakesBefore)
	for _, m := range mistakes() {
		fmt.Fprintf(&b, "### %s\n\n", m.title)
		if was := before[m.title]; was != "" && was != said[m.title] {
			b.WriteString("Before:\n\n")
			fence("$ " + m.typed + "\n" + was)
			b.WriteString("After:\n\n")
		}
		fence("$ " + m.typed + "\n" + said[m.title])
	}
	got := strings.TrimRight(b.String(), "\n") + "\n"
	if golden.Updates() {
		if err := os.WriteFile(cliDocs, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(cliDocs)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("docs/cli.md is not what the program says; run with -update (-want +got):\n%s", diff)
	}
}

// textsByTitle reads a file of paragraphs that "== title" begins.
func textsByTitle(t *testing.T, path string) map[string]string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for part := range strings.SplitSeq("\n"+string(data), "\n== ") {
		title, text, _ := strings.Cut(part, "\n")
		texts[title] = text
	}
	return texts
}
