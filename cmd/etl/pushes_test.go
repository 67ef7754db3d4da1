//go:build unix

package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"smsetl/internal/dev/long"
	"smsetl/sandbox/huawei"
)

const (
	pushAccess = "AKPUSH"
	pushSecret = "a secret of the tests"
	pushPath   = "0123456789abcdef"

	signedPushes = `
    push: {access_key: AKPUSH, secret_key: a secret of the tests}
pushes: {listen: "127.0.0.1:0", max_per_second: 100000}
`
	secretPushes = `
    push: {secret_path: 0123456789abcdef}
pushes: {listen: "127.0.0.1:0", max_per_second: 100000}
`
)

// pushed is an exported world whose vendor pushes reports too.
type pushed struct {
	*exported
	address string // where the server takes them
}

// newPushed gives a world of days that end some time before today.
func newPushed(t *testing.T, days, perDay int, doors string) *pushed {
	t.Helper()
	x := newExported(t)
	x.write(strings.TrimRight(strings.Replace(exportingConfig, "2026-11-10", "2026-10-12", 1), "\n") + doors)
	first := weekEnd.AddDate(0, 0, -days)
	x.console = huawei.NewConsole(huawei.ConsoleOptions{
		Seed: 5, First: first.AddDate(0, 0, -1).Format(time.DateOnly), Days: days + 2, PerDay: perDay,
	})
	return &pushed{exported: x}
}

var statusAddress = regexp.MustCompile(`Status reports of huawei-main: (http://\S+/huawei/status/huawei-main)`)

// listens waits for the address in what a server says.
func (x *pushed) listens(log func() string) {
	x.t.Helper()
	x.until("the listener", func() bool {
		found := statusAddress.FindStringSubmatch(log())
		if found != nil {
			x.address = found[1]
		}
		return found != nil
	})
}

// serveReports starts a server in this process.
func (x *pushed) serveReports() *served {
	x.t.Helper()
	s := x.serve()
	x.listens(s.log)
	return s
}

