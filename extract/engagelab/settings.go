package engagelab

import (
	"regexp"
	"strings"

	"go.uber.org/zap"

	"smsetl/config"
	"smsetl/extract"
)

// Settings are what only EngageLab sources have in schedules.yaml.
type Settings struct {
	Options
	User string        // sms_user: who signs in, and the account where SMSUsers names none
	Key  config.Secret // sms_key
}

// Vendor is how EngageLab sources are configured. The vendor states no rate for statistics; 60 a minute is that of its
// status call.
var Vendor = config.Vendor{
	Spec: Spec, New: func() config.Settings { return &Settings{} },
	ChunkDays: 31, Rate: 1, MaxRate: 1000, WholeHours: true,
}

var (
	digits   = regexp.MustCompile(`^[0-9]+$`)
	idForm   = regexp.MustCompile(`^[^;\s]+$`)
	pathForm = regexp.MustCompile(`^/[A-Za-z0-9._~/-]*$`)
)

// isUser refuses what cannot sign in and cannot be a value of a filter.
func isUser(text string) bool { return !strings.ContainsAny(text, ":;\r\n\x00") }

func isPath(text string) bool { return pathForm.MatchString(text) && !strings.Contains(text, "..") }

// Keys are the keys of EngageLab sources.
func (s *Settings) Keys() []config.Key {
	const (
		user  = `the vendor's sms_user, such as "sms_user: ${ENGAGELAB_SMS_USER}"`
		noOne = `this is no sms_user: it holds none of ":", ";" and line breaks`
		key   = `the vendor's sms_key, such as "sms_key: ${ENGAGELAB_SMS_KEY}" or "sms_key: file:/run/secrets/sms_key"`
		noID  = `%s is not an id: want it without blanks and ";"`
		kind  = "%s is not a message type: want the vendor's number, such as 2 for international"
	)
	path := func(name string, into *string) config.Key {
		return config.Key{Name: name, Read: config.Text(into, isPath, "%s is not a path: want one such as /v1/"+name)}
	}
	return []config.Key{
		{Name: "sms_user", Required: true, Hidden: true, Want: user, Doc: "who signs in, and the account", Example: "${ENGAGELAB_SMS_USER}", Read: config.Text(&s.User, isUser, noOne)},
		{Name: "sms_users", IsList: true, Accounts: true, Hidden: true, Doc: "several accounts that sms_user may see; default: sms_user alone", Read: config.Words(&s.SMSUsers, isUser, noOne)},
		{Name: "sms_key", Required: true, Hidden: true, Want: key, Doc: "the key of sms_user", Example: "${ENGAGELAB_SMS_KEY}", Read: config.Credential(&s.Key, nil)},
		{Name: "template_ids", IsList: true, Doc: "ask for these only; default: all", Read: config.WordsLike(&s.TemplateIDs, idForm, noID)},
		{Name: "label_ids", IsList: true, Doc: "ask for these only; default: all", Read: config.WordsLike(&s.LabelIDs, idForm, noID)},
		{Name: "msg_type", Doc: "2 is international; default: not sent", Read: config.Like(&s.MsgType, digits, kind)},
		{Name: "paths", Doc: "of the vendor's calls: its page contradicts itself about them", Keys: []config.Key{
			path("stats_day", &s.Paths.StatsDay),
			path("process_failed", &s.Paths.ProcessFailed),
			path("send_failed", &s.Paths.SendFailed),
		}},
	}
}

// Connect gives the client of a source. Its errors are about the settings.
func Connect(s *Settings, o extract.Options, logger *zap.Logger) (*Client, error) {
	options := s.Options
	options.Options = o
	return New(s.User, s.Key.Reveal(), options, logger)
}

// Accounts gives the sms_users that are asked for.
func (s *Settings) Accounts() []string {
	if len(s.SMSUsers) > 0 {
		return s.SMSUsers
	}
	return []string{s.User}
}

// CallsPerWindow counts the calls for one dataset: a call takes a whole window, and at most maxFilter ids of each
// filter.
func (s *Settings) CallsPerWindow() int {
	batches := func(ids []string) int { return max(1, (len(ids)+maxFilter-1)/maxFilter) }
	return batches(s.TemplateIDs) * batches(s.LabelIDs)
}
