package sandbox

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// reply is an answer before it meets the wire.
type reply struct {
	status int
	kind   string // Content-Type
	header [2]string
	body   []byte
	code   string // the vendor's error code, for the counters; "" for a success
}

const (
	asJSON = "application/json"
	asHTML = "text/html; charset=utf-8"
)

// page is what a proxy in front of a vendor says when it has nobody to ask.
func page(status int) reply {
	text := http.StatusText(status)
	return reply{status: status, kind: asHTML, body: fmt.Appendf(nil,
		"<html>\r\n<head><title>%d %s</title></head>\r\n<body>\r\n<center><h1>%d %s</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n",
		status, text, status, text)}
}

// exchange is one request on its way to its answer.
type exchange struct {
	box     *Sandbox
	w       http.ResponseWriter
	r       *http.Request
	vendor  string
	action  string // dataset or X-TC-Action
	account string
	fault   Fault
}

// refuse answers with an error of the vendor. No fault makes it worse.
func (x *exchange) refuse(answer reply) { x.send(answer) }

// answer answers a right request: honestly, or as the first drawn fault wants it. build gives the vendor's own words for a
// fault; ok is false where the fault has nothing to spoil.
func (x *exchange) answer(request string, build func(Fault) (answer reply, ok bool)) {
	for _, f := range x.box.faults.draw(x.vendor, x.account, request) {
		if f == GzipBomb && !acceptsGzip(x.r) {
			continue
		}
		answer, ok := build(f)
		if !ok {
			continue
		}
		x.fault = f
		x.box.faults.count(f)
		x.rude(answer)
		return
	}
	answer, _ := build(nothing)
	x.send(answer)
}

// rude sends the answer with the fault of the exchange. Faults of content are in the answer already.
func (x *exchange) rude(answer reply) {
	switch x.fault {
	case Status500:
		x.send(page(http.StatusInternalServerError))
	case Status502:
		x.send(page(http.StatusBadGateway))
	case HTMLUnder200:
		page := page(http.StatusServiceUnavailable)
		page.status = http.StatusOK
		x.send(page)
	case EmptyBody:
		answer.body = nil
		x.send(answer)
	case TrailingJunk:
		answer.body = append(bytes.Clone(answer.body), `{"result":[],"count":0}`...)
		x.send(answer)
	case Redirected:
		x.send(reply{
			status: http.StatusTemporaryRedirect, kind: asHTML, header: [2]string{"Location", x.box.elsewhere + "moved"},
		})
	case Slow:
		if x.box.wait(x.r, x.box.faults.delay()) {
			x.send(answer)
		}
	case GzipBomb:
		x.bomb()
	case Reset, CutLength, CutChunked, CutClosed:
		x.cut(answer)
	default:
		x.send(answer)
	}
}

// send sends the whole answer.
func (x *exchange) send(answer reply) {
	body := x.head(answer)
	x.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	x.box.counts.add(x, answer, len(body))
	x.w.WriteHeader(answer.status)
	x.w.Write(body) // a client that left has no use for an error
}

// head sets the headers of the answer and gives its body, compressed when the client likes that.
func (x *exchange) head(answer reply) []byte {
	h := x.w.Header()
	h.Set("Content-Type", answer.kind)
	if answer.header[0] != "" {
		h.Set(answer.header[0], answer.header[1])
	}
	if x.box.o.NoGzip || len(answer.body) < 1024 || !acceptsGzip(x.r) {
		return answer.body
	}
	h.Set("Content-Encoding", "gzip")
	return squeeze(answer.body)
}

// cut breaks the connection in the middle of the answer or before it. Where the connection cannot be taken over, the
// server is told to drop it.
func (x *exchange) cut(answer reply) {
	body := x.head(answer)
	half := body[:len(body)/2]
	switch x.fault {
	case Reset:
		half = nil
	case CutLength, CutChunked:
		x.box.counts.add(x, answer, len(half))
		if x.fault == CutLength {
			x.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		}
		x.w.WriteHeader(answer.status)
		x.w.Write(half)
		http.NewResponseController(x.w).Flush()
		panic(http.ErrAbortHandler)
	}
	x.box.counts.add(x, answer, len(half))
	conn, _, err := http.NewResponseController(x.w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer conn.Close()
	if x.fault == Reset {
		if tcp, ok := conn.(*net.TCPConn); ok {
			tcp.SetLinger(0) // closing sends RST
		}
		return
	}
	var head bytes.Buffer
	head.WriteString("HTTP/1.1 200 OK\r\nConnection: close\r\n")
	x.w.Header().Write(&head)
	head.WriteString("\r\n")
	conn.Write(append(head.Bytes(), half...))
}

func (x *exchange) bomb() {
	body := x.box.bomb()
	h := x.w.Header()
	h.Set("Content-Type", asJSON)
	h.Set("Content-Encoding", "gzip")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	x.box.counts.add(x, reply{status: http.StatusOK}, len(body))
	x.w.Write(body)
}

// wait waits as long as d, and says whether the client is still there.
func (s *Sandbox) wait(r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

func acceptsGzip(r *http.Request) bool {
	for _, v := range r.Header.Values("Accept-Encoding") {
		for part := range strings.SplitSeq(v, ",") {
			name, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
			if strings.EqualFold(name, "gzip") && strings.ReplaceAll(weight, " ", "") != "q=0" {
				return true
			}
		}
	}
	return false
}

var zippers = sync.Pool{New: func() any {
	z, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	if err != nil {
		panic(err) // the level is a constant
	}
	return z
}}

func squeeze(body []byte) []byte {
	z := zippers.Get().(*gzip.Writer)
	defer zippers.Put(z)
	var out bytes.Buffer
	z.Reset(&out)
	z.Write(body) // a bytes.Buffer takes everything
	z.Close()
	return out.Bytes()
}

// bomb gives the function that makes the bomb, once. One member of a gzip stream says a megabyte of nothing; a stream may
// repeat it as often as it likes.
func bomb() func() []byte {
	return sync.OnceValue(func() []byte {
		out := squeeze([]byte(`{"result":[`))
		blank := squeeze(bytes.Repeat([]byte(" "), 1<<20))
		for range 96 {
			out = append(out, blank...)
		}
		return append(out, squeeze([]byte(`],"count":0}`))...)
	})
}