// send makes pushes, a few at once, and gives how often each status was answered by trick. Signatures are of today.
func (x *pushed) send(pushes []huawei.Push, access, path string) map[string]int {
	x.t.Helper()
	var mu sync.Mutex
	got := map[string]int{}
	var all sync.WaitGroup
	var next atomic.Int64
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}
	defer client.CloseIdleConnections()
	for range 8 {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(pushes); i = int(next.Add(1)) - 1 {
				status := x.sendOne(client, pushes[i], access, path)
				mu.Lock()
				got[fmt.Sprintf("%s %d", pushes[i].Trick, status)]++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return got
}

func (x *pushed) sendOne(client *http.Client, p huawei.Push, access, path string) int {
	signedAt := today.UTC()
	if p.Trick == huawei.Replayed {
		signedAt = signedAt.Add(-time.Hour)
	}
	p.At = signedAt
	r, err := p.Request(context.Background(), x.address+path, access, pushSecret)
	if err != nil {
		x.t.Error(err)
		return 0
	}
	answer, err := client.Do(r)
	if err != nil {
		return 0 // the server is gone
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return 0
	}
	return answer.StatusCode
}

// counted waits until everything that was pushed is in the facts.
func (x *pushed) counted() {
	x.t.Helper()
	x.untilNone("every push taken in and counted", `SELECT (SELECT count(*) FROM etl.huawei_push WHERE merged_at IS NULL) + (SELECT count(*) FROM etl.huawei_touched_day)`)
}

// stamp names every fact with the transaction that wrote it: counters of sessions that are still open come late.
func (x *pushed) stamp() string {
	x.t.Helper()
	return x.text(`
		SELECT md5(string_agg(line, ' ' ORDER BY line))
		FROM (SELECT f.xmin::text || f::text AS line FROM sms.fact_delivery_daily AS f
		      UNION ALL
		      SELECT f.xmin::text || f::text FROM sms.fact_failure_daily AS f
		      UNION ALL
		      SELECT f.xmin::text || f::text FROM sms.delivery_time_by_day AS f) AS l`)
}

// young saves exports of every day, made an hour after its end, in an order of their own, some twice.
func (x *pushed) young(days int) (paths []string) {
	x.t.Helper()
	dice := rand.New(rand.NewPCG(4, 4))
	for i := range days {
		from := weekEnd.AddDate(0, 0, i-days)
		e := huawei.RandomLook(dice, huawei.Export{From: from, To: from.AddDate(0, 0, 1), At: from.AddDate(0, 0, 1).Add(time.Hour)})
		paths = append(paths, x.save(fmt.Sprint("young-", i), e))
		if i%4 == 0 {
			paths = append(paths, x.save(fmt.Sprint("young-again-", i), huawei.RandomLook(dice, e)))
		}
	}
	dice.Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
	return paths
}

// reports gives the pushes of all that was sent, until today.
func (x *pushed) reports(p huawei.Pushes) []huawei.Push {
	p.From, p.To = x.console.First(), today.UTC()
	p.Shuffled, p.Extend = true, true
	return x.console.Push(p)
}

func (x *pushed) truth(days int) huawei.Truth {
	return x.console.Truth(weekEnd.AddDate(0, 0, -days), weekEnd, 8, today)
}

// Days of exports that were made too early, a month of them in the long test, and the reports that tell the rest: half of them before
// the exports, half behind, in disorder and repeated, as forms and in batches.
func TestPushesAndExportsAreTheTruth(t *testing.T) {
	t.Parallel()
	days := long.Or(8, 30)
	x := newPushed(t, days, 8, signedPushes)
	s := x.serveReports()
	pushes := append(x.reports(huawei.Pushes{Seed: 1, Repeats: 20}), x.reports(huawei.Pushes{Seed: 2, Batched: true, Repeats: 20})...)
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(pushes), func(i, j int) { pushes[i], pushes[j] = pushes[j], pushes[i] })
	half := len(pushes) / 4 // each report stands in there twice at least
	if got := x.send(pushes[:half], pushAccess, ""); got[" 200"] != half {
		t.Fatalf("answers: %v", got)
	}
	x.counted()
	if n := x.number(`SELECT count(*) FROM sms.delivery_daily`); n != 0 {
		t.Fatalf("reports alone made %d rows", n)
	}
	waiting := x.number(`SELECT count(*) FROM etl.huawei_report WHERE is_waiting`)
	if waiting == 0 {
		t.Fatal("no report waits for an export")
	}
	x.bring(0, x.young(days))
	if n := x.number(`SELECT count(*) FROM etl.huawei_report WHERE is_waiting`); n >= waiting {
		t.Errorf("%d reports wait still, %d did before", n, waiting)
	}
	x.send(pushes[half:], pushAccess, "")
	x.counted()
	x.equals("exports and pushes", x.truth(days))
	if n := x.number(`SELECT count(*) FROM etl.load WHERE origin = 'push' AND outcome = 'loaded'`); n == 0 {
		t.Error("no load counted reports")
	}
	x.noLeftovers()

	before, loads := x.stamp(), x.number(`SELECT count(*) FROM etl.load`)
	kept := x.number(`SELECT count(*) FROM etl.huawei_push`)
	x.send(pushes, pushAccess, "")
	x.counted()
	if again := x.number(`SELECT count(*) FROM etl.huawei_push`); again != kept {
		t.Errorf("%d pushes are kept, %d were before they came again", again, kept)
	}
	if again := x.number(`SELECT count(*) FROM etl.load`); again != loads {
		t.Errorf("%d loads for pushes that say nothing new", again-loads)
	}
	if x.stamp() != before {
		t.Error("the same pushes once more wrote facts")
	}
	if r := x.bring(0, x.young(days)); r.Inserted+r.Updated+r.Removed+r.Messages+r.Changed != 0 {
		r.Files = nil
		t.Errorf("the same exports once more: %+v", r)
	}
	if _, out, _ := x.etl("doctor"); !strings.Contains(out, "signatures are verified; ") || !strings.Contains(out, "the last push came 2026-11-2") {
		t.Errorf("the doctor says nothing of pushes:\n%s", out)
	}
	x.metrics(s)
	s.end(exitOK)
	x.logs.WriteString(s.log())
	x.holdsNothingPrivate()
	dump := x.dump()
	for private := range x.console.Private() {
		if strings.Contains(dump, private) {
			t.Fatalf("%q stands in the dump", private)
		}
	}
	for _, text := range []string{x.logs.String(), dump} {
		if strings.Contains(text, pushSecret) || strings.Contains(text, "order-1") {
			t.Error("the secret, or what senders gave along, is kept or logged")
		}
	}
}

