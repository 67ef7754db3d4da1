package extract

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"syscall"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/propagation"

	"smsetl/sms"
)

// Limits bound one answer. The zero Limits are the default ones; a zero field stands for its default.
type Limits struct {
	Body    int64         // bytes of an answer after decompression; default 64 MiB
	Head    int           // first bytes of an answer that are kept unpacked as well; default 64 KiB
	Connect time.Duration // for the connection, and again for TLS; default 10 s
	Header  time.Duration // from the request to the first line of the answer; default 90 s
	Idle    time.Duration // between two pieces of a body; default 30 s
	Whole   time.Duration // from the release of the request to the end of the answer; default 10 min
}

func (l Limits) orDefaults() Limits {
	l.Body = cmp.Or(max(l.Body, 0), 64<<20)
	l.Head = cmp.Or(max(l.Head, 0), 64<<10)
	l.Connect = cmp.Or(max(l.Connect, 0), 10*time.Second)
	l.Header = cmp.Or(max(l.Header, 0), 90*time.Second)
	l.Idle = cmp.Or(max(l.Idle, 0), 30*time.Second)
	l.Whole = cmp.Or(max(l.Whole, 0), 10*time.Minute)
	return l
}

// ErrTooLarge says that an answer is larger than Limits.Body. Asking for less is the way out.
var ErrTooLarge = errors.New("the answer is over the size cap")

var (
	errStalled  = errors.New("the body stalled")
	errSlow     = errors.New("the answer took too long")
	errUnframed = errors.New("the answer states neither its length nor chunks, so its end cannot be told from a cut")
)

// Answer is what came back for one request.
type Answer struct {
	Status int
	Header http.Header
	Head   []byte   // the first bytes of the body after decompression, at most Limits.Head
	Body   sms.Body // the whole body; empty when it was not read to its end
}

// IsWhole says whether Head holds the whole body.
func (a *Answer) IsWhole() bool { return int64(len(a.Head)) == a.Body.Size }

// Fingerprint gives the hash of what the answer says: of its body, or of what was read of it.
func (a *Answer) Fingerprint() sms.Hash {
	if a.Body.Size > 0 {
		return a.Body.Hash
	}
	return sha256.Sum256(a.Head)
}

// Transport asks one host, the one of the base URL, and no other. It follows no redirect. Safe for use by many
// goroutines.
type Transport struct {
	scheme, host string
	limits       Limits
	http         *http.Transport
	traced       http.RoundTripper // http, with a span for each call where somebody takes traces
}

// Proxy says through which proxy an address is asked, nil for none.
type Proxy func(*url.URL) (*url.URL, error)

// newTransport gives a transport to the base URL's host, through the proxy that is set for it; a nil Proxy is none.
// A loopback address is never asked through one.
func newTransport(base *url.URL, limits Limits, proxy Proxy) *Transport {
	limits = limits.orDefaults()
	dialer := &net.Dialer{Timeout: limits.Connect}
	if base.Scheme == "http" {
		dialer.Control = loopbackOnly
	}
	// HTTP/1 alone: one connection a request, so that a stalled body ends with its connection, and what was written
	// once is not sent again behind the limiter's back, as an HTTP/2 stream may be.
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	calls := &http.Transport{
		DialContext:            dial(dialer.DialContext),
		Proxy:                  proxy.of,
		TLSHandshakeTimeout:    limits.Connect,
		ResponseHeaderTimeout:  limits.Header,
		MaxResponseHeaderBytes: 256 << 10,
		DisableCompression:     true, // the cap must count decompressed bytes, so they are decompressed here
		MaxIdleConnsPerHost:    64,   // a new connection delays a request that the limiter has released
		IdleConnTimeout:        30 * time.Second,
		Protocols:              protocols,
	}
	// No vendor is told of the trace that its call is in.
	traced := otelhttp.NewTransport(calls, otelhttp.WithPropagators(propagation.NewCompositeTextMapPropagator()))
	return &Transport{scheme: base.Scheme, host: base.Host, limits: limits, http: calls, traced: traced}
}

var errProxy = errors.New("the proxy that is set for this host is no address")

// of gives the proxy of a request. The address of a proxy holds its password, so no error repeats it.
func (p Proxy) of(req *http.Request) (*url.URL, error) {
	if p == nil || isLoopback(req.URL.Hostname()) {
		return nil, nil //nolint:nilnil // net/http's way to say none
	}
	through, err := p(req.URL)
	if err != nil {
		return nil, errProxy
	}
	return through, nil
}

