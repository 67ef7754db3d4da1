package tencent

import (
	"regexp"

	"go.uber.org/zap"

	"smsetl/config"
	"smsetl/extract"
)

// Settings are what only Tencent sources have in schedules.yaml.
type Settings struct {
	Options
	SecretID, SecretKey config.Secret
	// Probe is Off to load an account without asking first whether the vendor reads windows as EndHour and the zone say.
	Probe Probe
}

// Probe says whether an account is probed before its first load.
type Probe string

// The values of the key probe.
const (
	Auto Probe = "auto"
	Off  Probe = "off"
)

// Vendor is how Tencent sources are configured. The limit is 10 in any second; spaced at 9.5 it holds with 52 ms of
// jitter on the way.
var Vendor = config.Vendor{
	Spec: Spec, New: func() config.Settings { return &Settings{Options: Options{EndHour: Inclusive}, Probe: Auto} },
	ChunkDays: 32, Rate: 9.5, MaxRate: 10, NoPath: true,
}

var (
	digits     = regexp.MustCompile(`^[0-9]+$`)
	regionForm = regexp.MustCompile(`^[a-z][a-z0-9-]*[a-z0-9]$`)
)

// Keys are the keys of Tencent sources.
func (s *Settings) Keys() []config.Key {
	const (
		id  = `the vendor's SecretId, such as "secret_id: ${TENCENTCLOUD_SECRET_ID}"`
		key = `the vendor's SecretKey, such as "secret_key: ${TENCENTCLOUD_SECRET_KEY}" ` +
			`or "secret_key: file:/run/secrets/tencent"`
		apps   = `the ids of the SMS applications, such as sdk_app_ids: ["1400006874"]`
		noApp  = "%s is not an SdkAppId: want digits, such as 1400006874"
		region = "%s is not a region: want one such as ap-guangzhou"

		endHour = "does not say how the vendor reads EndTime"
		probe   = "does not say whether to ask before a first load"
	)
	return []config.Key{
		{Name: "secret_id", Required: true, Hidden: true, Want: id, Doc: "the SecretId", Example: "${TENCENTCLOUD_SECRET_ID}", Read: config.Credential(&s.SecretID, nil)},
		{Name: "secret_key", Required: true, Hidden: true, Want: key, Doc: "the SecretKey", Example: "${TENCENTCLOUD_SECRET_KEY}", Read: config.Credential(&s.SecretKey, nil)},
		{
			Name: "sdk_app_ids", Required: true, IsList: true, Accounts: true, Want: apps, Doc: "each one is an account of the source",
			Read: config.WordsLike(&s.SdkAppIDs, digits, noApp),
		},
		{Name: "region", Doc: "default: ap-guangzhou", Read: config.Like(&s.Region, regionForm, region)},
		{Name: "end_hour", Doc: "how the vendor reads EndTime; default: inclusive", Read: config.Choice(&s.EndHour, endHour, Inclusive, Exclusive)},
		{Name: "probe", Doc: "auto asks before an account's first load whether end_hour and time_zone are right", Read: config.Choice(&s.Probe, probe, Auto, Off)},
	}
}

// Connect gives the client of a source. Its errors are about the settings.
func Connect(s *Settings, o extract.Options, logger *zap.Logger) (*Client, error) {
	options := s.Options
	options.Options = o
	return New(s.SecretID.Reveal(), s.SecretKey.Reveal(), options, logger)
}

// Accounts gives the ids of the applications.
func (s *Settings) Accounts() []string { return s.SdkAppIDs }

// CallsPerWindow is 0: a call gives the sum of its hours, so each day takes one.
func (s *Settings) CallsPerWindow() int { return 0 }
