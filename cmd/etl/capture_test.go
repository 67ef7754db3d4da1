package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"smsetl/capture"
	"smsetl/internal/dev/golden"
	"smsetl/internal/dev/long"
	"smsetl/sandbox"
	"smsetl/sandbox/traffic"
)

// captures is where folders of captured answers lie that every test run plays.
const captures = "../../extract/testdata/captures"

// smallVendors have one account each, few rows a day, and days without any: of the account's time before its first day.
func smallVendors() sandbox.Options {
	options := quick(20)
	options.Users = []sandbox.User{{Source: "engagelab-offers", SMSUser: "harbor_offers", Key: "sandbox-key-offers", Profile: traffic.Advertising}}
	options.Secrets[0].Apps = []sandbox.App{{ID: "1400006874", Profile: traffic.Busy}}
	return options
}

// The folder of the sandbox that the other tests play is what the command writes, byte for byte. -update writes it anew.
func TestCaptureOfTheSandbox(t *testing.T) {
	t.Parallel()
	w := newWorld(t, smallVendors())
	dir := filepath.Join(t.TempDir(), "sandbox")
	out := w.must(exitOK, "doctor", append(at(today), "--capture", dir)...)
	for _, want := range []string{"user-1", "1400000001", "`sent` is what was handed on", "held", "did not hold", "cannot be told"} {
		if !strings.Contains(out, want) {
			t.Errorf("the table does not show %q:\n%s", want, out)
		}
	}
	committed := filepath.Join(captures, "sandbox")
	if golden.Updates() {
		if err := os.RemoveAll(committed); err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(committed, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(filesOf(t, committed), filesOf(t, dir)); diff != "" {
		t.Errorf("%s is not what the command writes (-committed +written); run with -update if the change is meant:\n%s", committed, diff)
	}
	for _, secret := range []string{"harbor", "1400006874", "sandbox-key", "sandbox-secret", "AKID"} {
		for name, text := range filesOf(t, dir) {
			if strings.Contains(text, secret) {
				t.Errorf("%s holds %q", name, secret)
			}
		}
	}
	if code, _, stderr := w.etl("doctor", append(at(today), "--capture", dir)...); code != exitUsage || !strings.Contains(stderr, "is not empty") {
		t.Errorf("a folder with files in it: exit %d: %s", code, stderr)
	}
}

func filesOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[e.Name()] = string(text)
	}
	return all
}

// What the sandbox does otherwise than assumed shows in the table.
func TestCaptureShowsWhatDidNotHold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*sandbox.Options)
		want   map[string]string // by question, the answer
	}{
		"as assumed": {func(*sandbox.Options) {}, map[string]string{
			"paths": "as documented", "count": "rows", "sms_user": "named", "aggregate": "agrees", "failures": "agree", "days_90": "taken",
			"sent": "handed on", "msg_type_default": "2", "empty_day": "absent", "too_old": "empty", "end_hour": "inclusive", "equal_times": "taken",
			"days_32": "taken",
		}},
		"otherwise": {func(o *sandbox.Options) {
			o.EngageLab = sandbox.EngageLabRules{Sent: sandbox.SentQueued, QuotedCounts: true, AbsentKey: "0"}
			o.Tencent.ExclusiveEnd, o.Tencent.ClampToYesterday = true, true
		}, map[string]string{"sent": "still queued", "numbers": "text", "end_hour": "exclusive"}},
		"all types": {func(o *sandbox.Options) { o.Users[0].Profile = traffic.Service }, map[string]string{"msg_type_default": "not 2"}},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "all types" {
				long.Skip(t, "one question more")
			}
			t.Parallel()
			options := smallVendors()
			c.change(&options)
			w := newWorld(t, options)
			dir := filepath.Join(t.TempDir(), "captured")
			w.must(exitOK, "doctor", append(at(today), "--capture", dir)...)
			manifest, fixtures, err := capture.Read(dir)
			if err != nil {
				t.Fatal(err)
			}
			for question, want := range c.want {
				if !slices.ContainsFunc(manifest.Held, func(j capture.Judgement) bool { return j.Question == question && j.Answer == want }) {
					t.Errorf("%s is not %q: %+v", question, want, manifest.Held)
				}
			}
			if diff := cmp.Diff(manifest.Held, capture.Judge(manifest.Accounts, fixtures)); diff != "" {
				t.Errorf("what was read back is judged otherwise:\n%s", diff)
			}
		})
	}
}
