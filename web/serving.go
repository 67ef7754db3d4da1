package web

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"go.uber.org/zap"
)

// Bounds are those of connections, requests and their answers.
type Bounds struct {
	ReadHeader, Read, Write, Idle time.Duration
	MaxHeader                     int // bytes
	Connections                   Limits
	TLS                           *Certificate // nil: connections are not encrypted here
}

// Bind binds an address. hint says where another one is named.
func Bind(ctx context.Context, address, hint string) (net.Listener, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("web: %w; %s", err, hint)
	}
	return l, nil
}

// URLOf gives the address of a listener for people, without a path.
func URLOf(l net.Listener, certificate *Certificate) string {
	addr, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return ""
	}
	host := addr.IP.String()
	if addr.IP.IsUnspecified() {
		host = "127.0.0.1"
	}
	scheme := "http"
	if certificate != nil {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(host, fmt.Sprint(addr.Port))
}

// Serve answers until the context ends, and then finishes what it has begun, for at most 10 s.
func Serve(ctx context.Context, l net.Listener, handler http.Handler, b Bounds, log *zap.Logger) error {
	bounded := limited(l, b.Connections)
	server := &http.Server{
		Handler:           bounded.let(handler),
		ConnContext:       bounded.keep,
		ReadHeaderTimeout: b.ReadHeader,
		ReadTimeout:       b.Read,
		WriteTimeout:      b.Write,
		IdleTimeout:       b.Idle,
		MaxHeaderBytes:    b.MaxHeader,
		ConnState:         bounded.follow,
		ErrorLog:          zap.NewStdLog(log.Named("http")),
		BaseContext:       func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		stopped <- errors.Join(server.Shutdown(late), server.Close())
	})
	err := server.Serve(b.TLS.wrap(bounded))
	if stop() { // it ended by itself
		return fmt.Errorf("web: %w", errors.Join(err, server.Close()))
	}
	if err := <-stopped; err != nil {
		return fmt.Errorf("web: requests were cut off after %s: %w", stopTimeout, err)
	}
	return nil
}
