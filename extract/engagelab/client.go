// Package engagelab asks the statistics calls of the old EngageLab SMS API: GET /v1/stats_day, /v1/stats/process_failed
// and /v1/stats/send_failed, a row per day, template, label and message type.
//
// Sources: https://www.engagelab.com/docs/SMS/REST-API/Sending-Data and .../General-Rules.
package engagelab

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

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

// Options are the settings of a Client that have a default. The zero Options are good for production: a call a second,
// since the vendor states no rate for these calls (60 a minute for /v1/status), and answers of 64 MiB, over which the
// window is halved.
type Options struct {
	extract.Options

	Paths Paths
	// The filters narrow what is asked for; empty ones are not sent. The vendor takes ten values in one, so more of
	// them become several calls that do not overlap.
	TemplateIDs, LabelIDs []string
	MsgType               string // "2" is international; empty leaves it to the vendor
	// SMSUsers are the accounts that may be asked for. Each is asked for by name. Empty: the one who signs in, who is
	// not named.
	SMSUsers []string
}

// Client asks for the statistics that one sms_user may see. Safe for use by many goroutines.
type Client struct {
	*extract.Client

	user, key string
	routes    *routes
	filters   []filter
	users     []string
	msgType   string
	maxBody   int64
	limiter   *extract.Limiter
}

// Statistics is the one action that the calls are counted as: the vendor does not say that it counts them apart.
const Statistics = "statistics"

// NewLimiter gives a limiter of perSecond requests a second.
func NewLimiter(perSecond float64) *extract.Limiter { return extract.NewLimiter(perSecond, 0) }

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
	c := &Client{user: user, key: key, users: slices.Clone(o.SMSUsers), msgType: o.MsgType}
	if err := c.set(o, logger.Named("engagelab")); err != nil {
		return nil, fmt.Errorf("engagelab: %w", err)
	}
	return c, nil
}

func (c *Client) set(o Options, logger *zap.Logger) (err error) {
	o.BaseURL = cmp.Or(o.BaseURL, DefaultBaseURL)
	o.MaxBody = cmp.Or(max(o.MaxBody, 0), 64<<20)
	c.maxBody, o.Limits.Body, o.Limits.Head = o.MaxBody, o.MaxBody, 0
	if c.Client, err = extract.NewClient(o.Options, logger, c.key, c.user+":"+c.key); err != nil {
		return err
	}
	if c.routes, err = newRoutes(o.Paths); err != nil {
		return err
	}
	if c.filters, err = batches(o.TemplateIDs, o.LabelIDs); err != nil {
		return err
	}
	o.RequestsPerSecond = cmp.Or(max(o.RequestsPerSecond, 0), 1)
	if o.Limiter != nil {
		c.limiter = o.Limiter(Statistics)
	} else {
		c.limiter = NewLimiter(o.RequestsPerSecond)
	}
	return checkFilter("sms_users", o.SMSUsers)
}

// String names the client without its key, however it is printed.
func (c *Client) String() string { return string(sms.EngageLab) + "/" + c.user }
