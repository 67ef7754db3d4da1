package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"smsetl/config"
	"smsetl/extract"
	"smsetl/internal/db"
	"smsetl/internal/dev/torture/cases"
	"smsetl/job"
	"smsetl/plan"
	"smsetl/queue"
	"smsetl/sandbox"
	"smsetl/sandbox/traffic"
	"smsetl/sms"
	"smsetl/vendors"
)

// Days of a warehouse, and rounds over them: one in which nothing is stored, an honest one, some in which the truth is stored, and an
// honest one again.
const (
	days    = 40
	settled = 8
	rounds  = 6
)

// answers spoils answers on their way, loads them, and loads honest ones after them.
func answers(ctx context.Context, t *turn) error {
	started, first := time.Now(), t.next
	for t.isOpen() && ctx.Err() == nil {
		if err := warehouse(ctx, t); err != nil {
			return err
		}
	}
	t.notef("%d ways to spoil an answer, %.0f spoilt answers a second with the checks and the honest loads between them", len(kinds),
		float64(t.next-first)/time.Since(started).Seconds())
	return ctx.Err()
}

// warehouse does one warehouse's share.
func warehouse(ctx context.Context, t *turn) (err error) {
	address, drop, err := t.stage.Fresh(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, drop()) }()
	l := &liar{turn: t, past: map[string][]*spoiling{}, box: sandbox.New(sandbox.Options{
		Seed: t.seed + uint64(t.next), Days: days, Now: func() time.Time { return today }, NoGzip: true, Tencent: sandbox.TencentRules{PerSecond: 1_000_000},
		Users: []sandbox.User{{Source: "shop", SMSUser: "shop", Key: "key-of-shop", Profile: traffic.Service}, {Source: "club", SMSUser: "club", Key: "key-of-club", Profile: traffic.Service}},
		Secrets: []sandbox.Secret{{Source: "tencent-main", ID: "AKIDsandbox", Key: "sandbox-secret", Apps: []sandbox.App{
			{ID: "1400006874", Profile: traffic.Busy}, {ID: "1400012345", Profile: traffic.Quiet}}}},
	})}
	addresses, stop, err := l.listen(ctx)
	if err != nil {
		return err
	}
	defer stop()
	text := l.box.SchedulesYAML(addresses)
	for _, setting := range []string{"max_requests_per_second: 1000", "chunk_days: 1"} {
		text = cases.EachSource(text, setting)
	}
	p, err := (&watched{turn: t, never: []string{"key-of-", "sandbox-secret"}}).open(ctx, address, strings.ReplaceAll(text, "    secret_id:", "    probe: off\n    secret_id:"))
	if err != nil {
		return err
	}
	defer p.Close()
	l.program = p
	if err := l.connect(ctx); err != nil {
		return err
	}
	for round := range rounds {
		if err := l.round(ctx, round == 1); err != nil {
			return err
		}
		isLast := round == rounds-1 || !t.isOpen()
		if round == 0 || isLast {
			if err := l.honest(ctx); err != nil {
				return err
			}
		}
		if isLast {
			break
		}
	}
	return nil
}

// liar stands between the program and the vendors.
type liar struct {
	turn    *turn
	box     *sandbox.Sandbox
	program *cases.Program
	sources []job.Source

	mu     sync.Mutex
	under  map[string]*spoiling   // by account and day
	past   map[string][]*spoiling // since the last honest answer
	blamed []string
}

// spoiling is a case: which of the answers about a day is spoilt, and how.
type spoiling struct {
	n     int
	which string // dataset or action
	kind  kind
	said  string // where it was spoilt
	// hasStored says that the truth is stored and settled, on the other days too, so that a lie can be told.
	hasStored bool
}

