package browsertest

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/chromedp/cdproto/accessibility"
)

//go:embed look.js
var lookScript string

// Look gives what is wrong with the page that is open: contrast, headings, names, sizes, and what the browser has complained
// about.
func (p *Tab) Look() []string {
	p.t.Helper()
	wrong := Ask[[]string](p, lookScript)
	wrong = append(wrong, p.nameless()...)
	return append(wrong, p.Complaints()...)
}

// named are the roles that mean nothing to a screen reader without a name.
var named = []string{
	"link", "button", "textbox", "combobox", "checkbox", "Date", "region", "image", "img", "progressbar", "navigation", "table", "heading", "columnheader", "rowheader",
	"group",
}

// nameless lists what a screen reader could not call by a name, by the browser's own computation of names.
func (p *Tab) nameless() []string {
	p.t.Helper()
	var wrong []string
	for _, n := range Call(p, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{}).Nodes {
		if n.Ignored || n.Role == nil {
			continue
		}
		var role, name string
		if err := json.Unmarshal(n.Role.Value, &role); err != nil {
			p.t.Fatal(err)
		}
		if n.Name != nil && len(n.Name.Value) > 0 {
			if err := json.Unmarshal(n.Name.Value, &name); err != nil {
				p.t.Fatal(err)
			}
		}
		if name == "" && slices.Contains(named, role) {
			wrong = append(wrong, fmt.Sprintf("a %s without a name (node %s)", role, n.NodeID))
		}
	}
	return wrong
}

// Stop is where the keyboard is.
type Stop struct {
	Text      string // what it is
	Order     int    // its place among all elements of the page
	IsOnPage  bool   // it is inside the window
	IsVisible bool   // one sees that the keyboard is there
}

// Focused gives where the keyboard is.
func (p *Tab) Focused() Stop {
	p.t.Helper()
	return Ask[Stop](p, `(() => {
		const e = document.activeElement, style = getComputedStyle(e), box = e.getBoundingClientRect();
		return {
			Text: (e.getAttribute('aria-label') || e.textContent || e.name || e.tagName).trim().slice(0, 60),
			Order: [...document.querySelectorAll('*')].indexOf(e),
			IsOnPage: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
			IsVisible: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
		};
	})()`)
}
