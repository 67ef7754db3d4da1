package rules

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	target  = regexp.MustCompile(`\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)"`)
	heading = regexp.MustCompile(`(?m)^#{1,6} (.+)$`)
	fenced  = regexp.MustCompile("(?ms)^\\s*```.*?^\\s*```|`[^`\n]*`")
	// dropped are the characters that GitHub leaves out of the name of a heading.
	dropped = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// Every link of a page to something in this repository leads to a file or folder that is there, and to a heading of it.
func TestLinksLeadSomewhere(t *testing.T) {
	checked := 0
	for _, name := range files(t) {
		if path.Ext(name) != ".md" || strings.Contains(name, "testdata/") {
			continue
		}
		for _, found := range target.FindAllStringSubmatch(fenced.ReplaceAllString(text(t, name), ""), -1) {
			to := found[1] + found[2]
			if strings.Contains(to, "://") || strings.HasPrefix(to, "mailto:") {
				continue
			}
			checked++
			file, anchor, _ := strings.Cut(to, "#")
			if file = path.Join(path.Dir(name), file); to[0] == '#' {
				file = name
			}
			if _, err := os.Stat(filepath.Join(root(t), filepath.FromSlash(file))); err != nil {
				t.Errorf("%s: %s leads nowhere", name, to)
			} else if anchor != "" && !slices.Contains(anchors(t, file), anchor) {
				t.Errorf("%s: %s has no heading of this name", name, to)
			}
		}
	}
	if checked < 300 {
		t.Errorf("only %d links were found: the rule would pass without looking", checked)
	}
}

// anchors gives the names of a page's headings, as GitHub makes them.
func anchors(t *testing.T, name string) (all []string) {
	t.Helper()
	for _, found := range heading.FindAllStringSubmatch(text(t, name), -1) {
		title := regexp.MustCompile(`\]\([^)]*\)`).ReplaceAllString(found[1], "")
		all = append(all, strings.ReplaceAll(dropped.ReplaceAllString(strings.ToLower(title), ""), " ", "-"))
	}
	return all
}

// README is read in two minutes. What is longer stands in docs.
func TestReadmeIsShort(t *testing.T) {
	if n := strings.Count(text(t, "README.md"), "\n"); n > 120 {
		t.Errorf("README.md has %d lines, want 120 at most", n)
	}
}
