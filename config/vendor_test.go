package config_test

import (
	"strings"
	"testing"

	"smsetl/config"
	"smsetl/sms"
)

// pigeon is a vendor that this package has never seen.
type pigeon struct {
	lofts []string
	ring  config.Secret
	pace  string
}

func (p *pigeon) Keys() []config.Key {
	known := func(text string) bool { return strings.HasPrefix(text, "loft-") }
	return []config.Key{
		{Name: "lofts", IsList: true, Required: true, Want: "lofts: [loft-1]", Read: config.Words(&p.lofts, known, "%s is no loft")},
		{Name: "ring", Required: true, Hidden: true, Want: "the ring", Read: config.Credential(&p.ring, nil)},
		{Name: "pace", Read: config.Choice(&p.pace, "is no pace", "fast", "slow")},
	}
}

func (p *pigeon) Accounts() []string  { return p.lofts }
func (p *pigeon) CallsPerWindow() int { return 2 }

// TestVendorThatIsNew configures a vendor that nothing in package config knows of.
func TestVendorThatIsNew(t *testing.T) {
	env := testEnv()
	env.Vendors = append(env.Vendors, config.Vendor{
		Spec: sms.Spec{Name: "pigeon"}, New: func() config.Settings { return &pigeon{pace: "slow"} }, ChunkDays: 3, Rate: 2, MaxRate: 5,
	})
	const good = "sources:\n  - {name: p, vendor: pigeon, lofts: [loft-1, loft-2], ring: canary}\n"
	cfg, err := config.Parse("schedules.yaml", []byte(good), env)
	if err != nil {
		t.Fatal(err)
	}
	s, _ := cfg.Source("p")
	own := s.Own.(*pigeon)
	if len(s.Accounts()) != 2 || s.ChunkDays != 3 || s.CallsPerWindow != 2 || s.MaxRequestsPerSecond != 2 ||
		own.pace != "slow" || own.ring.Reveal() != canary {
		t.Errorf("%+v %+v", s, own)
	}
	const bad = `
sources:
  - name: p
    vendor: pigeon
    lofts: [1]
    ring: [canary]
    pace: fats
    max_requests_per_second: 6
    sms_user: u
  - name: e
    vendor: pigeons
  - {name: t, vendor: tencent, secret_id: i, secret_key: k, sdk_app_ids: [1], lofts: [loft-3]}
`
	_, err = config.Parse("schedules.yaml", []byte(bad), env)
	if err == nil || strings.Contains(err.Error(), canary) {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{
		`:5:13: sources[0].lofts[0]: "1" is no loft`,
		`:7:11: sources[0].pace: "fats" is no pace: did you mean "fast"?`,
		`:8:30: sources[0].max_requests_per_second: "6" is not a number from 0.01 to 5`,
		`:9:5: sources[0].sms_user: this is a key of engagelab sources, and the source is of pigeon`,
		`:11:13: sources[1].vendor: "pigeons" is not a vendor that can be asked: did you mean "pigeon"?`,
		`sources[2].lofts: this is a key of pigeon sources, and the source is of tencent`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %s in\n%v", want, err)
		}
	}
}
