package capture

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"smsetl/extract"
	"smsetl/sms"
)

// Fixture is one question with its answer, as its file holds it.
type Fixture struct {
	Ask     string      `json:"ask"` // the name of the question
	Vendor  sms.Vendor  `json:"vendor"`
	Account string      `json:"account"` // a pseudonym
	Dataset sms.Dataset `json:"dataset"`
	Window  string      `json:"window"` // the days asked for: 2026-01-01/2026-01-31
	Request Request     `json:"request"`
	AskedAt string      `json:"asked_at"`
	Failed  string      `json:"failed,omitzero"` // why there is no answer
	Status  int         `json:"status,omitzero"`
	Headers []Pair      `json:"headers,omitempty"`
	IsCut   bool        `json:"is_cut,omitzero"` // the answer was longer
	// Body is the answer where it is JSON, else Text is.
	Body jsontext.Value `json:"body,omitempty"`
	Text string         `json:"text,omitzero"`
}

// Request is a question as it was sent, without credentials.
type Request struct {
	Method  string `json:"method"`
	Path    string `json:"path"` // below base_url
	Query   []Pair `json:"query,omitempty"`
	Headers []Pair `json:"headers,omitempty"`
	Body    string `json:"body,omitzero"` // posted
}

// Pair is a name with its value.
type Pair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// NewFixture gives the fixture of a reply. basePath is the path of base_url, which is the customer's business.
func NewFixture(r extract.Reply, basePath string) Fixture {
	f := Fixture{
		AskedAt: r.At.Format(time.RFC3339), Status: r.Status, IsCut: r.IsCut, Headers: pairs(r.Header),
		Request: Request{Method: r.Request.Method, Headers: pairs(r.Sent), Body: r.Request.Body},
	}
	if u, err := url.Parse(r.Request.URL); err == nil {
		f.Request.Path = strings.TrimPrefix(u.Path, basePath)
		f.Request.Query = pairs(u.Query())
	}
	f.SetBytes(r.Body)
	return f
}

// pairs sorts names with their values.
func pairs(all map[string][]string) []Pair {
	var list []Pair
	for _, name := range sortedKeys(all) {
		for _, value := range all[name] {
			list = append(list, Pair{name, value})
		}
	}
	return list
}

// Hide replaces in the fixture what names somebody.
func (f *Fixture) Hide(p *Pseudonyms) {
	f.SetBytes(p.Body(f.Bytes()))
	f.Request.Body = string(p.Body([]byte(f.Request.Body)))
	f.Failed = p.Text(f.Failed)
	for i, q := range f.Request.Query {
		if q.Name == "sms_users" {
			f.Request.Query[i].Value = p.User(q.Value)
		}
	}
	for i := range f.Headers {
		f.Headers[i].Value = p.Text(f.Headers[i].Value)
	}
}

// IsAnswered says that the vendor answered the question, if only to refuse it: not that it was out of order or too
// busy.
func (f *Fixture) IsAnswered() bool {
	return f.Failed == "" && f.Status != http.StatusTooManyRequests && f.Status < 500 &&
		!strings.HasPrefix(read(f).summary, "RequestLimitExceeded")
}

// IsDenied says that the vendor does not take the credentials.
func (f *Fixture) IsDenied() bool {
	return f.Status == http.StatusUnauthorized || f.Status == http.StatusForbidden ||
		strings.HasPrefix(read(f).summary, "AuthFailure")
}

// Summary gives the answer in a few words.
func (f *Fixture) Summary() string {
	a := read(f)
	switch {
	case a.isArray:
		return fmt.Sprintf("%s, %d rows", a.summary, len(a.rows))
	case a.sums != nil:
		return a.summary + ", sums"
	default:
		return a.summary
	}
}

// EmptyDay gives the newest day of the fixture's window of which it holds no row; ok is false when there is none, and
// when the answer has no rows at all.
func (f *Fixture) EmptyDay(w sms.Window) (day sms.Day, ok bool) {
	a := read(f)
	has := byDay(a.rows)
	for day := w.Last(); a.isGood && len(has) > 0 && day >= w.First(); day-- {
		if has[day.String()] == nil {
			return day, true
		}
	}
	return 0, false
}

