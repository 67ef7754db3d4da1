// Package engagelab asks the statistics calls of the old EngageLab SMS API: GET /v1/stats_day, /v1/stats/process_failed and
// /v1/stats/send_failed, a row per day, template, label and message type.
//
// Sources: https://www.engagelab.com/docs/SMS/REST-API/Sending-Data and .../General-Rules.
package engagelab

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"smsetl/extract"
	"smsetl/sms"
)

// DefaultBaseURL is the only host that the vendor documents for this API.
const DefaultBaseURL = "https://sms.api.engagelab.cc"

// MaxDays is the longest window of one call. The vendor says 90 days and not whether that counts both ends.
const MaxDays = 90

// maxFilter is how many values the vendor takes in one filter.
const maxFilter = 10

// Options are the settings of a Client that have a default. The zero Options are good for production.
type Options struct {
	BaseURL string // default DefaultBaseURL; plain http for loopback addresses only
	Paths   Paths

	// The filters narrow what is asked for; empty ones are not sent. The vendor takes ten values in one, so more of them
	// become several calls that do not overlap.
	TemplateIDs, LabelIDs []string
	MsgType               string // "2" is international; empty leaves it to the vendor
	// SMSUsers are the accounts that may be asked for. Each is asked for by name. Empty: the one who signs in, who is not named.
	SMSUsers []string

	// RequestsPerSecond is 1 by default: the vendor states no rate for these calls (60 a minute for /v1/status), so a call
	// a second is the assumption for production.
	RequestsPerSecond float64
	Pace              extract.Waiter // instead of a limiter of RequestsPerSecond

	MaxBody int64            // bytes of one answer, decompressed; default 64 MiB; over it the window is halved
	Limits  extract.Limits   // of time; Body and Head are MaxBody's business
	Policy  extract.Policy   // of trying a request again
	Proxy   extract.Proxy    // through which the vendor is asked; default none, and never for loopback addresses
	Now     func() time.Time // of FetchedAt, and of what is called yesterday; default time.Now
}

// Client asks for the statistics that one sms_user may see. Safe for use by many goroutines.
type Client struct {
	user, key string
	base      *url.URL
	routes    *routes
	longest   extract.Longest
	filters   []filter
	users     []string
	msgType   string
	maxBody   int64
	pace      extract.Waiter
	policy    extract.Policy
	now       func() time.Time
	transport *extract.Transport
	scrub     *extract.Scrubber
	logger    *zap.Logger
}

// New gives a client that signs in as user with key, the vendor's SMS_USER and SMS_KEY. The user is also the ID of the
// account, unless Options.SMSUsers names others. Its errors are about the settings.
func New(user, key string, o Options, logger *zap.Logger) (*Client, error) {
	if user == "" || key == "" {
		return nil, errors.New("engagelab: sms_user and sms_key must be set")
	}
	// Basic authentication (RFC 7617) ends the user at the first colon.
	if strings.Contains(user, ":") {
		return nil, errors.New("engagelab: sms_user must not hold a colon")
	}
	if o.BaseURL == "" {
		o.BaseURL = DefaultBaseURL
	}
	base, err := extract.ParseBase(o.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("engagelab: %w", err)
	}
	routes, err := newRoutes(o.Paths)
	if err != nil {
		return nil, fmt.Errorf("engagelab: %w", err)
	}
	filters, err := batches(o.TemplateIDs, o.LabelIDs)
	if err == nil {
		err = checkFilter("sms_users", o.SMSUsers)
	}
	if err != nil {
		return nil, fmt.Errorf("engagelab: %w", err)
	}
	if o.RequestsPerSecond <= 0 {
		o.RequestsPerSecond = 1
	}
	if o.Pace == nil {
		o.Pace = extract.NewLimiter(o.RequestsPerSecond, 0)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.MaxBody <= 0 {
		o.MaxBody = 64 << 20
	}
	logger = logger.Named("engagelab")
	o.Policy.Notify = extract.Retries(logger)
	o.Limits.Body, o.Limits.Head = o.MaxBody, 0
	return &Client{
		user: user, key: key, base: base, routes: routes,
		filters: filters, users: slices.Clone(o.SMSUsers), msgType: o.MsgType,
		maxBody: o.MaxBody, pace: o.Pace, policy: o.Policy, now: o.Now,
		transport: extract.NewTransport(base, o.Limits, o.Proxy),
		scrub:     extract.NewScrubber(key, user+":"+key),
		logger:    logger,
	}, nil
}

// String names the client without its key, however it is printed.
func (c *Client) String() string { return string(sms.EngageLab) + "/" + c.user }

// Close closes the connections that are not in use.
func (c *Client) Close() { c.transport.CloseIdle() }
