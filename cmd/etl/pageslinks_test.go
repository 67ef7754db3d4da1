package main

import (
	"html"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"smsetl/internal/dev/long"
)

// Every kind of link of every page leads to a page, read as the pages' own role in a world with every state of a day and days of
// every vendor. Huawei's days tell of more tables than others, and could not be explained while the role lacked one of them: the long
// test explains each. Filters can be combined without end, so of links that differ in values alone some are opened.
func TestDoorLinks(t *testing.T) {
	t.Parallel()
	ofAKind := long.Or(1, 3)
	s := newShown(t)
	kinds, seen, waiting := map[string]int{}, map[string]bool{"/": true}, []string{"/"}
	for ; len(waiting) > 0; waiting = waiting[1:] {
		path := waiting[0]
		status, body := s.get(s.address + path)
		if status != 200 {
			t.Errorf("%s: %d\n%.300s", path, status, body)
			continue
		}
		at, err := url.Parse(path)
		if err != nil {
			t.Fatal(err)
		}
		if at.Query().Has("format") || at.Path == "/jobs/" {
			continue
		}
		for _, link := range hrefForm.FindAllStringSubmatch(body, -1) {
			to, err := at.Parse(html.UnescapeString(link[1]))
			if err != nil {
				t.Errorf("%s leads to %q: %v", path, link[1], err)
				continue
			}
			to.Fragment = ""
			if to.Scheme != "" || to.Host != "" || to.Path == "/readyz" || seen[to.String()] { // nothing works the queue here
				continue
			}
			seen[to.String()] = true
			kind, isEvery := linkKind(to)
			if kinds[kind]++; isEvery || kinds[kind] <= ofAKind {
				waiting = append(waiting, to.String())
			}
		}
	}
	for _, vendor := range []string{"engagelab", "tencent", "huawei"} {
		if n := kinds["/explain account date vendor: "+vendor]; n < ofAKind {
			t.Errorf("%d days of %s were explained", n, vendor)
		}
	}
	if len(kinds) < 50 {
		t.Errorf("%d kinds of links are no trial", len(kinds))
	}
	t.Logf("%d links of %d kinds", len(seen), len(kinds))
}

// linkKind is a link without most of its values, and whether every link of the kind is opened.
func linkKind(to *url.URL) (kind string, isEvery bool) {
	query := to.Query()
	maps.DeleteFunc(query, func(name string, _ []string) bool {
		return slices.Contains([]string{"sort", "page", "range", "compare"}, name)
	})
	names := slices.Sorted(maps.Keys(query))
	if to.Path != "/explain" {
		names = long.Some(1, names) // filters together are for the long test
	}
	kind = to.Path + " " + strings.Join(names, " ") + ": " + query.Get("vendor") + query.Get("table")
	return kind, long.Wanted() && to.Path == "/explain" && query.Get("vendor") == "huawei"
}