// listen serves both vendors.
func (l *liar) listen(ctx context.Context) (sandbox.Addresses, func(), error) {
	var a sandbox.Addresses
	var stops []func()
	stop := func() {
		for _, s := range stops {
			s()
		}
	}
	for at, vendor := range map[*string]http.Handler{&a.EngageLab: l.box.EngageLab(), &a.Tencent: l.box.Tencent()} {
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			stop()
			return a, nil, err
		}
		server := &http.Server{Handler: l.between(vendor), ReadHeaderTimeout: time.Minute}
		go func() { _ = server.Serve(listener) }()
		stops = append(stops, func() { _ = server.Close() })
		*at = "http://" + listener.Addr().String()
	}
	return a, stop, nil
}

// recorder takes an answer of the vendor.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }

// between passes honest answers on, and spoils the others.
func (l *liar) between(vendor http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(asked))
		said := recorder{header: http.Header{}, status: http.StatusOK}
		vendor.ServeHTTP(&said, r)
		s, dice := l.of(r, asked)
		if s == nil || said.status != http.StatusOK {
			w.WriteHeader(said.status)
			_, _ = w.Write(said.body.Bytes())
			return
		}
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err) // of a server that is written wrong
		}
		defer conn.Close()
		k, spoilt := spoil(dice, said.body.Bytes(), s.hasStored)
		l.mu.Lock()
		s.kind, s.said = k, excerpt(spoilt, said.body.Bytes())
		l.mu.Unlock()
		_, _ = conn.Write(spoilt)
	})
}

// excerpt gives what stands around the first byte that is another one.
func excerpt(spoilt, honest []byte) string {
	_, body, _ := bytes.Cut(spoilt, []byte("\r\n\r\n"))
	at := 0
	for at < min(len(body), len(honest)) && body[at] == honest[at] {
		at++
	}
	return string(body[max(0, at-100):min(len(body), at+60)])
}

