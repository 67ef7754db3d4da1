package config_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"smsetl/belief"
	"smsetl/config"
	"smsetl/extract/engagelab"
	"smsetl/extract/huawei"
	"smsetl/extract/tencent"
	"smsetl/internal/dev/golden"
	"smsetl/plan"
	"smsetl/sms"
)

// canary is the value of every credential that the tests plant.
const canary = "canary"

func testEnv() config.Env {
	variables := map[string]string{
		"ENGAGELAB_SMS_USER": "canary-user", "ENGAGELAB_SMS_KEY": "canary: key # ${HOME}",
		"TENCENTCLOUD_SECRET_ID": "canary-id", "TENCENTCLOUD_SECRET_KEY": "file:canary-key",
		"CHUNK_DAYS": "canary-days", "EMPTY": "",
	}
	files := map[string]string{
		"testdata/secrets/id": "canary-id-in-file\n", "/run/secrets/key": "canary-key-in-file\r\n",
		"/run/secrets/two_lines": "canary\ncanary\n",
	}
	return config.Env{
		Lookup: func(name string) (string, bool) { v, ok := variables[name]; return v, ok },
		ReadFile: func(path string) ([]byte, error) {
			if text, ok := files[filepath.ToSlash(path)]; ok {
				return []byte(text), nil
			}
			return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
		},
		Vendors: []config.Vendor{engagelab.Vendor, huawei.Vendor, tencent.Vendor},
		Now:     func() time.Time { return at("2026-11-22 03:00 +08:00") },
	}
}

// at reads times as the tables write them: 2026-11-22 03:00 +08:00.
func at(s string) time.Time {
	t, err := time.Parse("2006-01-02 15:04 -07:00", s)
	if err != nil {
		panic(err)
	}
	return t
}

// day reads a day as the tables write it; "" is no day.
func day(s string) sms.Day {
	if s == "" {
		return 0
	}
	d, err := sms.ParseDay(s)
	if err != nil {
		panic(err)
	}
	return d
}

func zone(s string) sms.Zone {
	z, err := sms.ParseZone(s)
	if err != nil {
		panic(err)
	}
	return z
}

func parseFile(t *testing.T, path string) (config.Config, error) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return config.Parse(filepath.ToSlash(path), data, testEnv())
}

func TestBadFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/bad.*.yaml")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files of mistakes, %v; want at least 20", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "bad."), ".yaml"), func(t *testing.T) {
			_, err := parseFile(t, file)
			if err == nil {
				t.Fatal("the file was taken as good")
			}
			got := err.Error() + "\n"
			if strings.Contains(got, canary) {
				t.Errorf("the message shows a credential:\n%s", got)
			}
			golden.Check(t, strings.TrimSuffix(filepath.Base(file), ".yaml"), got)
		})
	}
}

// sameConfig compares what has fields of its own.
var sameConfig = cmp.AllowUnexported(sms.Zone{})

var ignoreTiming = cmpopts.IgnoreFields(config.Schedule{}, "Timing", "Zone")

// withSpecs adds what follows from the vendors of the sources.
func withSpecs(sources []config.Source) {
	for i := range sources {
		for _, v := range testEnv().Vendors {
			if s := &sources[i]; v.Name == s.Vendor {
				s.Spec, s.Datasets = v.Spec, v.DatasetNames()
			}
		}
	}
}

