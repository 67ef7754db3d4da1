package huawei

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// Pushes says which reports to push and how.
type Pushes struct {
	From, To time.Time // of the reports, To outside
	Seed     uint64
	Batched  bool // JSON with up to 50 reports; else a form with one
	Shuffled bool // in any order, and not in that of time
	Repeats  int  // of 100 pushes, how many come a second time
	Extend   bool // the sender gave an id along, so that the number stands in the report too
	// Forged, Altered and Replayed are how many pushes of each kind are mixed in, none of which anybody may believe: made by
	// somebody without the secret, changed on the way, and recorded long ago.
	Forged, Altered, Replayed int
}

// Trick is what is wrong with a push.
type Trick string

// The tricks. The empty one is a genuine push.
const (
	Genuine  Trick = ""
	Forged   Trick = "forged"   // signed with another secret, or not at all; its reports are lies
	Altered  Trick = "altered"  // the body is not the one that was signed
	Replayed Trick = "replayed" // signed long ago
)

// Push is one request that the platform, or somebody else, makes.
type Push struct {
	Trick       Trick
	At          time.Time // when it is made
	ContentType string
	Body        []byte
	altered     []byte // what is sent in its place
	reports     []pushedReport
}

type pushedReport struct {
	at     time.Time
	fields map[string]string
}

// Push gives the pushes of a stretch of time.
func (c *Console) Push(p Pushes) []Push {
	dice := rand.New(rand.NewPCG(p.Seed, 0x70757368))
	reports := c.reports(&p)
	if p.Shuffled {
		dice.Shuffle(len(reports), func(i, j int) { reports[i], reports[j] = reports[j], reports[i] })
	}
	var all []Push
	for len(reports) > 0 {
		n := 1
		if p.Batched {
			n = min(1+dice.IntN(50), len(reports))
		}
		all = append(all, newPush(p.Batched, reports[:n]))
		reports = reports[n:]
	}
	for i := range all {
		if dice.IntN(100) < p.Repeats {
			all = append(all, all[i])
		}
	}
	genuine := len(all)
	for range p.Forged {
		all = append(all, c.forge(dice, &p))
	}
	for i := range p.Altered + p.Replayed {
		if genuine == 0 {
			break
		}
		push := all[dice.IntN(genuine)]
		if i < p.Altered {
			push.Trick, push.altered = Altered, alter(push.Body)
		} else {
			push.Trick, push.At = Replayed, push.At.Add(-time.Duration(1+dice.IntN(1000))*time.Hour)
		}
		all = append(all, push)
	}
	if p.Shuffled {
		dice.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	}
	return all
}

// reports gives the reports of a stretch of time, in its order.
func (c *Console) reports(p *Pushes) []pushedReport {
	var all []pushedReport
	for i := range c.messages {
		m := &c.messages[i]
		for j := range m.pieces {
			piece := &m.pieces[j]
			at, isMadeUp := piece.reportedAt, piece.reportedAt.IsZero()
			if isMadeUp {
				at = m.sentAt.Add(expireAfter)
			}
			if at.Before(p.From) || !at.Before(p.To) {
				continue
			}
			status, source, _ := piece.at(m.sentAt, at)
			fields := map[string]string{
				"smsMsgId": m.id, "total": strconv.Itoa(len(m.pieces)), "sequence": strconv.Itoa(j + 1), "status": status,
				"source": strconv.Itoa(source), "orgCode": "000", "statusDesc": "as it is",
			}
			if !isMadeUp {
				fields["updateTime"] = at.UTC().Format("2006-01-02T15:04:05Z")
			}
			if p.Extend {
				fields["extend"], fields["to"] = fmt.Sprintf("order-%d", i), "+"+m.number
			}
			all = append(all, pushedReport{at, fields})
		}
	}
	slices.SortStableFunc(all, func(a, b pushedReport) int { return a.at.Compare(b.at) })
	return all
}

// newPush gives a genuine push.
func newPush(isBatch bool, reports []pushedReport) Push {
	p := Push{reports: slices.Clone(reports)}
	for _, r := range reports {
		if r.at.After(p.At) {
			p.At = r.at
		}
	}
	p.ContentType, p.Body = pushBody(isBatch, reports)
	return p
}

func pushBody(isBatch bool, reports []pushedReport) (contentType string, body []byte) {
	if isBatch {
		var list []map[string]string
		for _, r := range reports {
			list = append(list, r.fields)
		}
		body, _ = json.Marshal(map[string][]map[string]string{"statusReportList": list}) //nolint:errchkjson // strings always marshal
		return "application/json", body
	}
	form := url.Values{}
	for name, value := range reports[0].fields {
		form.Set(name, value)
	}
	return "application/x-www-form-urlencoded", []byte(form.Encode())
}

// forge makes up a push: lies about messages that exist.
func (c *Console) forge(dice *rand.Rand, p *Pushes) Push {
	m := &c.messages[dice.IntN(len(c.messages))]
	span := max(int64(p.To.Sub(p.From)), 1)
	at := p.From.Add(time.Duration(dice.Int64N(span)))
	status := "DELIVRD"
	if dice.IntN(2) == 0 {
		status = []string{"UNDELIV", "E200018", "REJECTD", "FORGED"}[dice.IntN(4)]
	}
	total := 1 + dice.IntN(9)
	push := newPush(p.Batched, []pushedReport{{at, map[string]string{
		"smsMsgId": m.id, "total": strconv.Itoa(total), "sequence": strconv.Itoa(1 + dice.IntN(total)), "status": status,
		"source": strconv.Itoa(1 + dice.IntN(3)), "updateTime": at.Add(1000 * time.Hour).UTC().Format("2006-01-02T15:04:05Z"),
	}}})
	push.Trick = Forged
	return push
}

// alter changes what a body says and keeps it readable.
func alter(body []byte) []byte {
	for _, change := range [][2]string{{"DELIVRD", "UNDELIV"}, {"=2", "=3"}, {`"2"`, `"3"`}} {
		if altered := bytes.Replace(body, []byte(change[0]), []byte(change[1]), 1); !bytes.Equal(altered, body) {
			return altered
		}
	}
	return append(bytes.Clone(body), ' ')
}

// Request gives the push as a request to an address, signed with the platform's secret unless access is "". A forged one is
// signed with another secret.
func (p *Push) Request(ctx context.Context, address, access, secret string) (*http.Request, error) {
	body := p.Body
	if p.altered != nil {
		body = p.altered
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", p.ContentType)
	if access == "" {
		return r, nil
	}
	if p.Trick == Forged {
		secret += "?"
	}
	signSDK(r, p.Body, access, secret, p.At)
	return r, nil
}

// Reports gives what the reports of the push say, by the names of the vendor's fields.
func (p *Push) Reports() []map[string]string {
	var all []map[string]string
	for _, r := range p.reports {
		all = append(all, r.fields)
	}
	return all
}