// of gives the case that a request belongs to; nil for an honest answer.
func (l *liar) of(r *http.Request, asked []byte) (*spoiling, *rand.Rand) {
	account, _, _ := r.BasicAuth()
	from, what := r.URL.Query().Get("start_date"), r.URL.Path
	if action := r.Header.Get("X-TC-Action"); action != "" {
		var q struct {
			From string `json:"BeginTime"`
			App  string `json:"SmsSdkAppId"`
		}
		if json.Unmarshal(asked, &q) != nil || len(q.From) < 8 {
			return nil, nil
		}
		account, from, what = q.App, q.From[:4]+"-"+q.From[4:6]+"-"+q.From[6:8], action
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.under[account+" "+from]
	if s == nil || s.which != what {
		return nil, nil
	}
	return s, l.turn.dice(s.n)
}

// connect makes the vendors' clients, which wait for nothing between two tries.
func (l *liar) connect(ctx context.Context) error {
	p := l.program
	if err := p.Register(ctx); err != nil {
		return err
	}
	world := p.World
	world.Vendors = slices.Clone(world.Vendors)
	for i := range world.Vendors {
		if connect := world.Vendors[i].Connect; connect != nil {
			world.Vendors[i].Connect = func(s config.Settings, o extract.Options, log *zap.Logger) (vendors.Client, error) {
				o.Policy = extract.Policy{First: time.Microsecond, Longest: time.Microsecond, Tries: 2}
				return connect(s, o, log)
			}
		}
	}
	clients := world.Clients(p.Config.Sources, nil, nil)
	for _, s := range p.Config.Sources {
		client, err := clients.Of(s)
		if err != nil {
			return err
		}
		l.sources = append(l.sources, job.Source{Name: s.Name, Fetcher: client, Parallel: 4, Rules: s.Rules()})
	}
	return nil
}

// anew is a loader that remembers no refusal from one window to the next.
type anew struct {
	queue.Loader
	of func() queue.Loader
}

func (a anew) Load(ctx context.Context, try *queue.Try) error { return a.of().Load(ctx, try) }
func (a anew) Failed(*queue.Try, error) bool                  { return true }

// load loads every day again, each as a window.
func (l *liar) load(ctx context.Context) error {
	p := l.program
	first := sms.DayOf(today) - days
	items, err := p.Plan(ctx, plan.Request{From: &first, Refetch: true})
	if err != nil {
		return err
	}
	windows := make([]queue.Item, len(items))
	for i, item := range items {
		windows[i] = queue.Item{Source: item.Source, Scope: item.Scope, Refetch: true, Priority: queue.PriorityOld}
	}
	loader := func() queue.Loader {
		return job.NewLoader(p.Warehouse, l.sources, job.LoaderOptions{Vendors: p.Vendors.Readers(), Now: p.Now, Progress: cases.Unwatched}, p.Log)
	}
	return queue.Record(ctx, p.Warehouse.Pool(), p.Command("backfill", "flood"), p.Now, func(runID int64) (bool, error) {
		return false, p.Queue.Work(ctx, anew{loader(), loader}, runID, windows)
	})
}

// round spoils an answer about each day of each account, and looks at what was believed.
func (l *liar) round(ctx context.Context, hasStored bool) error {
	under := map[string]*spoiling{}
	for day := sms.DayOf(today) - days; day < sms.DayOf(today); day++ {
		for _, account := range []string{"shop", "club", "1400006874", "1400012345"} {
			n, ok := l.turn.take()
			if !ok {
				break
			}
			which := pick(l.turn.dice(-n-1), "/v1/stats_day", "/v1/stats/process_failed", "/v1/stats/send_failed")
			if account[0] == '1' {
				which = pick(l.turn.dice(-n-1), "SendStatusStatistics", "CallbackStatusStatistics")
			}
			under[account+" "+day.String()] = &spoiling{n: n, which: which, hasStored: hasStored && day < sms.DayOf(today)-settled && day > sms.DayOf(today)-days/2}
		}
	}
	for name, s := range under {
		l.past[name] = append(l.past[name], s)
	}
	l.spoil(under)
	since, err := db.One[struct{ N int64 }](ctx, l.program.Warehouse.DB, "SELECT coalesce(max(load_id), 0) AS n FROM etl.load")
	if err == nil {
		err = l.load(ctx)
	}
	if err != nil {
		return err
	}
	if err := l.believed(ctx); err != nil {
		return err
	}
	return l.kept(ctx, since.N)
}

func (l *liar) spoil(under map[string]*spoiling) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.under = under
}

// believed looks whether days that are called loaded, or of which something is stored, are what the vendors know.
func (l *liar) believed(ctx context.Context) error {
	type accountDay struct{ Account, Day string }
	loaded, err := db.All[accountDay](ctx, l.program.Warehouse.DB, `
		SELECT account, send_date::text AS day FROM sms.coverage_daily WHERE state IN ('provisional', 'final', 'empty')
		UNION
		SELECT account, send_date::text FROM sms.delivery_daily`)
	if err != nil {
		return err
	}
	is := map[accountDay]bool{}
	for _, d := range loaded {
		is[d] = true
	}
	truth, err := l.box.Truth(l.box.First(), today.AddDate(0, 0, -1).Format(time.DateOnly), today)
	if err != nil {
		return err
	}
	deliveries := slices.DeleteFunc(truth.Deliveries, func(d sandbox.Delivery) bool { return !is[accountDay{d.Account, d.SendDate}] })
	failures := slices.DeleteFunc(truth.Failures, func(f sandbox.Failure) bool { return !is[accountDay{f.Account, f.SendDate}] })
	differ, err := cases.Differences(ctx, l.program.Warehouse.DB, deliveries, failures, today)
	if err == nil {
		differ, err = l.untold(ctx, differ)
	}
	l.blame(differ)
	return err
}

// culprits are the cases since the last honest answer that a line is about.
func (l *liar) culprits(line string) []*spoiling {
	for name, all := range l.past {
		if account, day, _ := strings.Cut(name, " "); strings.Contains(line, day) && strings.Contains(line, account) {
			return all
		}
	}
	return nil
}

