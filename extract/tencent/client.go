// Package tencent asks Tencent Cloud SMS for SendStatusStatistics and CallbackStatusStatistics: one sum over a span of
// hours for one application (SdkAppId). The vendor's SDK signs and speaks; what comes back is read here from the exact
// bytes.
//
// Sources: https://cloud.tencent.com/document/api/382/55965 and .../55966, and the comments of the SDK.
package tencent

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/profile"
	"go.uber.org/zap"

	"smsetl/extract"
	"smsetl/sms"
)

// DefaultBaseURL is the mainland site. International accounts set https://sms.intl.tencentcloudapi.com.
const DefaultBaseURL = "https://sms.tencentcloudapi.com"

// vendorLimit is how many requests of one action the vendor takes from one secret in a second.
const vendorLimit = 10

// MaxDays is the longest span of one call: CallbackStatusStatistics takes 32 days between BeginTime and EndTime.
const MaxDays = 32

// EndHour says how the vendor reads EndTime. Its pages do not tell; the evidence is for inclusive.
type EndHour string

// The readings of EndTime: a day is asked for as 00 to 23, or as 00 to 00 of the next day.
const (
	Inclusive EndHour = "inclusive"
	Exclusive EndHour = "exclusive"
)

// Options are the settings of a Client that have a default. The zero Options are good for production: 9.5 requests of
// each action in a second, since the vendor takes 10 and 9.5 evenly spaced keep clear of that when one is 50 ms late;
// and answers of at most 1 MiB, since one is well under 1 KiB.
type Options struct {
	extract.Options

	Region    string   // default ap-guangzhou
	SdkAppIDs []string // the applications that may be asked for; empty: any
	EndHour   EndHour  // default Inclusive
}

// Client asks for the statistics of the applications that one secret may see. Safe for use by many goroutines.
type Client struct {
	*extract.Client

	credential *common.Credential
	profile    *profile.ClientProfile
	region     string
	apps       []string
	endHour    EndHour
	limiters   map[sms.Dataset]*extract.Limiter // the vendor counts each action by itself
}

// New gives a client that signs with the secret of that id and key. Its errors are about the settings.
func New(id, key string, o Options, logger *zap.Logger) (*Client, error) {
	if id == "" || key == "" {
		return nil, errors.New("tencent: secret_id and secret_key must be set")
	}
	if slices.Contains(o.SdkAppIDs, "") {
		return nil, errors.New("tencent: sdk_app_ids holds an empty one")
	}
	o.EndHour = cmp.Or(o.EndHour, Inclusive)
	if o.EndHour != Inclusive && o.EndHour != Exclusive {
		return nil, fmt.Errorf("tencent: end_hour %q: want inclusive or exclusive", o.EndHour)
	}
	o.BaseURL = cmp.Or(o.BaseURL, DefaultBaseURL)
	const most = 1 << 20
	if o.MaxBody <= 0 || o.MaxBody > most {
		o.MaxBody = most
	}
	o.Limits.Body, o.Limits.Head = o.MaxBody, int(o.MaxBody)
	shared, err := extract.NewClient(o.Options, logger.Named("tencent"), key, id)
	if err != nil {
		return nil, fmt.Errorf("tencent: %w", err)
	}
	if shared.Base.Path != "" {
		// The signature is over the path / whatever the URL's is.
		return nil, fmt.Errorf("tencent: base_url %q holds a path: want scheme and host alone", o.BaseURL)
	}
	return &Client{
		Client: shared, credential: common.NewCredential(id, key), profile: speaking(shared.Base),
		region: cmp.Or(o.Region, "ap-guangzhou"), apps: slices.Clone(o.SdkAppIDs), endHour: o.EndHour,
		limiters: o.limiters(),
	}, nil
}

// String names the client without its secret, however it is printed.
func (c *Client) String() string { return string(sms.Tencent) + "/" + strings.Join(c.apps, ",") }

// limiters gives what lets the requests of each action go.
func (o Options) limiters() map[sms.Dataset]*extract.Limiter {
	o.RequestsPerSecond = cmp.Or(max(o.RequestsPerSecond, 0), 9.5)
	all := make(map[sms.Dataset]*extract.Limiter)
	for _, dataset := range []sms.Dataset{sms.SendStatus, sms.CallbackStatus, packages} {
		if o.Limiter != nil {
			all[dataset] = o.Limiter(actionOf(dataset))
		} else {
			all[dataset] = NewLimiter(o.RequestsPerSecond)
		}
	}
	return all
}

// NewLimiter gives the limiter of one action of one secret, for perSecond requests a second. Who sets a rate above the
// vendor's ordinary limit has been granted a higher one; it keeps the same distance.
func NewLimiter(perSecond float64) *extract.Limiter {
	return extract.NewLimiter(perSecond, max(vendorLimit, int(math.Ceil(perSecond/0.95))))
}

// speaking is how the SDK is told to speak. It retries nothing: its own retries resend an old signature, know one of
// the codes only, and do not listen to the context.
func speaking(base *url.URL) *profile.ClientProfile {
	p := profile.NewClientProfile()
	p.HttpProfile.Scheme = strings.ToUpper(base.Scheme)
	p.HttpProfile.Endpoint = base.Host // host and port: a URL would be taken for a host name
	p.HttpProfile.ReqTimeout = 0       // it would count the wait for the limiter; the transport has limits of its own
	p.Language = "en-US"
	p.DisableRegionBreaker = true // it would send requests to another host
	return p
}
