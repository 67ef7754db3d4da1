package huawei

import (
	"fmt"
	"strings"

	"smsetl/config"
)

// Settings are what only Huawei sources have in schedules.yaml: how the files are read that somebody exports from the
// vendor's console. New reports wrong columns.
type Settings struct {
	Options
	Applications []string // as the exports call them; each one an account
	// PhoneKey is the secret with which phone numbers are hashed, where nothing else tells messages apart.
	PhoneKey config.Secret
}

// Vendor is how Huawei sources are configured. The console shows the last 60 days; newer sites 90.
var Vendor = config.Vendor{
	Spec: Spec, New: func() config.Settings { return &Settings{Options: Options{Columns: map[string]string{}}} },
	ChunkDays: 7, RetentionDays: 60, Rate: 1, MaxRate: 1,
}

// leastPhoneKey is the length of the shortest key that hides anything: eleven digits are guessed in no time without
// one.
const leastPhoneKey = 16

func checkPhoneKey(text string) error {
	if len(text) < leastPhoneKey {
		return fmt.Errorf("the key has %d bytes: want at least %d, made by openssl rand -hex 32", len(text), leastPhoneKey)
	}
	return nil
}

// isApplication refuses names that no line of an export can hold.
func isApplication(text string) bool {
	return strings.TrimSpace(text) == text && !strings.ContainsAny(text, "\t\r\n\x00")
}

// numbers says what numbers of 11 digits without a country's code are.
type numbers string

const (
	international numbers = "international"
	mainland      numbers = "mainland"
)

// Keys are the keys of Huawei sources. Applications are named, though files name them too: only so is a day missed of
// which there is no file.
func (s *Settings) Keys() []config.Key {
	const (
		applications = "the applications as exports call them, such as applications: [shop]"
		none         = "%s is no application: want its name or id in a single line without blanks around it"
		key          = `a secret of your own, such as "phone_key: ${HUAWEI_PHONE_KEY}", made by openssl rand -hex 32`
		question     = "does not say which numbers those without a country's code are"
	)
	var which numbers
	return []config.Key{
		{
			Name: "applications", Required: true, IsList: true, Accounts: true, Want: applications,
			Doc:  "as the exports call them; each one is an account of the source",
			Read: config.Words(&s.Applications, isApplication, none),
		},
		{Name: "export_time_zone", Doc: "of times in files that name no zone; default: UTC", Read: config.Zone(&s.Zone, "the zone of the times in exports")},
		{Name: "phone_key", Required: true, Hidden: true, Want: key, Doc: "a secret of your own, made by openssl rand -hex 32", Example: "${HUAWEI_PHONE_KEY}", Read: config.Credential(&s.PhoneKey, checkPhoneKey)},
		{Name: "columns", Doc: "headers that are not recognised by themselves, by our names of the columns", Texts: s.Columns},
		{Name: "numbers", Doc: "what 11 digits without a country's code are; default: international", Read: config.Choice(&which, question, international, mainland).Then(func(config.Value) error {
			s.Mainland = which == mainland
			return nil
		})},
	}
}

// Accounts gives the applications.
func (s *Settings) Accounts() []string { return s.Applications }

// CallsPerWindow is 0: nobody asks the vendor.
func (s *Settings) CallsPerWindow() int { return 0 }
