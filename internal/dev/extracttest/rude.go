// Package extracttest holds the suite that every vendor's source passes, and the rude answers that servers give in its tests.
package extracttest

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Say answers with a status and a body of stated length. headers are pairs of name and value.
func Say(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// HTML answers with a page, as gateways do.
func HTML(status int) http.HandlerFunc {
	page := "<html><body><h1>" + strconv.Itoa(status) + " " + http.StatusText(status) + "</h1></body></html>"
	return Say(status, page, "Content-Type", "text/html")
}

// Gzip answers 200 with the body compressed.
func Gzip(body string) http.HandlerFunc {
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	io.WriteString(w, body)
	w.Close()
	return Say(http.StatusOK, z.String(), "Content-Encoding", "gzip")
}

// Bomb answers 200 with a gzip stream that opens to size spaces.
func Bomb(size int) http.HandlerFunc { return Gzip(strings.Repeat(" ", size)) }

// Cut answers 200, states the length of the body, and closes the connection after half of it.
func Cut(body string) http.HandlerFunc {
	return Raw(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body[:len(body)/2]))
}

// CutChunks is Cut with a chunked body that lacks its last chunk.
func CutChunks(body string) http.HandlerFunc {
	return Raw(fmt.Sprintf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", len(body), body))
}

// CloseDelimited answers 200 with a body that ends with the connection: whether it is whole cannot be told.
func CloseDelimited(body string) http.HandlerFunc {
	return Raw("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body)
}

// Drop closes the connection without a word.
func Drop() http.HandlerFunc { return Raw("") }

// Stall answers 200 with the start of a body, and then nothing until the client goes away.
func Stall(start string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(len(start)+100))
		io.WriteString(w, start)
		http.NewResponseController(w).Flush()
		wait(r, time.Minute)
	}
}

// Drip answers 200 with a body of spaces that never ends, one each gap.
func Drip(gap time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for range 10_000 {
			if _, err := io.WriteString(w, " "); err != nil {
				return
			}
			http.NewResponseController(w).Flush()
			if wait(r, gap) {
				return
			}
		}
	}
}

// Late passes the request on after a wait.
func Late(d time.Duration, next http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !wait(r, d) {
			next.ServeHTTP(w, r)
		}
	}
}

func wait(r *http.Request, d time.Duration) (isGone bool) {
	// Without reading the body, the server does not notice that the client has gone.
	io.Copy(io.Discard, r.Body)
	select {
	case <-r.Context().Done():
		return true
	case <-time.After(d):
		return false
	}
}

// Raw writes the bytes, closes the connection and says nothing else.
func Raw(bytes string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err) // httptest's server can
		}
		defer conn.Close()
		io.WriteString(conn, bytes)
	}
}
