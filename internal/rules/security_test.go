package rules

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// link is a test that a page names, with the file that it stands in.
var link = regexp.MustCompile(`\[(Test\w+)\]\(([^)]+_test\.go)\)`)

// Pages that promise something name the test that would notice if it were no longer so. The test has to be there.
func TestPromisesAreKeptByTests(t *testing.T) {
	for name, atLeast := range map[string]int{"README.md": 10, "docs/security.md": 40} {
		found := link.FindAllStringSubmatch(text(t, name), -1)
		for _, l := range found {
			file := path.Join(path.Dir(name), l[2])
			data, err := os.ReadFile(filepath.Join(root(t), filepath.FromSlash(file)))
			if err != nil || !strings.Contains(string(data), "\nfunc "+l[1]+"(t *testing.T)") {
				t.Errorf("%s: %s is not in %s (%v)", name, l[1], file, err)
			}
		}
		if len(found) < atLeast {
			t.Errorf("%s names %d tests, want %d at least", name, len(found), atLeast)
		}
	}
}

// Each attack has a row with what holds and a test, and each test that is named after a door has a row.
func TestAttacksHaveTheirTests(t *testing.T) {
	page := text(t, "docs/security.md")
	_, tables, _ := strings.Cut(page, "\n## Attacks\n")
	tables, _, _ = strings.Cut(tables, "\n## ")
	for line := range strings.SplitSeq(tables, "\n") {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| attack |") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		if len(cells) != 3 || cells[1] == "" || !link.MatchString(cells[2]) {
			t.Errorf("docs/security.md: want | attack | what holds | [Test](file) |, not %s", line)
		}
	}
	door := regexp.MustCompile(`(?m)^func (TestDoor\w+)\(t \*testing\.T\)`)
	for _, s := range sources(t) {
		if !s.isTest {
			continue
		}
		for _, found := range door.FindAllStringSubmatch(text(t, s.path), -1) {
			if !strings.Contains(page, "["+found[1]+"]") {
				t.Errorf("%s: %s is in no row of docs/security.md: say there which attack it stands for, and what holds", s.path, found[1])
			}
		}
	}
}
