package config

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestPushes(t *testing.T) {
	config, err := parseFile(t, "testdata/good.pushes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := Pushes{Listen: ":8443", Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.7/32")}, MaxPerSecond: 20}
	if diff := cmp.Diff(want, config.Pushes, cmpopts.EquateComparable(netip.Prefix{})); diff != "" {
		t.Errorf("pushes (-want +got):\n%s", diff)
	}
	signed, hinted := config.Sources[0].Huawei.Push, config.Sources[1].Huawei.Push
	if !signed.IsSigned() || signed.IsOpen() || signed.SecretKey.Reveal() != "s3cr:et" || signed.Host != "hook.example.com" || signed.ReplayWindow != 5*time.Minute {
		t.Errorf("signed: %+v", signed)
	}
	if hinted.IsSigned() || hinted.IsOpen() || hinted.SecretPath.Reveal() != "0123456789abcdef" || hinted.ReplayWindow != 15*time.Minute {
		t.Errorf("hinted: %+v", hinted)
	}
	if (Push{}).IsOpen() {
		t.Error("a source that nobody pushes to is open")
	}
}
