package extract

import (
	"net/url"
	"time"

	"go.uber.org/zap"
)

// Options are the settings that the clients of all vendors share. The zero Options are good for production.
type Options struct {
	BaseURL string // default the vendor's DefaultBaseURL; plain http for loopback addresses only
	// RequestsPerSecond is the rate of each action that the vendor counts by itself; default what the vendor is known
	// to take.
	RequestsPerSecond float64
	// Limiter gives what lets the requests of an action go, instead of limiters of RequestsPerSecond. Several clients
	// of one secret must share them.
	Limiter func(action string) *Limiter

	MaxBody int64            // bytes of one answer, decompressed; default what the vendor's answers need
	Limits  Limits           // of time; Body and Head are MaxBody's business
	Policy  Policy           // of trying a request again
	Proxy   Proxy            // through which the vendor is asked; default none, and never for loopback addresses
	Now     func() time.Time // of FetchedAt, and of what is called yesterday; default time.Now
}

// Client is what the clients of all vendors have in common. Safe for use by many goroutines.
type Client struct {
	Base      *url.URL
	Transport *Transport
	Policy    Policy
	Scrub     *Scrubber
	Longest   Longest
	Now       func() time.Time
	Logger    *zap.Logger
}

// NewClient gives what a vendor's client rests on. The secrets are kept out of everything that is shown. Its errors are
// about BaseURL.
func NewClient(o Options, logger *zap.Logger, secrets ...string) (*Client, error) {
	base, err := parseBase(o.BaseURL)
	if err != nil {
		return nil, err
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Policy.Notify = Retries(logger)
	return &Client{
		Base: base, Transport: newTransport(base, o.Limits, o.Proxy), Policy: o.Policy, Scrub: NewScrubber(secrets...),
		Now: o.Now, Logger: logger,
	}, nil
}

// Close closes the connections that are not in use.
func (c *Client) Close() { c.Transport.CloseIdle() }