var pagesAddress = regexp.MustCompile(`Pages: (http://\S+/)`)

// metrics looks for what is counted of pushes.
func (x *pushed) metrics(s *served) {
	x.t.Helper()
	status, text := x.get(pagesAddress.FindStringSubmatch(s.log())[1] + "metrics")
	for _, want := range []string{
		`smsetl_pushes_total{outcome="kept",source="huawei-main"} `, `smsetl_pushes_total{outcome="wrong_signature",source="huawei-main"} 0`,
		`smsetl_pushed_reports_total{source="huawei-main"} `, `smsetl_waiting_reports{source="huawei-main"} `, `smsetl_pushes_unmerged{source="huawei-main"} 0`,
	} {
		if status != http.StatusOK || !strings.Contains(text, want) {
			x.t.Errorf("%d: the metrics lack %s", status, want)
		}
	}
	for private := range x.console.Private() {
		if strings.Contains(text, private) {
			x.t.Fatalf("%q stands in the metrics", private)
		}
	}
}

// heap gives the bytes that are in use.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// Thousands of pushes that nobody may believe change nothing, take no memory, and hold up no healthy one.
func TestForgedPushesChangeNothing(t *testing.T) { // alone, because it looks at the memory of the whole process
	const days = 5
	forged, altered := long.Or(400, 4000), long.Or(300, 3000)
	x := newPushed(t, days, 40, signedPushes)
	x.bring(0, x.young(days))
	s := x.serveReports()
	all := x.reports(huawei.Pushes{Seed: 3})
	late := len(all) / 2
	x.send(all[:late], pushAccess, "")
	x.counted()
	before, facts := heap(), x.stamp()
	bad := x.reports(huawei.Pushes{Seed: 4, Forged: forged, Altered: altered, Replayed: altered})
	hostile := bad[:0]
	for _, p := range bad {
		if p.Trick != huawei.Genuine {
			hostile = append(hostile, p)
		}
	}
	again := slices.Concat(hostile, all[:late]) // and those that were taken before, in another order
	rand.New(rand.NewPCG(2, 2)).Shuffle(len(again), func(i, j int) { again[i], again[j] = again[j], again[i] })
	got := x.send(again, pushAccess, "")
	if got["forged 401"] != forged || got["altered 401"] != altered || got["replayed 401"] != altered || got[" 200"] != late {
		t.Errorf("answers: %v", got)
	}
	x.counted()
	if x.stamp() != facts {
		t.Error("facts were written")
	}
	if grown := heap() - before; grown > 24<<20 {
		t.Errorf("the heap grew by %d MiB", grown>>20)
	}
	// Healthy ones in the middle of the next flood.
	mixed := slices.Concat(hostile, all[late:])
	rand.New(rand.NewPCG(3, 3)).Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
	if got := x.send(mixed, pushAccess, ""); got[" 200"] != len(all)-late {
		t.Errorf("healthy pushes were not all taken: %v", got)
	}
	x.counted()
	x.equals("after two floods", x.truth(days))
	if !strings.Contains(s.log(), "pushes are refused") || strings.Count(s.log(), "pushes are refused") > 10 {
		t.Errorf("the log tells of refused pushes %d times", strings.Count(s.log(), "pushes are refused"))
	}
}

// Unsigned pushes fill in what is not known, and lies about what is confirmed change nothing.
func TestHintsNeverAlterWhatIsConfirmed(t *testing.T) {
	t.Parallel()
	const days = 5
	x := newPushed(t, days, 20, secretPushes)
	x.serveReports()
	var old []string
	for i, e := range x.console.Exports(rand.New(rand.NewPCG(6, 6)), weekEnd.AddDate(0, 0, -days), weekEnd, weekEnd.Add(96*time.Hour), 24*time.Hour) {
		old = append(old, x.save(fmt.Sprint("old-", i), e))
	}
	lies := x.reports(huawei.Pushes{Seed: 5, Forged: 1500})
	lies = lies[:0:0]
	for _, p := range x.reports(huawei.Pushes{Seed: 5, Forged: 1500}) {
		if p.Trick == huawei.Forged {
			p.Trick = huawei.Genuine // sent as it stands: nobody looks at signatures here
			lies = append(lies, p)
		}
	}
	if got := x.send(lies[:50], "", ""); got[" 404"] != 50 {
		t.Errorf("pushes without the secret path: %v", got)
	}
	x.send(lies[:700], "", "/"+pushPath)
	x.counted()
	x.bring(0, old)
	settled := x.console.Truth(weekEnd.AddDate(0, 0, -days), weekEnd, 8, weekEnd.Add(96*time.Hour))
	x.equals("lies before the exports", settled)
	x.send(lies[700:], "", "/"+pushPath)
	x.counted()
	x.equals("lies behind them", settled)
	if n := x.number(`SELECT count(*) FROM etl.huawei_report WHERE is_signed`); n != 0 {
		t.Errorf("%d reports are taken for signed", n)
	}
}

