package schedule

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"smsetl/internal/dev/golden"
	"smsetl/sms"
)

// canary is the value of every credential that the tests plant.
const canary = "canary"

func testEnv() Env {
	variables := map[string]string{
		"ENGAGELAB_SMS_USER": "canary-user", "ENGAGELAB_SMS_KEY": "canary: key # ${HOME}",
		"TENCENTCLOUD_SECRET_ID": "canary-id", "TENCENTCLOUD_SECRET_KEY": "file:canary-key",
		"CHUNK_DAYS": "canary-days", "EMPTY": "",
	}
	files := map[string]string{
		"testdata/secrets/id": "canary-id-in-file\n", "/run/secrets/key": "canary-key-in-file\r\n",
		"/run/secrets/two_lines": "canary\ncanary\n",
	}
	return Env{
		Lookup: func(name string) (string, bool) { v, ok := variables[name]; return v, ok },
		ReadFile: func(path string) ([]byte, error) {
			if text, ok := files[filepath.ToSlash(path)]; ok {
				return []byte(text), nil
			}
			return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
		},
		Now: func() time.Time { return at("2026-11-22 03:00 +08:00") },
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

func parseFile(t *testing.T, path string) (Config, error) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return Parse(filepath.ToSlash(path), data, testEnv())
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

var ignoreTiming = cmpopts.IgnoreFields(Schedule{}, "Timing", "Zone")

func TestGoodFiles(t *testing.T) {
	engageLab := Source{
		Name: "engagelab-main", Vendor: sms.EngageLab, Zone: zone("+08:00"),
		ChunkDays: 90, SettleDays: 4, PendingDays: 7, QuarantineDays: 3, RemovalShare: 0.1, SweepDays: 35, SweepEveryDays: 7, MaxRequestsPerSecond: 1,
		Doubt: usualDoubt, ConfirmAfter: 20 * time.Hour,
		EngageLab: EngageLab{User: "marketing", Key: NewSecret("a: b # c canary-id ${d} $e")},
	}
	tencent := Source{
		Name: "tencent-main", Vendor: sms.Tencent, Zone: zone("+08:00"),
		ChunkDays: 32, SettleDays: 4, PendingDays: 7, QuarantineDays: 3, RemovalShare: 0.1, SweepDays: 35, SweepEveryDays: 7, MaxRequestsPerSecond: 9.5,
		Doubt: usualDoubt, ConfirmAfter: 20 * time.Hour,
		Tencent: Tencent{
			SecretID: NewSecret("canary-id-in-file"), SecretKey: NewSecret("canary-key-in-file"),
			SdkAppIDs: []string{"1400006874", "1400006875"}, EndHour: Inclusive,
		},
	}
	fromInterface := []Source{engageLab, tencent}
	fromInterface[0].HistoryStart, fromInterface[1].HistoryStart = day("2024-01-01"), day("2024-01-01")
	fromInterface[0].BaseURL, fromInterface[1].BaseURL = "https://sms.api.engagelab.cc", "https://sms.tencentcloudapi.com"
	fromInterface[1].Tencent.Region = "ap-guangzhou"
	fromInterface[0].EngageLab.User, fromInterface[0].EngageLab.Key = "canary-user", NewSecret("canary: key # ${HOME}")
	fromInterface[1].Tencent.SecretID, fromInterface[1].Tencent.SecretKey = NewSecret("canary-id"), NewSecret("file:canary-key")
	fromInterface[1].Tencent.SdkAppIDs = []string{"1400006874"}

	tests := map[string]Config{
		"interface": {
			Sources: fromInterface,
			Schedules: []Schedule{
				{Name: "daily", Cron: "30 2 * * *", Sources: []string{"engagelab-main", "tencent-main"}},
			},
		},
		"defaults": {
			Sources:   []Source{engageLab, tencent},
			Schedules: []Schedule{{Name: "all", Cron: "30 2 * * *", Sources: []string{"engagelab-main", "tencent-main"}}},
		},
		"everything": {
			Sources: []Source{
				{
					Name: "engagelab-main", Vendor: sms.EngageLab, Zone: zone("-03:00"), HistoryStart: day("2025-06-01"),
					BaseURL: "http://127.0.0.1:8080/engagelab", ChunkDays: 30, PendingDays: 7, QuarantineDays: 3, RemovalShare: 0.1, SweepEveryDays: 7, MaxRequestsPerSecond: 0.5, MaxBodyBytes: 8 << 20,
					Doubt: Doubt{MinMessages: 1000}, ConfirmAfter: 90 * time.Minute, RetentionDays: 60,
					DoubtOf: map[sms.Dataset]Doubt{
						sms.ProcessFailed: {ShrinkRatio: 0.1, MinMessages: 1000}, sms.SendFailed: {MinMessages: 5, GrowRatio: 3},
					},
					EngageLab: EngageLab{
						User: "marketing", Users: []string{"marketing", "7", "Größe"}, Key: NewSecret("canary: key # ${HOME}"), TemplateIDs: []string{"1", "two"},
						LabelIDs: []string{"3"}, MsgType: "2",
						Paths: Paths{StatsDay: "/v1/data/stats_day"},
					},
				},
				{
					Name: "腾讯", Vendor: sms.Tencent, Zone: zone("+05:30"), BaseURL: "http://localhost:8081",
					ChunkDays: 32, SettleDays: 4, PendingDays: 7, QuarantineDays: 3, RemovalShare: 0.1, SweepDays: 35, SweepEveryDays: 7, MaxRequestsPerSecond: 10,
					Doubt: usualDoubt, ConfirmAfter: 20 * time.Hour,
					Tencent: Tencent{
						SecretID: NewSecret("id"), SecretKey: NewSecret("key"), Region: "ap-singapore",
						SdkAppIDs: []string{"1400006874"}, EndHour: Exclusive, NoProbe: true,
					},
				},
				{
					Name: "huawei", Vendor: sms.Huawei, Zone: zone("+08:00"), ChunkDays: 3, SettleDays: 4, PendingDays: 7, QuarantineDays: 3, RemovalShare: 0.1, RetentionDays: 60,
					SweepDays: 35, SweepEveryDays: 7, MaxRequestsPerSecond: 1, Doubt: usualDoubt, ConfirmAfter: 20 * time.Hour,
					Huawei: Huawei{
						Applications: []string{"shop", "商城"}, ExportZone: zone("+08:00"), PhoneKey: NewSecret("0123456789abcdef"),
						Columns: map[string]string{"id": "Nr", "sent_at": "Zeit"}, MessageRetentionDays: 90, Mainland: true, DropDir: "exports/huawei",
					},
				},
			},
			Schedules: []Schedule{
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
			if diff := cmp.Diff(want, got, ignoreTiming, cmp.AllowUnexported(sms.Zone{})); diff != "" {
				t.Errorf("config (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRings(t *testing.T) {
	config, err := parseFile(t, "testdata/good.everything.yaml")
	if err != nil {
		t.Fatal(err)
	}
	after := at("2026-11-22 03:00 +08:00") // a Sunday
	want := map[string]string{
		"zone-in-cron": "2026-11-23 03:00 +09:00",
		"interval":     "2026-11-22 04:30 +08:00",
		"nightly":      "2026-11-22 00:00 -05:00",
	}
	for _, s := range config.Schedules {
		if got := s.Timing.Next(after); !got.Equal(at(want[s.Name])) {
			t.Errorf("%s rings at %s, want %s", s.Name, got, want[s.Name])
		}
	}
}

func TestLoad(t *testing.T) {
	env := testEnv()
	if _, err := Load("schedules.yaml", env); err == nil || !strings.Contains(err.Error(), "schedules.yaml: there is no such file") {
		t.Errorf("missing file: %v", err)
	} else if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is not fs.ErrNotExist", err)
	}
	env.ReadFile = func(string) ([]byte, error) {
		return []byte("\ufeffsources:\r\n  - {name: a, vendor: engagelab, sms_user: u, sms_key: k}\r\n"), nil
	}
	config, err := Load("schedules.yaml", env)
	if err != nil {
		t.Fatalf("a file with a byte order mark and CRLF: %v", err)
	}
	if s, ok := config.Source("a"); !ok || s.EngageLab.Key.Reveal() != "k" {
		t.Errorf("source a: %v %v", s, ok)
	}
	if _, ok := config.Source("b"); ok {
		t.Error("a source that is not there was found")
	}
}

func TestFirst(t *testing.T) {
	now := at("2026-11-22 03:00 +08:00")
	s := Source{Zone: zone("-03:00"), HistoryStart: day("2024-01-01")}
	if got := s.First(now); got != day("2024-01-01") {
		t.Errorf("First = %s", got)
	}
	s.HistoryStart = 0
	if got := s.First(now); got != day("2025-11-21") { // it is still the 21st there
		t.Errorf("First by default = %s", got)
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
	want.Sources[0].BaseURL, want.Sources[1].BaseURL, want.Sources[1].Tencent.Region = "", "", ""
	if diff := cmp.Diff(want, got, ignoreTiming, cmp.AllowUnexported(sms.Zone{})); diff != "" {
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
	if _, err := Parse("schedules.yaml", []byte(strings.Join(lines, "\n")), testEnv()); err != nil {
		t.Error(err)
	}
}

func TestAccountsOfASource(t *testing.T) {
	for want, s := range map[string]Source{
		"engagelab/signer":                 {Vendor: sms.EngageLab, EngageLab: EngageLab{User: "signer"}},
		"engagelab/one engagelab/signer":   {Vendor: sms.EngageLab, EngageLab: EngageLab{User: "signer", Users: []string{"one", "signer"}}},
		"engagelab/one":                    {Vendor: sms.EngageLab, EngageLab: EngageLab{User: "signer", Users: []string{"one"}}},
		"tencent/1400006874 tencent/14000": {Vendor: sms.Tencent, Tencent: Tencent{SdkAppIDs: []string{"1400006874", "14000"}}},
		"huawei/shop":                      {Vendor: sms.Huawei, Huawei: Huawei{Applications: []string{"shop"}}},
	} {
		s.Zone = zone("+05:30")
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
