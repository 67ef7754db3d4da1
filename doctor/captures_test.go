package doctor

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"smsetl/capture"
	"smsetl/config"
	"smsetl/extract"
	"smsetl/internal/dev/golden"
	"smsetl/pipeline"
	"smsetl/sandbox/replay"
	"smsetl/sms"
	"smsetl/vendors"
)

// Every captured folder is played to the real clients, and what they and transform make of it is written down. A folder that
// somebody sends in needs nothing but its place here.
func TestCapturedFolders(t *testing.T) {
	t.Parallel()
	dirs, err := filepath.Glob(filepath.Join("..", "extract", "testdata", "captures", "*"))
	if err != nil || len(dirs) < 3 {
		t.Fatalf("%d folders (%v), want at least 3", len(dirs), err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			golden.Check(t, "captures/"+filepath.Base(dir), played(t, dir))
		})
	}
}

// played asks a folder's accounts for everything that was captured of them, and gives what came of it.
func played(t *testing.T, dir string) string {
	t.Helper()
	manifest, fixtures, err := capture.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	replayed, err := replay.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	addresses, stop, err := replayed.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	text := strings.ReplaceAll(replayed.SchedulesYAML(addresses), "    base_url:", "    max_requests_per_second: 1000\n    base_url:")
	now, err := time.Parse(time.RFC3339, replayed.CapturedAt())
	if err != nil {
		t.Fatal(err)
	}
	clock := func() time.Time { return now }
	cfg, err := config.Load("schedules.yaml", config.Env{
		Vendors: vendors.All.Configured(),
		Lookup:  func(string) (string, bool) { return "", false }, ReadFile: func(string) ([]byte, error) { return []byte(text), nil }, Now: clock,
	})
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	clients := pipeline.World{Vendors: vendors.All, Now: clock, Log: zap.NewNop()}.Clients(cfg.Sources, nil, nil)
	for _, source := range cfg.Sources {
		client, err := clients.Of(source)
		if err != nil {
			t.Fatal(err)
		}
		for _, account := range source.Accounts() {
			of := vendors.All.Of(account.Vendor)
			for _, group := range apart(&of) {
				out.WriteString(understood(t.Context(), client, sms.Scope{Account: account, Datasets: group, Window: windowIn(t, fixtures, account)}))
			}
		}
	}
	for _, j := range capture.Judge(manifest.Accounts, fixtures) {
		fmt.Fprintf(&out, "%s %s: %s: %s\n", j.Vendor, j.Question, j.Result, j.Text())
	}
	return out.String()
}

// windowIn gives the days that the account's rows or sums were captured of.
func windowIn(t *testing.T, fixtures []capture.Fixture, account sms.Account) sms.Window {
	t.Helper()
	for _, f := range fixtures {
		if f.Account != account.ID || f.Ask != extract.AskRows && f.Ask != extract.AskYesterday {
			continue
		}
		from, to, _ := strings.Cut(f.Window, "/")
		first, err := sms.ParseDay(from)
		if err != nil {
			t.Fatal(err)
		}
		last, err := sms.ParseDay(to)
		if err != nil {
			t.Fatal(err)
		}
		w, err := sms.NewWindow(first, last, account.Zone)
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	t.Fatalf("no rows of %s were captured", account)
	return sms.Window{}
}

// understood asks for a scope and says what its facts add up to.
func understood(ctx context.Context, client vendors.Client, scope sms.Scope) string {
	var answers []sms.Payload
	err := client.Sample(ctx, scope, func(p sms.Payload) error {
		if p.Refused == "" {
			answers = append(answers, p)
		}
		return nil
	})
	var batch sms.Batch
	if err == nil {
		batch, err = vendors.All.Readers().Batch(scope, answers)
	}
	if err != nil {
		return fmt.Sprintf("%s: %v\n", scope, err)
	}
	var out strings.Builder
	fmt.Fprintf(&out, "%s: %d rows rejected\n", scope, len(batch.Rejects))
	days := map[string]*sms.Measures{}
	for _, d := range batch.AllDeliveries() {
		key := fmt.Sprintf("%s template %s label %s type %s", d.Day, d.Template, d.Label, d.MessageType)
		days[key] = &d.Measures
	}
	for _, key := range slices.Sorted(maps.Keys(days)) {
		m := days[key]
		fmt.Fprintf(&out, "  %s: requested %s, accepted %s, processing_failed %s, delivered %s, send_failed %s, pending %s, billed %s\n", key,
			m.Requested, m.Accepted, m.ProcessingFailed, m.Delivered, m.SendFailed, m.Pending, m.BilledSegments)
	}
	failures := map[string]int64{}
	for _, f := range batch.AllFailures() {
		failures[fmt.Sprintf("%s template %s label %s: %s", f.Day, f.Template, f.Label, f.Reason.Code)] += f.Messages.Or(0)
	}
	for _, key := range slices.Sorted(maps.Keys(failures)) {
		fmt.Fprintf(&out, "  %s %d\n", key, failures[key])
	}
	return out.String()
}
