// Package pages shows the warehouse to people: tables, charts and calendars made on the server, for browsers with and without
// scripts, and every table as CSV and JSON. It only reads.
package pages

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"time"

	"go.uber.org/zap"

	"smsetl/explain"
	"smsetl/read"
	"smsetl/sms"
	"smsetl/web"
	"smsetl/web/pages/chart"
	"smsetl/web/pages/mark"
	"smsetl/web/pages/sheet"
)

//go:embed assets/*.html
var templateFiles embed.FS

//go:embed assets/pages.js
var assetFiles embed.FS

var layout = template.Must(template.ParseFS(templateFiles, "assets/*.html"))

// Explain follows a number back to where it comes from, as explain.Number does.
type Explain func(ctx context.Context, q explain.Question) (explain.Explanation, error)

// site is the pages with what they read.
type site struct {
	warehouse *read.Model
	explain   Explain
	now       func() time.Time
	log       *zap.Logger
	others    []web.Link // pages of the server that are not of this package
}

// Add puts the pages on a server, the overview as its start page. now is the time that the pages show.
func Add(server *web.Server, warehouse *read.Model, explain Explain, now func() time.Time, log *zap.Logger) {
	s := &site{warehouse: warehouse, explain: explain, now: now, log: log.Named("pages"), others: server.Links()}
	for path, show := range map[string]func(context.Context, *query) (view, error){
		"/{$}":          s.overview,
		"/coverage":     s.coverage,
		"/explore":      s.explore,
		"/day":          s.day,
		"/days":         s.days,
		"/costs":        s.costs,
		"/failures":     s.failures,
		"/restatements": s.restatements,
		"/findings":     s.findings,
		"/runs":         s.runs,
		"/run":          s.run,
		"/explain":      s.explanation,
		"/schema":       s.schema,
		"/design":       s.design,
	} {
		server.Handle("GET "+path, s.page(show))
	}
	// Not GET alone: http.ServeMux finds that in conflict with the pages that answer every method below a path.
	server.Handle("/", s.page(s.nowhere))
	server.Handle("GET /assets/pages.js", web.Assets(assetFiles))
}

// view is a page: a heading, a form and sections below each other.
type view struct {
	Title    string
	Lead     string // one sentence
	Crumbs   []line // the way here; the last one leads nowhere
	Form     *form
	Trust    []trust
	Content  template.HTML // before the sections
	Sections []section
	Refresh  int // seconds after which the page is asked for again; 0 for never

	// The frame fills these in.
	Nav       []line
	Others    []web.Link
	User      string
	CanLogOut bool
	At        string
}

// section is a part of a page under a heading of its own. What is empty is not shown.
type section struct {
	ID       string
	Heading  string
	Big      string // a number, large
	Lines    []line
	Nav      []line // small steps from here
	Bars     []bar
	Cards    []card
	Keys     []mark.Key
	Facts    []line // names and short values, side by side
	Chart    *chart.Chart
	Strips   *strips
	Issues   []issue
	Quotes   []sheet.Quote
	Calendar *calendar
	Table    *sheet.Table
	IsFile   bool   // the table is offered and not shown
	SQL      string // the question behind the table
}

// line is a sentence, which may lead somewhere.
type line struct {
	Text   string
	Href   string
	Link   string
	Bad    bool
	IsHere bool // it leads to where one is
}

// place is a page of the navigation.
type place struct {
	path, title string
	hasBar      bool
}

// navigation is the pages that every page leads to. Those with a bar keep the days and names that are chosen.
var navigation = []place{
	{"/", "Overview", true}, {"/explore", "Explore", true}, {"/failures", "Failures", true}, {"/days", "Days", true}, {"/costs", "Costs", true}, {"/restatements", "Changes", true},
	{"/coverage", "Coverage", false}, {"/findings", "Findings", false}, {"/runs", "Runs", false}, {"/schema", "Schema", false},
}

// navigate gives the pages, as seen from one of them.
func navigate(path string, values url.Values) []line {
	var kept []string
	for _, name := range []string{"range", "from", "to", "vendor", "account"} {
		kept = append(kept, name, values.Get(name))
	}
	isKept := slices.ContainsFunc(navigation, func(p place) bool { return p.path == path && p.hasBar })
	all := make([]line, len(navigation))
	for i, p := range navigation {
		all[i] = line{Link: p.title, Href: p.path, IsHere: p.path == path}
		if p.hasBar && isKept {
			all[i].Href = href(p.path, kept...)
		}
	}
	return all
}

// page answers with what show makes of the request: a page, or one of its tables as a file.
func (s *site) page(show func(context.Context, *query) (view, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "These pages are only read.", http.StatusMethodNotAllowed)
			return
		}
		q := newQuery(r.URL.Query())
		f := q.format()
		v, err := show(r.Context(), q)
		if err == nil {
			err = q.done()
		}
		if err == nil && f.kind != "" {
			err = v.download(w, f)
			if err == nil {
				return
			}
		}
		status := http.StatusOK
		if err != nil {
			status, v = s.sorry(r, err)
		}
		s.name(r, v.Sections)
		v.links(r.URL.Path, r.URL.Query())
		s.write(w, r, status, v)
	})
}

// name puts names beside the IDs of tables. A page without them is better than none.
func (s *site) name(r *http.Request, sections []section) {
	sections = slices.DeleteFunc(slices.Clone(sections), func(of section) bool { return of.Table == nil || of.IsFile || !of.Table.HasIDs() })
	if len(sections) == 0 {
		return
	}
	all, err := s.warehouse.Names(r.Context())
	if err != nil {
		s.log.Warn("names could not be read", zap.String("path", r.URL.Path), zap.Error(err))
		return
	}
	names, of := sheet.NewNames(all), r.URL.Query()
	for _, one := range sections {
		names.AddTo(one.Table, sms.Vendor(of.Get("vendor")), of.Get("account"))
	}
}

// nowhere answers for every address that no page has.
func (s *site) nowhere(context.Context, *query) (view, error) {
	return view{}, unknown("There is no page at this address.")
}

// sorry says what went wrong. What the database says stays in the log: it may name hosts and users.
func (s *site) sorry(r *http.Request, err error) (int, view) {
	if bad, ok := errors.AsType[*inputError](err); ok {
		back := line{Text: "", Link: "Back to the overview", Href: "/"}
		return bad.status, view{Title: bad.title, Form: bad.form, Sections: []section{{Lines: []line{{Text: capital(bad.Error()), Bad: true}, back}}}}
	}
	if r.Context().Err() != nil {
		s.log.Debug("nobody waits for the page any more", zap.String("path", r.URL.Path))
	} else {
		s.log.Warn("a page could not be made", zap.String("path", r.URL.Path), zap.Error(err))
	}
	return http.StatusServiceUnavailable, view{
		Title: "Not available",
		Sections: []section{{Lines: []line{{Text: "The warehouse did not answer. The log of this program says why. Reload " +
			"the page in a moment.", Bad: true}}}},
	}
}

// write sends a whole page or none.
func (s *site) write(w http.ResponseWriter, r *http.Request, status int, v view) {
	v.Nav = navigate(r.URL.Path, r.URL.Query())
	v.User, v.CanLogOut = web.User(r.Context()), web.CanLogOut(r.Context())
	v.Others = s.others
	v.At = s.now().UTC().Format("2006-01-02 15:04 UTC")
	var b bytes.Buffer
	if err := layout.ExecuteTemplate(&b, "layout.html", v); err != nil {
		s.log.Error("a page is broken", zap.String("path", r.URL.Path), zap.Error(err))
		http.Error(w, "This page is broken.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // whoever asked has gone
}
