package extract

import (
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"time"

	"smsetl/internal/pack"
	"smsetl/sms"
)

// Reply is what came back for a question that was asked once. It is not judged: a vendor's error is an answer too. It
// holds no secret of the client.
type Reply struct {
	Request sms.Request
	Sent    http.Header // the headers of the request that are part of the question
	At      time.Time
	Status  int
	Header  http.Header // the headers of the answer that say something about it
	Body    []byte      // decompressed
	IsCut   bool        // Body is the beginning of a longer one
}

// kept are the headers of an answer that a Reply keeps, beside those of a rate limit. The others are about the machines
// between, or could name somebody.
var kept = []string{"Content-Type", "Retry-After"}

// Reply gives the answer with the request that it is for.
func (a *Answer) Reply(request sms.Request, sent http.Header, at time.Time, scrub *Scrubber) (Reply, error) {
	r := Reply{Request: request, Sent: sent, At: at, Status: a.Status, Header: http.Header{}, Body: a.Head}
	r.Request.URL, r.Request.Body = scrub.all(request.URL), scrub.all(request.Body)
	for name, values := range a.Header {
		name = textproto.CanonicalMIMEHeaderKey(name)
		if strings.HasPrefix(name, "Ratelimit") || strings.HasPrefix(name, "X-Ratelimit") || slices.Contains(kept, name) {
			for _, v := range values {
				r.Header.Add(name, scrub.Text(v))
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
	r.Body = scrub.Bytes(r.Body)
	return r, nil
}

func (s *Scrubber) all(text string) string { return s.replacer.Replace(text) }
