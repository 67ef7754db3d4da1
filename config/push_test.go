package config_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"smsetl/config"
)

func TestPushes(t *testing.T) {
	cfg, err := parseFile(t, "testdata/good.pushes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := config.Pushes{Listen: ":8443", Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.7/32")}, MaxPerSecond: 20}
	if diff := cmp.Diff(want, cfg.Pushes, cmpopts.EquateComparable(netip.Prefix{})); diff != "" {
		t.Errorf("pushes (-want +got):\n%s", diff)
	}
	signed, hinted := cfg.Sources[0].Push, cfg.Sources[1].Push
	if !signed.IsSigned() || signed.IsOpen() || signed.SecretKey.Reveal() != "s3cr:et" || signed.Host != "hook.example.com" || signed.ReplayWindow != 5*time.Minute {
		t.Errorf("signed: %+v", signed)
	}
	if hinted.IsSigned() || hinted.IsOpen() || hinted.SecretPath.Reveal() != "0123456789abcdef" || hinted.ReplayWindow != 15*time.Minute {
		t.Errorf("hinted: %+v", hinted)
	}
	if (config.Push{}).IsOpen() {
		t.Error("a source that nobody pushes to is open")
	}
}