// loopbackOnly keeps plain http on this machine even where a name such as localhost resolves to somewhere else.
func loopbackOnly(_, address string, _ syscall.RawConn) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil || !isLoopback(host) {
		return fmt.Errorf("plain http to %s, which is not a loopback address", address)
	}
	return nil
}

// CloseIdle closes the connections that are not in use.
func (t *Transport) CloseIdle() { t.http.CloseIdleConnections() }

// Ask sends the request when the limiter lets it go and brings the answer home. An answer outside 2xx is no error: its
// status decides, and only Head is read of it. With an error the Answer holds what had come before it, and is nil when
// there was no header. Errors are ctx's own when ctx ended, ErrTooLarge, or wrap one of
//
//   - sms.ErrTemporary: the network failed, or the body was cut, stalled or slow
//   - sms.ErrMalformed: the body has no stated end, or is not in the encoding that it claims
//   - sms.ErrRefused: another host than the base URL's, or one that cannot prove to be it
func (t *Transport) Ask(req *http.Request, limiter *Limiter) (*Answer, error) {
	return t.AskStream(req, limiter, nil)
}

// AskStream is Ask with a listener for the body of a 2xx; it may be nil. That a stored answer which it knows cannot be read is an
// sms.ErrTemporary.
func (t *Transport) AskStream(req *http.Request, limiter *Limiter, listener sms.Listener) (*Answer, error) {
	if req.URL.Scheme != t.scheme || req.URL.Host != t.host {
		closeBody(req)
		return nil, fmt.Errorf("%w: request to %s://%s, which is not the host of base_url", sms.ErrRefused, req.URL.Scheme, req.URL.Host)
	}
	outer := req.Context()
	permit, err := limiter.Wait(outer)
	if err != nil {
		closeBody(req)
		return nil, err
	}
	defer permit.Done()

	ctx, cancel := context.WithCancelCause(outer)
	defer cancel(nil)
	defer time.AfterFunc(t.limits.Whole, func() { cancel(errSlow) }).Stop()

	req = req.Clone(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(c httptrace.GotConnInfo) {
			guard(c.Conn, func() error { return permit.Ready(ctx) })
		},
		WroteRequest:         func(httptrace.WroteRequestInfo) { permit.Written() },
		GotFirstResponseByte: permit.Answered,
	}))
	req.Header.Set("Accept-Encoding", "gzip")
	if req.Body == nil {
		req.Body = noReplay{}
	}
	resp, err := t.traced.RoundTrip(req)
	if err != nil {
		return nil, reason(outer, ctx, err)
	}
	permit.keepAway(outer, resp)
	defer resp.Body.Close()

	answer := &Answer{Status: resp.StatusCode, Header: resp.Header}
	isGood := resp.StatusCode/100 == 2
	body := &reader{cancel: cancel, idle: t.limits.Idle, limits: t.limits, isGood: isGood, listener: listener}
	err = body.read(resp)
	answer.Head, answer.Body = body.head, body.whole
	switch {
	case outer.Err() != nil:
		return answer, outer.Err()
	case !isGood, err == nil:
		return answer, nil
	default:
		return answer, reason(outer, ctx, err)
	}
}

// noReplay is the body of a request that has none. Without it net/http sends a GET a second time by itself when a kept
// connection breaks, past the limiter and the policy; a body that it cannot rewind stops it.
type noReplay struct{}

func (noReplay) Read([]byte) (int, error) { return 0, io.EOF }
func (noReplay) Close() error             { return nil }

func closeBody(req *http.Request) {
	if req.Body != nil {
		req.Body.Close()
	}
}

// reason gives the error of a request that failed on its way, with the kind that says what to do.
func reason(outer, ctx context.Context, err error) error {
	if outer.Err() != nil {
		return outer.Err()
	}
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return fmt.Errorf("%w: %w", sms.ErrRefused, err)
	}
	for _, kind := range []error{ErrTooLarge, sms.ErrMalformed} {
		if errors.Is(err, kind) {
			return err
		}
	}
	// The cause as text alone: a time limit of ours must not read as the end of the caller's context.
	return fmt.Errorf("%w: %v", sms.ErrTemporary, err)
}

// isFramed says whether the answer tells where it ends. A body that ends with its connection reads as whole when it was
// cut.
func isFramed(resp *http.Response) bool {
	return resp.ProtoMajor != 1 || resp.ContentLength >= 0 || slices.Contains(resp.TransferEncoding, "chunked")
}