// Bytes gives the answer's body.
func (f *Fixture) Bytes() []byte {
	if f.Body != nil {
		return f.Body
	}
	return []byte(f.Text)
}

// SetBytes keeps an answer's body: as JSON where it is nothing but that, so that people can read the file.
func (f *Fixture) SetBytes(body []byte) {
	if jsontext.Value(body).IsValid() {
		f.Body, f.Text = slices.Clone(body), ""
		return
	}
	f.Body, f.Text = nil, strings.ToValidUTF8(string(body), string(utf8.RuneError))
}

// File gives the name of the fixture's file.
func (f *Fixture) File() string {
	return strings.Join([]string{string(f.Vendor), f.Account, string(f.Dataset), f.Ask}, "-") + ".json"
}

// Manifest says what a folder holds.
type Manifest struct {
	Format     int         `json:"format"` // 1
	CapturedAt string      `json:"captured_at"`
	Accounts   []Account   `json:"accounts"`
	Skipped    []string    `json:"skipped,omitempty"` // questions that were not asked, and why
	Held       []Judgement `json:"assumptions"`
	Files      []string    `json:"files"`
}

// Account is an account of a capture, under its pseudonym.
type Account struct {
	Vendor sms.Vendor `json:"vendor"`
	ID     string     `json:"id"`
	Zone   string     `json:"zone"`
}

// The files of a folder beside the answers.
const (
	manifestFile = "manifest.json"
	reportFile   = "assumptions.md"
)

// Ready makes the folder, or says why nothing may be written there: it is not empty.
func Ready(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return os.MkdirAll(dir, 0o755) //nolint:gosec // meant to be sent in
	case err != nil:
		return err
	case len(entries) > 0:
		return fmt.Errorf("%s is not empty: name a folder that is, or that is not there yet", dir)
	}
	return nil
}

// Write writes the fixture into the folder.
func (f *Fixture) Write(dir string) error {
	head := *f
	head.Body = nil
	text, err := indented(&head)
	if err != nil {
		return err
	}
	if f.Body != nil {
		text = slices.Concat(bytes.TrimSuffix(text, []byte("\n}\n")), []byte(",\n  \"body\": "), byRow(f.Body), []byte("\n}\n"))
	}
	return os.WriteFile(filepath.Join(dir, f.File()), text, 0o644) //nolint:gosec // meant to be sent in
}

// byRow puts each row of an answer on a line of its own. The rest of its bytes stays.
func byRow(body jsontext.Value) jsontext.Value {
	lines := jsontext.Value(bytes.ReplaceAll(body, []byte("},{"), []byte("},\n{")))
	if !lines.IsValid() {
		return body // the mark stands in a text
	}
	return lines
}

// Write writes the manifest into the folder, and the table for people.
func (m *Manifest) Write(dir string) error {
	text, err := indented(m)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, manifestFile), text, 0o644); err != nil { //nolint:gosec // meant to be sent in
		return err
	}
	return os.WriteFile(filepath.Join(dir, reportFile), []byte(m.Markdown()), 0o644) //nolint:gosec // the same
}

func indented(document any) ([]byte, error) {
	text, err := json.Marshal(document, jsontext.WithIndent("  "))
	return append(text, '\n'), err
}

// Read reads a folder. A fixture that the manifest does not list is an error, and so is one that it lists and that is
// not there.
func Read(dir string) (Manifest, []Fixture, error) {
	var m Manifest
	if err := readFile(filepath.Join(dir, manifestFile), &m); err != nil {
		return m, nil, err
	}
	if m.Format != 1 {
		return m, nil, fmt.Errorf("%s: format %d, want 1", filepath.Join(dir, manifestFile), m.Format)
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return m, nil, err
	}
	for _, file := range found {
		if name := filepath.Base(file); name != manifestFile && !slices.Contains(m.Files, name) {
			return m, nil, fmt.Errorf("%s is not listed in %s", file, manifestFile)
		}
	}
	all := make([]Fixture, len(m.Files))
	for i, name := range m.Files {
		if err := readFile(filepath.Join(dir, filepath.Base(name)), &all[i]); err != nil {
			return m, nil, err
		}
	}
	return m, all, nil
}

func readFile(file string, into any) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into, json.RejectUnknownMembers(true)); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}
