package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"time"
)

// answer is what came back for some bytes.
type answer struct {
	status int // 0 for no answer
	header http.Header
	body   string
}

// shoot sends bytes on a connection of their own, as no client of HTTP would; isCut ends the sending there. An answer that is cut has no
// status.
func shoot(ctx context.Context, address string, request []byte, isCut bool) (answer, error) {
	conn, err := (&net.Dialer{Timeout: 10 * time.Second}).DialContext(ctx, "tcp", address)
	if err != nil {
		return answer{}, err
	}
	defer conn.Close()
	tcp := conn.(*net.TCPConn)
	_ = tcp.SetLinger(0) // tens of thousands of connections would wait for their end
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	_, err = conn.Write(request)
	if err == nil && isCut {
		_ = tcp.CloseWrite() // behind a whole request it would look like somebody who has gone
	}
	method, _, _ := bytes.Cut(request, []byte(" "))
	r, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: string(method)})
	if err != nil {
		return answer{}, nil // the other side has hung up, which is an answer too
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return answer{}, nil
	}
	return answer{r.StatusCode, r.Header, string(body)}, nil
}
