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

// Paths are the addresses of the three calls under the base URL. The vendor's page gives two for some of them; an empty
// field stands for the one in its URL block.
type Paths struct {
	StatsDay      string // default /v1/stats_day
	ProcessFailed string // default /v1/stats/process_failed
	SendFailed    string // default /v1/stats/send_failed
}

// Options are the settings of a Client that have a default. The zero Options are good for production.
type Options struct {
	BaseURL string // default DefaultBaseURL; plain http for loopback addresses only
	Paths   Paths

	// The filters narrow what is asked for; empty ones are not sent. The vendor takes ten values in one, so more of them
	// become several calls that do not overlap.
	TemplateIDs, LabelIDs, SMSUsers []string
	MsgType                         string // "2" is international; empty leaves it to the vendor

	// RequestsPerSecond is 1 by default: the vendor states no rate for these calls (60 a minute for /v1/status), so a call
	// a second is the assumption for production.
	RequestsPerSecond float64
	Pace              extract.Waiter // instead of a limiter of RequestsPerSecond

	MaxBody int64            // bytes of one answer, decompressed; default 64 MiB; over it the window is halved
	Limits  extract.Limits   // of time; Body and Head are MaxBody's business
	Policy  extract.Policy   // of trying a request again
	Now     func() time.Time // of FetchedAt, and of what Check calls yesterday; default time.Now
}

// Client asks for the statistics of one sms_user. Safe for use by many goroutines.
type Client struct {
	user, key string
	base      *url.URL
	paths     map[sms.Dataset]string
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
// account. Its errors are about the settings.
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
	paths, err := o.Paths.check()
	if err != nil {
		return nil, fmt.Errorf("engagelab: %w", err)
	}
	filters, err := batches(o.TemplateIDs, o.LabelIDs, o.SMSUsers)
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
	o.Limits.Body, o.Limits.Head = o.MaxBody, 0
	return &Client{
		user: user, key: key, base: base, paths: paths,
		filters: filters, users: slices.Clone(o.SMSUsers), msgType: o.MsgType,
		maxBody: o.MaxBody, pace: o.Pace, policy: o.Policy, now: o.Now,
		transport: extract.NewTransport(base, o.Limits),
		scrub:     extract.NewScrubber(key, user+":"+key),
		logger:    logger.Named("engagelab"),
	}, nil
}

// String names the client without its key, however it is printed.
func (c *Client) String() string { return string(sms.EngageLab) + "/" + c.user }

// Close closes the connections that are not in use.
func (c *Client) Close() { c.transport.CloseIdle() }

func (p Paths) check() (map[sms.Dataset]string, error) {
	paths := map[sms.Dataset]string{
		sms.StatsDay:      p.StatsDay,
		sms.ProcessFailed: p.ProcessFailed,
		sms.SendFailed:    p.SendFailed,
	}
	defaults := map[sms.Dataset]string{
		sms.StatsDay:      "/v1/stats_day",
		sms.ProcessFailed: "/v1/stats/process_failed",
		sms.SendFailed:    "/v1/stats/send_failed",
	}
	for dataset, path := range paths {
		switch {
		case path == "":
			paths[dataset] = defaults[dataset]
		case !strings.HasPrefix(path, "/") || strings.ContainsAny(path, "?#% \t\r\n"):
			return nil, fmt.Errorf("path %q of %s: want one that starts with / and holds no query, such as %s", path, dataset, defaults[dataset])
		}
	}
	return paths, nil
}
