package torture

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// ChunkBytes is how much of a body is one seam, where the body does not come in chunks of its own.
const ChunkBytes = 4 << 10

// NewHTTP starts a proxy in front of a server that speaks HTTP/1.1 without encryption. Its seams are the head of each request
// and answer, each chunk of a body that comes in chunks, and each ChunkBytes of one that does not. Not a byte is changed: the
// server sees the proxy's address in Host, as the client wrote it.
func NewHTTP(server string, plan Plan) (*Proxy, error) {
	return newProxy(server, httpLine, plan)
}

func httpLine(client, server net.Conn) (requests, answers reader, err error) {
	asked := &methods{}
	return &httpReader{in: bufio.NewReader(client), isRequest: true, asked: asked},
		&httpReader{in: bufio.NewReader(server), asked: asked}, nil
}

// methods are the methods of the requests that have no answer yet: the answer to HEAD has no body whatever its head says.
type methods struct {
	mu      sync.Mutex
	waiting []string
}

func (m *methods) push(method string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.waiting = append(m.waiting, method)
}

func (m *methods) pop() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.waiting) == 0 {
		return ""
	}
	first := m.waiting[0]
	m.waiting = m.waiting[1:]
	return first
}

// httpReader reads the requests or the answers of a connection, in pieces.
type httpReader struct {
	in        *bufio.Reader
	isRequest bool
	asked     *methods

	// What is left of the body under way:
	left      int64 // bytes of one whose length is known
	isChunked bool
	untilEnd  bool // of the connection
}

func (r *httpReader) next() (message, error) {
	kind := "answer body"
	if r.isRequest {
		kind = "request body"
	}
	switch {
	case r.isChunked:
		b, isEnd, err := r.chunk()
		r.isChunked = !isEnd
		return message{bytes: b, kind: kind, isLast: isEnd}, err
	case r.left > 0:
		b := make([]byte, min(r.left, ChunkBytes))
		come, err := io.ReadFull(r.in, b)
		r.left -= int64(come)
		return message{bytes: b[:come], kind: kind, isLast: r.left == 0}, err
	case r.untilEnd:
		b := make([]byte, ChunkBytes)
		n, err := r.in.Read(b)
		return message{bytes: b[:n], kind: kind}, err
	default:
		return r.head()
	}
}

// head reads the first line and the headers, and what they say of the body.
func (r *httpReader) head() (message, error) {
	var whole bytes.Buffer
	for { // up to and with the empty line
		line, err := r.in.ReadSlice('\n')
		whole.Write(line)
		if err != nil {
			return message{bytes: whole.Bytes()}, err
		}
		if whole.Len() > 1<<20 {
			return message{}, errors.New("a head of more than a megabyte")
		}
		if len(bytes.TrimRight(line, "\r\n")) == 0 {
			break
		}
	}
	text := textproto.NewReader(bufio.NewReader(bytes.NewReader(whole.Bytes())))
	first, err := text.ReadLine()
	if err != nil {
		return message{}, err
	}
	header, err := text.ReadMIMEHeader()
	if err != nil {
		return message{}, err
	}
	isEmpty, kind := false, "request head"
	if r.isRequest {
		method, _, _ := strings.Cut(first, " ")
		r.asked.push(method)
	} else {
		kind = "answer head"
		if isEmpty, err = r.answer(first); err != nil {
			return message{}, err
		}
	}
	if isInterim := !r.isRequest && strings.HasPrefix(status(first), "1"); isInterim {
		return message{bytes: whole.Bytes(), kind: "interim answer"}, nil
	}
	if !isEmpty {
		err = r.body(header)
	}
	return message{bytes: whole.Bytes(), kind: kind, isLast: !r.isChunked && r.left == 0 && !r.untilEnd}, err
}

func status(line string) string {
	_, rest, _ := strings.Cut(line, " ")
	return rest
}

// answer says whether the answer that begins with a line has no body by what it is.
func (r *httpReader) answer(line string) (isEmpty bool, err error) {
	code := status(line)
	if len(code) < 3 {
		return false, fmt.Errorf("no answer of HTTP: %d bytes", len(line))
	}
	if code[0] == '1' {
		return true, nil // and the real one follows
	}
	return r.asked.pop() == "HEAD" || code[:3] == "204" || code[:3] == "304", nil
}

// body takes from the headers how the body ends.
func (r *httpReader) body(header textproto.MIMEHeader) (err error) {
	switch length := header.Get("Content-Length"); {
	case strings.EqualFold(header.Get("Transfer-Encoding"), "chunked"):
		r.isChunked = true
	case length != "":
		r.left, err = strconv.ParseInt(length, 10, 64)
	default:
		r.untilEnd = !r.isRequest
	}
	return err
}

// chunk reads one chunk with its length before it and the line end behind it; the last one with what trails.
func (r *httpReader) chunk() (whole []byte, isEnd bool, err error) {
	line, err := r.in.ReadBytes('\n')
	if err != nil {
		return line, false, err
	}
	size, _, _ := strings.Cut(strings.TrimSpace(string(line)), ";")
	n, err := strconv.ParseUint(size, 16, 31)
	if err != nil {
		return line, false, err
	}
	if n > 0 {
		whole = slices.Concat(line, make([]byte, n+2))
		come, err := io.ReadFull(r.in, whole[len(line):])
		return whole[:len(line)+come], false, err
	}
	whole = line
	for {
		trailer, err := r.in.ReadBytes('\n')
		whole = append(whole, trailer...)
		if err != nil || len(bytes.TrimRight(trailer, "\r\n")) == 0 {
			return whole, true, err
		}
	}
}