func TestGoodFiles(t *testing.T) {
	planned := func(name string, vendor sms.Vendor, chunkDays int, rate float64, accounts ...string) plan.Source {
		return plan.Source{
			Name: name, Vendor: vendor, AccountIDs: accounts, Zone: zone("+08:00"), ChunkDays: chunkDays, SweepDays: 35, SweepEveryDays: 7,
			MaxRequestsPerSecond: rate, Settings: belief.Settings{
				SettleDays: 4, PendingDays: 7, ConfirmAfter: 20 * time.Hour, ShrinkRatio: 0.5, MinMessages: 100, GrowRatio: 1.8, RemovalShare: 0.1,
			},
		}
	}
	marketing := config.Source{
		Source: planned("engagelab-main", sms.EngageLab, 31, 1, "marketing"), QuarantineDays: 3,
		Own: &engagelab.Settings{User: "marketing", Key: config.NewSecret("a: b # c canary-id ${d} $e")},
	}
	marketing.CallsPerWindow = 1
	apps := config.Source{
		Source: planned("tencent-main", sms.Tencent, 32, 9.5, "1400006874", "1400006875"), QuarantineDays: 3,
		Own: &tencent.Settings{
			SecretID: config.NewSecret("canary-id-in-file"), SecretKey: config.NewSecret("canary-key-in-file"), Probe: tencent.Auto,
			Options: tencent.Options{SdkAppIDs: []string{"1400006874", "1400006875"}, EndHour: tencent.Inclusive},
		},
	}
	fromInterface := []config.Source{marketing, apps}
	fromInterface[0].HistoryStart, fromInterface[1].HistoryStart = day("2024-01-01"), day("2024-01-01")
	fromInterface[0].BaseURL, fromInterface[1].BaseURL = "https://sms.api.engagelab.cc", "https://sms.tencentcloudapi.com"
	fromInterface[0].AccountIDs, fromInterface[1].AccountIDs = []string{"canary-user"}, []string{"1400006874"}
	fromInterface[0].Own = &engagelab.Settings{User: "canary-user", Key: config.NewSecret("canary: key # ${HOME}")}
	fromInterface[1].Own = &tencent.Settings{
		SecretID: config.NewSecret("canary-id"), SecretKey: config.NewSecret("file:canary-key"), Probe: tencent.Auto,
		Options: tencent.Options{Region: "ap-guangzhou", SdkAppIDs: []string{"1400006874"}, EndHour: tencent.Inclusive},
	}

	everything := []config.Source{
		{
			Source:  planned("engagelab-main", sms.EngageLab, 30, 0.5, "marketing", "7", "Größe"),
			BaseURL: "http://127.0.0.1:8080/engagelab", QuarantineDays: 3, FinalBy: 9*time.Hour + 30*time.Minute, MaxBodyBytes: 8 << 20,
			Own: &engagelab.Settings{
				User: "marketing", Key: config.NewSecret("canary: key # ${HOME}"), Options: engagelab.Options{
					SMSUsers: []string{"marketing", "7", "Größe"}, TemplateIDs: []string{"1", "two"},
					LabelIDs: []string{"3"}, MsgType: "2", Paths: engagelab.Paths{StatsDay: "/v1/data/stats_day"},
				},
			},
		},
		{
			Source: planned("腾讯", sms.Tencent, 32, 10, "1400006874"), BaseURL: "http://localhost:8081", QuarantineDays: 3,
			Own: &tencent.Settings{
				SecretID: config.NewSecret("id"), SecretKey: config.NewSecret("key"), Probe: tencent.Off,
				Options: tencent.Options{Region: "ap-singapore", SdkAppIDs: []string{"1400006874"}, EndHour: tencent.Exclusive},
			},
		},
		{
			Source: planned("huawei", sms.Huawei, 3, 1, "shop", "商城"), QuarantineDays: 3, MessageRetentionDays: 90, DropDir: "exports/huawei",
			Own: &huawei.Settings{
				Applications: []string{"shop", "商城"}, PhoneKey: config.NewSecret("0123456789abcdef"),
				Options: huawei.Options{
					Zone: zone("+08:00"), Columns: map[string]string{"id": "Nr", "sent_at": "Zeit"}, Mainland: true,
				},
			},
		},
	}
	first := &everything[0]
	first.Zone, first.HistoryStart, first.CallsPerWindow, first.SweepDays = zone("-03:00"), day("2025-06-01"), 1, 0
	first.Settings = belief.Settings{
		PendingDays: 7, RemovalShare: 0.1, MinMessages: 1000, ConfirmAfter: 90 * time.Minute, RetentionDays: 60,
	}
	processFailed, sendFailed := first.Settings, first.Settings
	processFailed.ShrinkRatio = 0.1
	sendFailed.MinMessages, sendFailed.GrowRatio = 5, 3
	first.SettingsOf = map[sms.Dataset]belief.Settings{sms.ProcessFailed: processFailed, sms.SendFailed: sendFailed}
	everything[1].Zone = zone("+05:30")
	everything[2].IsImported, everything[2].RetentionDays = true, 60

	tests := map[string]config.Config{
		"interface": {
			Sources: fromInterface,
			Schedules: []config.Schedule{
				{Name: "daily", Cron: "30 2 * * *", Sources: []string{"engagelab-main", "tencent-main"}},
			},
		},
		"defaults": {
			Sources:   []config.Source{marketing, apps},
			Schedules: []config.Schedule{{Name: "all", Cron: "30 2 * * *", Sources: []string{"engagelab-main", "tencent-main"}}},
		},
		"everything": {
			Sources: everything,
			Schedules: []config.Schedule{
				{Name: "zone-in-cron", Cron: "CRON_TZ=Asia/Tokyo 0 3 * * 1-5", Sources: []string{"engagelab-main"}},
				{Name: "interval", Cron: "@every 1h30m", Sources: []string{"engagelab-main", "腾讯"}},
				{Name: "nightly", Cron: "@daily", Sources: []string{"腾讯"}},
			},
		},
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := parseFile(t, "testdata/good."+name+".yaml")
			if err != nil {
				t.Fatal(err)
			}
			withSpecs(want.Sources)
			if diff := cmp.Diff(want, got, ignoreTiming, sameConfig); diff != "" {
				t.Errorf("config (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRings(t *testing.T) {
	cfg, err := parseFile(t, "testdata/good.everything.yaml")
	if err != nil {
		t.Fatal(err)
	}
	after := at("2026-11-22 03:00 +08:00") // a Sunday
	want := map[string]string{
		"zone-in-cron": "2026-11-23 03:00 +09:00",
		"interval":     "2026-11-22 04:30 +08:00",
		"nightly":      "2026-11-22 00:00 -05:00",
	}
	for _, s := range cfg.Schedules {
		if got := s.Timing.Next(after); !got.Equal(at(want[s.Name])) {
			t.Errorf("%s ticks at %s, want %s", s.Name, got, want[s.Name])
		}
	}
}

func TestLoad(t *testing.T) {
	env := testEnv()
	if _, err := config.Load("schedules.yaml", env); err == nil || !strings.Contains(err.Error(), "schedules.yaml: there is no such file") {
		t.Errorf("missing file: %v", err)
	} else if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is not fs.ErrNotExist", err)
	}
	env.ReadFile = func(string) ([]byte, error) {
		return []byte("\ufeffsources:\r\n  - {name: a, vendor: engagelab, sms_user: u, sms_key: k}\r\n"), nil
	}
	cfg, err := config.Load("schedules.yaml", env)
	if err != nil {
		t.Fatalf("a file with a byte order mark and CRLF: %v", err)
	}
	if s, ok := cfg.Source("a"); !ok || s.Own.(*engagelab.Settings).Key.Reveal() != "k" {
		t.Errorf("source a: %v %v", s, ok)
	}
	if _, ok := cfg.Source("b"); ok {
		t.Error("a source that is not there was found")
	}
}

func TestExampleFile(t *testing.T) {
	got, err := parseFile(t, "../schedules.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want, err := parseFile(t, "testdata/good.interface.yaml")
	if err != nil {
		t.Fatal(err)
	}
	// The example leaves to the defaults what the other file spells out.
	want.Sources[0].BaseURL, want.Sources[1].BaseURL = "", ""
	want.Sources[1].Own.(*tencent.Settings).Region = ""
	withSpecs(want.Sources)
	if diff := cmp.Diff(want, got, ignoreTiming, sameConfig); diff != "" {
		t.Errorf("schedules.yaml (-want +got):\n%s", diff)
	}
}

// TestCommentedDefaults takes the comment signs off: what the example shows has to be understood too.
func TestCommentedDefaults(t *testing.T) {
	data, err := os.ReadFile("../schedules.yaml")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(data), "\n")
	for i, line := range lines {
		if rest, ok := strings.CutPrefix(line, "    # "); ok {
			lines[i] = "    " + rest
		}
	}
	if _, err := config.Parse("schedules.yaml", []byte(strings.Join(lines, "\n")), testEnv()); err != nil {
		t.Error(err)
	}
}

func TestAccountsOfASource(t *testing.T) {
	const keys = "vendor: engagelab, sms_user: signer, sms_key: k"
	for want, keys := range map[string]string{
		"engagelab/signer":                 keys,
		"engagelab/one engagelab/signer":   keys + ", sms_users: [one, signer]",
		"engagelab/one":                    keys + ", sms_users: [one]",
		"tencent/1400006874 tencent/14000": `vendor: tencent, secret_id: i, secret_key: k, sdk_app_ids: ["1400006874", "14000"]`,
		"huawei/shop":                      "vendor: huawei, phone_key: 0123456789abcdef, applications: [shop]",
	} {
		cfg, err := config.Parse("schedules.yaml", []byte("sources:\n  - {name: a, "+keys+", time_zone: \"+05:00\"}\n"), testEnv())
		if err != nil {
			t.Fatal(err)
		}
		s := cfg.Sources[0]
		var got []string
		for _, a := range s.Accounts() {
			got = append(got, a.String())
			if a.Zone != s.Zone {
				t.Errorf("%s counts days in %s", a, a.Zone)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("accounts %v, want %s", got, want)
		}
	}
}

func TestCallsPerWindow(t *testing.T) {
	ids := func(n int) string {
		var all []string
		for i := range n {
			all = append(all, strconv.Itoa(i))
		}
		return "[" + strings.Join(all, ", ") + "]"
	}
	for want, keys := range map[int]string{
		1: "settle_days: 4", 3: "template_ids: " + ids(21) + ", label_ids: " + ids(10), 6: "template_ids: " + ids(21) + ", label_ids: " + ids(11),
	} {
		text := "sources:\n  - {name: a, vendor: engagelab, sms_user: u, sms_key: k, " + keys + "}\n"
		cfg, err := config.Parse("schedules.yaml", []byte(text), testEnv())
		if err != nil {
			t.Fatal(err)
		}
		if got := cfg.Sources[0].CallsPerWindow; got != want {
			t.Errorf("%s: %d calls, want %d", keys, got, want)
		}
	}
}
