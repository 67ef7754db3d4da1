// Package replay plays vendors from a folder of captured answers, as `etl doctor --capture` writes it.
package replay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"smsetl/sandbox"
)

// Vendors are the vendors of a folder: a question that was asked gets the
// answer that it got, any other one an error that says so. Any credentials are taken.
type Vendors struct {
	at       string // when it was captured
	accounts []accountLine
	answers  []replayed
}

// accountLine is a line of the folder's manifest.json.
type accountLine struct {
	Vendor string `json:"vendor"`
	ID     string `json:"id"`
	Zone   string `json:"zone"`
}

// replayed is a captured answer.
type replayed struct {
	Vendor  string   `json:"vendor"`
	Account string   `json:"account"`
	Dataset string   `json:"dataset"`
	Request request  `json:"request"`
	Status  int      `json:"status"`
	Headers []header `json:"headers"`
	Failed  string   `json:"failed"`

	Body json.RawMessage `json:"body"`
	Text string          `json:"text"`
}

type request struct {
	Path    string   `json:"path"`
	Query   []header `json:"query"`
	Headers []header `json:"headers"`
	Body    string   `json:"body"`
}

type header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Open reads a folder.
func Open(dir string) (*Vendors, error) {
	var manifest struct {
		Format     int           `json:"format"`
		CapturedAt string        `json:"captured_at"`
		Accounts   []accountLine `json:"accounts"`
		Files      []string      `json:"files"`
	}
	if err := readCaptured(filepath.Join(dir, "manifest.json"), &manifest); err != nil {
		return nil, err
	}
	if manifest.Format != 1 || len(manifest.Accounts) == 0 {
		return nil, fmt.Errorf("replay: %s: format %d with %d accounts, want format 1 and an account", dir, manifest.Format, len(manifest.Accounts))
	}
	p := &Vendors{at: manifest.CapturedAt, accounts: manifest.Accounts}
	for _, name := range manifest.Files {
		var one replayed
		if err := readCaptured(filepath.Join(dir, filepath.Base(name)), &one); err != nil {
			return nil, err
		}
		if one.Failed == "" {
			p.answers = append(p.answers, one)
		}
	}
	return p, nil
}

func readCaptured(file string, into any) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("replay: %s: %w", file, err)
	}
	return nil
}

// CapturedAt gives the moment of the capture, RFC 3339: what is played is right at that time.
func (p *Vendors) CapturedAt() string { return p.at }

// Listen serves each vendor on a loopback port of its own, as Sandbox.Listen does. There is no admin.
func (p *Vendors) Listen(ctx context.Context) (addresses sandbox.Addresses, stop func(), err error) {
	var g sandbox.Servers
	if addresses.EngageLab, err = g.Start(0, http.HandlerFunc(p.engageLab)); err == nil {
		addresses.Tencent, err = g.Start(0, http.HandlerFunc(p.tencent))
	}
	if err != nil {
		g.Stop()
		return sandbox.Addresses{}, nil, err
	}
	forget := context.AfterFunc(ctx, g.Close)
	return addresses, func() { forget(); g.Stop() }, nil
}

// SchedulesYAML gives a schedules.yaml whose sources are the captured accounts at these addresses.
func (p *Vendors) SchedulesYAML(addresses sandbox.Addresses) string {
	var b strings.Builder
	b.WriteString("sources:\n")
	for i, a := range p.accounts {
		url := addresses.EngageLab
		fmt.Fprintf(&b, "  - name: %s-%d\n    vendor: %s\n", a.Vendor, i+1, a.Vendor)
		if a.Vendor == sandbox.Tencent {
			url = addresses.Tencent
			fmt.Fprintf(&b, "    secret_id: replay-id\n    secret_key: replay-key\n    sdk_app_ids: [%q]\n    probe: \"off\"\n", a.ID)
		} else {
			fmt.Fprintf(&b, "    sms_user: %q\n    sms_key: replay-key\n", a.ID)
		}
		fmt.Fprintf(&b, "    base_url: %s\n    time_zone: %q\n", url, a.Zone)
	}
	return b.String()
}

// engageLab answers a question about a window that was asked for, or that lies inside of one that was.
func (p *Vendors) engageLab(w http.ResponseWriter, r *http.Request) {
	query, err := sandbox.Parameters(r.URL.RawQuery)
	if err != nil {
		p.unknown(w, r, err.Error())
		return
	}
	user, _, _ := r.BasicAuth()
	if named := query["sms_users"]; named != "" {
		user = named
	}
	asked := question(query)
	best := -1
	for i, a := range p.of(sandbox.EngageLab, user) {
		had := a.question()
		switch {
		case a.Request.Path != r.URL.Path:
		case had == asked:
			a.send(w, a.bytes())
			return
		case had.holds(asked) && a.Status == http.StatusOK && (best < 0 || had.days() < p.of(sandbox.EngageLab, user)[best].question().days()):
			best = i
		}
	}
	if best < 0 {
		p.unknown(w, r, "")
		return
	}
	a := p.of(sandbox.EngageLab, user)[best]
	body, err := cutRows(a.bytes(), asked.first, asked.last)
	if err != nil {
		p.unknown(w, r, err.Error())
		return
	}
	a.send(w, body)
}

