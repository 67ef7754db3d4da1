package main

import (
	"cmp"
	"fmt"
	"os"
	"strings"
	"testing"

	"smsetl/internal/dev/browsertest"
	"smsetl/internal/dev/golden"
	"smsetl/internal/dev/long"
	"smsetl/sandbox"
)

// mostClicks is how far from the overview an answer may be.
const mostClicks = 2

// morning are questions that people open the pages with, and the links that answer them, from the overview on.
var morning = []struct {
	name, question string
	clicks         []string // selectors
	section        string   // that holds the answer
	answer         string   // an expression: whether it is there
}{
	{"final", "Is October final?", nil, "#months", `[...document.querySelectorAll('#pivot-table tr')].find(r => r.innerText.startsWith('2026-10')).innerText.trim().endsWith('final')`},
	{
		"fell", "Why did EngageLab fall in May?", []string{`#pivot-table a[href^="/?"][href*="from=2026-05-01"][href*="vendor=engagelab"]`, `#moved .steps a[href^="/failures"]`}, "#categories",
		`document.querySelector('.lead').innerText.includes('1 May – 31 May 2026, against 1 Apr – 30 Apr 2026') && document.querySelectorAll('#reasons-table tbody tr').length > 3`,
	},
	{
		"lost", "Which template lost most messages last month?", []string{`.seg a[href="/?range=last"]`, `#daily .steps a[href*="sort=-failed"]`}, "#parts",
		`document.querySelector('.lead').innerText.includes('1 Oct – 31 Oct 2026') && document.querySelector('#parts-table tbody td a').innerText !== ''`,
	},
	{
		"changed", "Which numbers changed since Monday's report?", []string{`#daily .steps a[href="/restatements?since=2026-11-16"]`}, "main",
		`document.querySelectorAll('#restatements-table tbody tr').length > 20 && document.body.innerText.includes('Only what was revised since 2026-11-16')`,
	},
}

// The four questions are answered in at most two clicks, on a desk and on a phone, by day and by night, as docs/pages.md says with the
// pictures that -update leaves in artifacts/screenshots.
func TestQuestionsAreTwoClicksAway(t *testing.T) {
	long.Skip(t, "loads a year and opens a browser")
	t.Parallel()
	browser := browsertest.New(t)
	s := &shown{world: newReported(t)}
	s.serveAlone(s.as("sms_loader"))
	doc, err := os.ReadFile("../../docs/pages.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, screen := range []struct {
		name string
		browsertest.Screen
	}{{"desk", browsertest.Screen{Width: 1400, Height: 900}}, {"dark", browsertest.Screen{Width: 1400, Height: 900, IsDark: true}}, {"phone", browsertest.Phone}} {
		tab := browser.Tab(t, screen.Screen)
		for _, a := range morning {
			if len(a.clicks) > mostClicks {
				t.Errorf("%s: %d clicks", a.question, len(a.clicks))
			}
			tab.Open(s.address)
			way := []string{a.question}
			for _, link := range a.clicks {
				text := browsertest.Ask[string](tab, fmt.Sprintf("document.querySelector(%q)?.innerText ?? ''", link))
				if text == "" {
					t.Fatalf("%s: no link %s on %s", a.question, link, tab.Path())
				}
				if !strings.HasSuffix(text, "%") {
					way = append(way, "*"+text+"*")
				}
				tab.Click(link)
			}
			if !browsertest.Ask[bool](tab, a.answer) {
				t.Errorf("%s: no answer on %s:\n%s", a.question, tab.Path(), browsertest.Ask[string](tab, `document.body.innerText`))
			}
			picture := "question-" + a.name + "-" + screen.name
			for _, text := range append(way, "images/"+picture+".png") {
				if !strings.Contains(string(doc), text) {
					t.Errorf("docs/pages.md does not say %q of %q", text, cmp.Or(a.question, picture))
				}
			}
			if golden.Updates() {
				browsertest.Ask[bool](tab, fmt.Sprintf("document.querySelector(%q).scrollIntoView(), true", a.section))
				tab.Snapshot(picture)
			}
		}
		if wrong := tab.Complaints(); len(wrong) > 0 {
			t.Error(wrong)
		}
	}
}

// newReported is a warehouse of two vendors that were asked on two days of one week. In May there was an incident at EngageLab.
func newReported(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, quick(300))
	if err := w.vendors.Restate(sandbox.Restatement{Kind: sandbox.LateDeliveries, From: "2026-11-12", To: "2026-11-16", At: today.AddDate(0, 0, -3), Share: 0.3}); err != nil {
		t.Fatal(err)
	}
	for _, back := range []int{6, 0} {
		now := today.AddDate(0, 0, -back)
		w.vendors.SetNow(now)
		if code, out, errs := w.etl("run", at(now)...); code != exitOK && code != exitPartial {
			t.Fatalf("run on %s: exit %d\n%s\n%s", now, code, out, errs)
		}
	}
	return w
}
