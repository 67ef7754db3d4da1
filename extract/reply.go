package extract

import (
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"time"

	"smsetl/internal/pack"
	"smsetl/sms"
)

// Reply is what came back for a question that was asked once. It is not judged: a vendor's error is an answer too. It
// holds no secret of the client.
type Reply struct {
	Method string
	Path   string      // below the base URL, whose own path is the customer's business
	Query  url.Values  // of the request
	Sent   http.Header // the headers of the request that are part of the question
	Posted string
	At     time.Time
	Status int
	Header http.Header // the headers of the answer that say something about it
	Body   []byte      // decompressed
	IsCut  bool        // Body is the beginning of a longer one
}

// kept are the headers of an answer that a Reply keeps, beside those of a rate limit. The others are about the machines
// between, or could name somebody.
var kept = []string{"Content-Type", "Retry-After"}

// Reply gives the answer with the request that it is for.
func (c *Client) Reply(a *Answer, request sms.Request, sent http.Header) (Reply, error) {
	r := Reply{
		Method: request.Method, Sent: sent, Posted: c.Scrub.all(request.Body),
		At: c.Now(), Status: a.Status, Header: http.Header{}, Body: a.Head,
	}
	if u, err := url.Parse(c.Scrub.all(request.URL)); err == nil {
		r.Path, r.Query = strings.TrimPrefix(u.Path, c.Base.Path), u.Query()
	}
	for name, values := range a.Header {
		name = textproto.CanonicalMIMEHeaderKey(name)
		if strings.HasPrefix(name, "Ratelimit") || strings.HasPrefix(name, "X-Ratelimit") || slices.Contains(kept, name) {
			for _, v := range values {
				r.Header.Add(name, c.Scrub.Text(v))
			}
		}
	}
	switch {
	case a.Body.Size > int64(len(a.Head)):
		whole, err := pack.Unpack(a.Body)
		if err != nil {
			return Reply{}, err
		}
		r.Body = whole
	case a.Body.Size == 0 && len(a.Head) > 0:
		r.IsCut = a.Status/100 == 2
	}
	r.Body = c.Scrub.Bytes(r.Body)
	return r, nil
}

func (s *Scrubber) all(text string) string { return s.replacer.Replace(text) }