// tencent answers a question that was asked in the same words.
func (p *Vendors) tencent(w http.ResponseWriter, r *http.Request) {
	posted, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		p.unknown(w, r, err.Error())
		return
	}
	asked := times(posted)
	for _, a := range p.of(sandbox.Tencent, asked.App) {
		if a.header("X-TC-Action") == r.Header.Get("X-TC-Action") && times([]byte(a.Request.Body)) == asked {
			a.send(w, a.bytes())
			return
		}
	}
	p.unknown(w, r, "")
}

// of gives the answers to an account, and to every account of the vendor for a caller that the folder does not know.
func (p *Vendors) of(vendor, account string) []replayed {
	isKnown := slices.ContainsFunc(p.accounts, func(a accountLine) bool { return a.Vendor == vendor && a.ID == account })
	return slices.DeleteFunc(slices.Clone(p.answers), func(a replayed) bool {
		return a.Vendor != vendor || isKnown && a.Account != account
	})
}

// unknown answers a question that was not captured.
func (p *Vendors) unknown(w http.ResponseWriter, r *http.Request, why string) {
	message := "this question was not captured: " + r.Method + " " + r.URL.Path + "?" + r.URL.RawQuery + r.Header.Get("X-TC-Action")
	if why != "" {
		message += ": " + why
	}
	text, err := json.Marshal(message)
	if err != nil {
		text = []byte(`"this question was not captured"`)
	}
	body := fmt.Appendf(nil, `{"code":404,"message":%s}`, text)
	if r.Header.Get("X-TC-Action") != "" {
		body = fmt.Appendf(nil, `{"Response":{"Error":{"Code":"NotCaptured","Message":%s},"RequestId":"replay"}}`, text)
	}
	replayed{Status: http.StatusNotFound, Headers: []header{{"Content-Type", "application/json"}}}.send(w, body)
}

func (a replayed) bytes() []byte {
	if len(a.Body) > 0 {
		return a.Body
	}
	return []byte(a.Text)
}

func (a replayed) header(name string) string {
	for _, h := range a.Request.Headers {
		if strings.EqualFold(h.Name, name) {
			return h.Value
		}
	}
	return ""
}

func (a replayed) send(w http.ResponseWriter, body []byte) {
	for _, h := range a.Headers {
		w.Header().Add(h.Name, h.Value)
	}
	w.Header().Set("Content-Length", fmt.Sprint(len(body)))
	w.WriteHeader(a.Status)
	w.Write(body) // a client that left has no use for an error
}

// daysAsked is what a question to sandbox.EngageLab is about.
type daysAsked struct {
	first, last string // days, which compare as text
	zone        string
	msgType     string
	isSum       bool
	others      string // parameters that were never captured: filters, but for the account's name
}

func question(query map[string]string) daysAsked {
	q := daysAsked{first: query["start_date"], last: query["end_date"], zone: query["time_zone"], msgType: query["msg_type"],
		isSum: query["aggregate_by"] == "1"}
	others := url.Values{}
	for name, value := range query {
		if !slices.Contains([]string{"start_date", "end_date", "time_zone", "msg_type", "aggregate_by", "sms_users"}, name) {
			others.Set(name, value)
		}
	}
	q.others = others.Encode()
	return q
}

func (a replayed) question() daysAsked {
	query := map[string]string{}
	for _, h := range a.Request.Query {
		query[h.Name] = h.Value
	}
	return question(query)
}

// holds says whether the rows of an answer to q hold those of an answer to the other question.
func (q daysAsked) holds(other daysAsked) bool {
	inside := q.first <= other.first && other.first <= other.last && other.last <= q.last
	q.first, q.last = other.first, other.last
	return inside && !q.isSum && q == other
}

func (q daysAsked) days() int { return daysBetween(q.first, q.last) }

// hoursAsked is what a question to sandbox.Tencent is about.
type hoursAsked struct {
	App   string `json:"SmsSdkAppId"`
	Begin string `json:"BeginTime"`
	End   string `json:"EndTime"`
}

func times(posted []byte) (h hoursAsked) {
	_ = json.Unmarshal(posted, &h) // of anything else nothing was captured
	return h
}

var errNoRows = errors.New("the captured answer holds no rows")