// Hints tell what became of messages of which an export knew no result.
func TestHintsFillIn(t *testing.T) {
	t.Parallel()
	const days = 4
	x := newPushed(t, days, 20, secretPushes)
	x.bring(0, x.young(days))
	pending := x.number(`SELECT sum(pending)::bigint FROM sms.delivery_daily`)
	x.serveReports()
	x.send(x.reports(huawei.Pushes{Seed: 6, Batched: true}), "", "/"+pushPath)
	x.counted()
	if n := x.number(`SELECT sum(pending)::bigint FROM sms.delivery_daily`); pending == 0 || n >= pending {
		t.Errorf("%d messages are pending, %d were", n, pending)
	}
	x.equals("hints about what is not known", x.truth(days))
}

// A server that is killed between keeping a push and counting it has lost nothing that it had answered.
func TestKilledServerLosesNoPush(t *testing.T) {
	long.Skip(t, "four servers are killed")
	t.Parallel()
	const days = 6
	x := newPushed(t, days, 30, signedPushes)
	x.bring(0, x.young(days))
	pushes := x.reports(huawei.Pushes{Seed: 7})
	taken := 0
	for round := range 4 {
		// Reports are counted never, or all the time.
		every := "1h"
		if round%2 == 1 {
			every = "50ms"
		}
		m := x.enlist("--reports-every", every)
		x.listens(m.log)
		part := pushes[len(pushes)*round/4 : len(pushes)*(round+1)/4]
		got := x.send(part[:len(part)-20], pushAccess, "")
		taken += got[" 200"]
		if got[" 200"] != len(part)-20 {
			t.Errorf("answers: %v", got)
		}
		time.AfterFunc(time.Duration(round)*5*time.Millisecond, func() { m.signal(syscall.SIGKILL) })
		taken += x.send(part[len(part)-20:], pushAccess, "")[" 200"]
		_ = m.cmd.Wait() // it was killed
	}
	if kept := x.number(`SELECT sum(reports)::bigint FROM etl.huawei_push`); kept < int64(taken) {
		t.Errorf("%d reports are kept, and %d were answered", kept, taken)
	}
	if x.number(`SELECT count(*) FROM etl.huawei_push WHERE merged_at IS NULL`) == 0 {
		t.Error("nothing waits to be counted, so the kills prove nothing")
	}
	x.serveReports()
	x.send(pushes, pushAccess, "") // the vendor tries again what it got no answer for
	x.counted()
	x.equals("after the kills", x.truth(days))
}

// A hangup opens other doors: what was secret is so no more, without a start.
func TestReloadChangesWhoMayPush(t *testing.T) {
	t.Parallel()
	x := newPushed(t, 2, 5, secretPushes)
	s := x.serveReports()
	pushes := x.reports(huawei.Pushes{Seed: 9})[:4]
	if got := x.send(pushes[:2], "", "/"+pushPath); got[" 200"] != 2 {
		t.Errorf("answers: %v", got)
	}
	text, err := os.ReadFile(x.config)
	if err != nil {
		t.Fatal(err)
	}
	x.write(strings.Replace(string(text), pushPath, "another"+pushPath, 1))
	s.hangups <- syscall.SIGHUP
	x.until("the new configuration", func() bool { return strings.Contains(s.log(), "configuration changed") })
	if got := x.send(pushes[2:], "", "/"+pushPath); got[" 404"] != 2 {
		t.Errorf("with the old secret: %v", got)
	}
	if got := x.send(pushes[2:], "", "/another"+pushPath); got[" 200"] != 2 {
		t.Errorf("with the new secret: %v", got)
	}
}