// blame tells of what is wrong, once, together with what was done to the day.
func (l *liar) blame(wrong []string) {
	for _, w := range wrong {
		if slices.Contains(l.blamed, w) {
			continue
		}
		l.blamed = append(l.blamed, w)
		for _, s := range l.culprits(w) {
			w = fmt.Sprintf("case %d, %s of %s, %q: %s", s.n, cmp.Or(s.kind.name, "never asked"), s.which, s.said, w)
		}
		l.turn.wrongf("%.1200s", w)
	}
}

// untold leaves out of differences those of days on which the vendor left something out or contradicted itself, and a finding says so:
// that is stored as it was said.
func (l *liar) untold(ctx context.Context, differ []string) ([]string, error) {
	type line struct{ Name string }
	found, err := db.All[line](ctx, l.program.Warehouse.DB, `
		SELECT DISTINCT concat_ws(' ', a.account, d.send_date::text) AS name
		FROM etl.finding        AS f
		JOIN sms.dim_account    AS a USING (account_key)
		JOIN sms.coverage_daily AS d ON d.account = a.account AND f.seen_on @> d.send_date`)
	return slices.DeleteFunc(differ, func(d string) bool {
		all := l.culprits(d)
		return slices.ContainsFunc(all, func(s *spoiling) bool { return s.kind.isTold }) &&
			slices.ContainsFunc(found, func(f line) bool { return slices.Equal(l.past[f.Name], all) })
	}), err
}

// kept looks at what does not depend on what was believed.
func (l *liar) kept(ctx context.Context, since int64) error {
	d := l.program.Warehouse.DB
	untrue, err := cases.Untrue(ctx, d)
	left, leftErr := cases.Leftovers(ctx, d)
	l.blame(append(untrue, left...))
	type mute struct{ Account, Day, Reason string }
	mutes, muteErr := db.All[mute](ctx, d, `
		SELECT a.account, l.window_from::text AS day, coalesce(l.reason, '') AS reason
		FROM etl.load AS l JOIN sms.dim_account AS a USING (account_key)
		WHERE l.load_id > $1 AND (NOT EXISTS (SELECT FROM etl.fetch AS f WHERE f.load_id = l.load_id)
		   OR l.outcome <> 'failed' AND l.received <> l.inserted + l.updated + l.unchanged + l.rejected + l.held)`, since)
	for _, m := range mutes {
		if s := l.under[m.Account+" "+m.Day]; s == nil || !s.kind.isMute {
			l.blame([]string{fmt.Sprintf("nothing is kept of what was said of %s on %s: %s", m.Account, m.Day, m.Reason)})
		}
	}
	return errors.Join(err, leftErr, muteErr)
}

// honest loads honest answers, and wants the truth of every day.
func (l *liar) honest(ctx context.Context) error {
	l.spoil(nil)
	defer func() { l.past, l.blamed = map[string][]*spoiling{}, nil }()
	if err := l.load(ctx); err != nil {
		return err
	}
	truth, err := l.box.Truth(l.box.First(), today.AddDate(0, 0, -1).Format(time.DateOnly), today)
	if err != nil {
		return err
	}
	differ, err := cases.Differences(ctx, l.program.Warehouse.DB, truth.Deliveries, truth.Failures, today)
	type day struct{ Line string }
	open, openErr := db.All[day](ctx, l.program.Warehouse.DB, `
		SELECT concat_ws(' ', account, dataset, send_date, state, reason) AS line
		FROM sms.coverage_daily
		WHERE state NOT IN ('provisional', 'final', 'empty', 'unverified') AND send_date < $1::date`, today.Format(time.DateOnly))
	for _, o := range open {
		differ = append(differ, "not loaded from an honest answer: "+o.Line)
	}
	l.blame(differ)
	return errors.Join(err, openErr)
}
