// Package vendors lists what the program knows of each vendor, in one place. Nothing else of the program names one but the
// vendor's own files, and the rooms of what only Huawei has: pushes, and facts that are counted from messages.
package vendors

import (
	"context"
	"slices"

	"go.uber.org/zap"

	"smsetl/capture"
	"smsetl/config"
	"smsetl/extract"
	"smsetl/extract/engagelab"
	"smsetl/extract/huawei"
	"smsetl/extract/tencent"
	"smsetl/sms"
	"smsetl/transform"
	engagelabfacts "smsetl/transform/engagelab"
	huaweifacts "smsetl/transform/huawei"
	tencentfacts "smsetl/transform/tencent"
)

// Client is what a vendor's folder under extract offers.
type Client interface {
	// Fetch asks the vendor for every day of the scope and hands each answer to emit as it comes, refused ones included.
	Fetch(ctx context.Context, scope sms.Scope, emit func(sms.Payload) error) error
	// Sample is Fetch for somebody who waits: few tries, and every answer that was understood.
	Sample(ctx context.Context, scope sms.Scope, emit func(sms.Payload) error) error
	// Questions gives the fixed set of questions that a first contact asks an account.
	Questions(account sms.Account, today sms.Day) []extract.Question
}

// Vendor is all that the program knows of a vendor: its spec, how its sources are configured, how one becomes a client, how
// its requests are limited, and what its answers mean.
type Vendor struct {
	config.Vendor
	transform.Reader

	Connect  func(config.Settings, extract.Options, *zap.Logger) (Client, error) // nil for a vendor that answers nobody
	BaseURL  string                                                              // where requests go unless the source says otherwise
	Caller   func(config.Settings) string                                        // whose requests the vendor counts together
	Limiter  func(perSecond float64) *extract.Limiter                            // of one action of one caller
	Secrets  func(config.Settings) []string                                      // what nothing may show
	AsName   func(*capture.Pseudonyms, string) string                            // what stands for an account's ID in a capture
	IsPaired bool                                                                // its datasets are halves of the same rows
	// Parallel is how many of its windows are worked at once. EngageLab answers a window in one call: one window
	// decodes while another loads. Tencent answers a day per call, so more windows keep its limit used whatever its
	// latency.
	Parallel int
}

// List is the vendors that a program works with.
type List []Vendor

// All lists every vendor. A new one is an entry here, a folder under extract, one under transform, an emulator in sandbox. The
// keys of the vendors in the warehouse follow the order of the list, so a new one stands last.
var All = List{
	{
		Vendor: engagelab.Vendor, Reader: engagelabfacts.Reader,
		Connect: func(s config.Settings, o extract.Options, log *zap.Logger) (Client, error) {
			return engagelab.Connect(s.(*engagelab.Settings), o, log)
		},
		BaseURL: engagelab.DefaultBaseURL,
		Caller:  func(s config.Settings) string { return s.(*engagelab.Settings).User },
		Limiter: engagelab.NewLimiter,
		Secrets: func(s config.Settings) []string {
			own := s.(*engagelab.Settings)
			return []string{own.Key.Reveal(), own.User + ":" + own.Key.Reveal()}
		},
		AsName:   (*capture.Pseudonyms).User,
		Parallel: 2,
	},
	{
		Vendor: tencent.Vendor, Reader: tencentfacts.Reader,
		Connect: func(s config.Settings, o extract.Options, log *zap.Logger) (Client, error) {
			return tencent.Connect(s.(*tencent.Settings), o, log)
		},
		BaseURL: tencent.DefaultBaseURL,
		Caller:  func(s config.Settings) string { return s.(*tencent.Settings).SecretID.Reveal() },
		Limiter: tencent.NewLimiter,
		Secrets: func(s config.Settings) []string {
			own := s.(*tencent.Settings)
			return []string{own.SecretID.Reveal(), own.SecretKey.Reveal()}
		},
		AsName:   (*capture.Pseudonyms).App,
		IsPaired: true,
		Parallel: 12,
	},
	{Vendor: huawei.Vendor, Reader: huaweifacts.Reader},
}

// Of gives the vendor of a name; the zero Vendor, which connects to nobody, when there is none.
func (l List) Of(name sms.Vendor) Vendor {
	if i := slices.IndexFunc(l, func(v Vendor) bool { return v.Name == name }); i >= 0 {
		return l[i]
	}
	return Vendor{}
}

// Configured gives the vendors as package config wants them.
func (l List) Configured() []config.Vendor {
	all := make([]config.Vendor, len(l))
	for i := range l {
		all[i] = l[i].Vendor
	}
	return all
}

// Specs gives what is true of the vendors, for the schema.
func (l List) Specs() []sms.Spec {
	all := make([]sms.Spec, len(l))
	for i := range l {
		all[i] = l[i].Spec
	}
	return all
}

// Readers gives what the vendors' answers mean.
func (l List) Readers() transform.Vendors {
	all := make(transform.Vendors, len(l))
	for i := range l {
		all[l[i].Name] = transform.Vendor{Spec: l[i].Spec, Reader: l[i].Reader}
	}
	return all
}
