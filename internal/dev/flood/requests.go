package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/access"
	"smsetl/explain"
	"smsetl/internal/db"
	"smsetl/internal/dev/lived"
	"smsetl/internal/dev/torture/cases"
	"smsetl/ledger"
	"smsetl/plan"
	"smsetl/queue"
	"smsetl/read"
	"smsetl/sandbox"
	"smsetl/sandbox/traffic"
	"smsetl/sms"
	"smsetl/web"
	"smsetl/web/pages"
)

// requests asks the pages for what nobody should, as somebody who may look.
func requests(ctx context.Context, t *turn) (err error) {
	log := &watched{turn: t, never: []string{"a page could not be made", "a page is broken", "statement timeout", "SQLSTATE 57014", cases.SecretKey}}
	address, drop, err := t.stage.Fresh(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, drop()) }()
	config, err := history(ctx, address, log)
	if err != nil {
		return err
	}
	before, err := tuples(ctx, address)
	if err != nil {
		return err
	}
	p, err := log.open(ctx, address, config)
	if err != nil {
		return err
	}
	host, stop, err := serve(ctx, p)
	if err != nil {
		p.Close()
		return err
	}
	most := heap()
	err = t.each(ctx, 8, func(_ int, dice *rand.Rand) error { return ask(ctx, t, host, dice) })
	t.notef("at most %d MiB more of memory, the slowest answer in %s", most(), t.slowest.Round(time.Millisecond))
	err = errors.Join(err, stop())
	p.Close()
	after, tuplesErr := tuples(ctx, address)
	if after != before {
		t.wrongf("%d tuples were written", after-before)
	}
	return errors.Join(err, tuplesErr)
}

// history fills a warehouse in which every state of a day stands, and gives its configuration.
func history(ctx context.Context, address string, log *watched) (config string, err error) {
	box := sandbox.New(sandbox.Options{
		Seed: 7, Days: 60, Now: func() time.Time { return today }, Tencent: sandbox.TencentRules{PerSecond: 1_000_000},
		Secrets: []sandbox.Secret{{Source: "tencent-main", ID: "AKIDsandbox", Key: "sandbox-secret", Apps: []sandbox.App{
			{ID: "1400006874", Profile: traffic.Busy}, {ID: "1400012345", Profile: traffic.Quiet},
		}}},
	})
	if err := box.Restate(lived.Restatements(today)...); err != nil {
		return "", err
	}
	addresses, stop, err := box.Listen(ctx)
	if err != nil {
		return "", err
	}
	defer stop()
	config = cases.EachSource(box.SchedulesYAML(addresses, strings.TrimLeft(cases.Importing, "\n")), "max_requests_per_second: 1000")
	p, err := log.open(ctx, address, config)
	if err != nil {
		return "", err
	}
	defer p.Close()
	for back := 4; back >= 0; back-- {
		now := today.AddDate(0, 0, -back)
		box.SetNow(now)
		p.Now = func() time.Time { return now }
		if _, err := p.Run(ctx, "run", plan.Request{}, cases.NoBar); err != nil {
			return "", err
		}
	}
	from, to := sms.Date(2026, 10, 5), sms.Date(2026, 10, 6)
	items, err := plan.Scopes(plan.Request{From: &from, To: &to, Accounts: []string{"1400006874"}}, p.Config.Planned(), p.Now())
	if err != nil {
		return "", err
	}
	_, err = p.Decide(ctx, "freeze", ledger.Freeze, items, ledger.Operator{Who: "ada", Reason: "a dispute", Now: p.Now()})
	if err = errors.Join(err, p.Queue.Pause(ctx, "tencent-main", "ada", "the key is changed")); err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "flood")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	files, err := cases.Exports(dir)
	if err == nil {
		_, err = p.Bring(ctx, files)
	}
	for _, statement := range lived.Planted {
		if err == nil {
			_, err = p.Warehouse.Pool().Exec(ctx, statement)
		}
	}
	return config, err
}

// tuples counts what was ever written. Sessions that ended a moment ago are waited for.
func tuples(ctx context.Context, address string) (n int64, err error) {
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return 0, err
	}
	defer conn.Close(ctx)
	for last := int64(-1); n != last && err == nil; {
		last = n
		if err = db.Pause(ctx, 1500*time.Millisecond); err == nil {
			err = conn.QueryRow(ctx, "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del)::bigint FROM pg_stat_user_tables").Scan(&n)
		}
	}
	return n, err
}

// viewer is the header in which a proxy would name who looks.
const viewer = "X-Viewer"

// serve serves the pages as `etl serve` does, to people whom a proxy names.
func serve(ctx context.Context, p *cases.Program) (host string, stop func() error, err error) {
	jobs, err := web.NewJobs(ctx, p.Warehouse.Pool(), queue.Schema, access.Operations{DB: p.Warehouse.DB}, p.Log)
	if err != nil {
		return "", nil, err
	}
	metrics := web.NewMetrics(p.Warehouse, web.MetricsOptions{Expected: p.Expectations, Version: p.Version, Now: p.Now}, p.Log)
	server, err := web.New(web.Options{
		Listen: "127.0.0.1:0", UserHeader: viewer, Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Jobs: jobs, Metrics: metrics.Handler(),
		Checks: []web.Check{{Name: "schema", Do: read.New(p.Warehouse.DB, p.Now).IsCurrent}},
	}, p.Log)
	if err != nil {
		return "", nil, err
	}
	reader, err := p.Warehouse.Reader(ctx)
	if err != nil {
		return "", nil, err
	}
	follow := func(ctx context.Context, q explain.Question) (explain.Explanation, error) {
		return explain.Number(ctx, reader, p.Vendors.Readers(), q)
	}
	pages.Add(server, read.New(reader.DB, p.Now), follow, p.Now, p.Log)
	if err := server.Listen(ctx); err != nil {
		reader.Close()
		return "", nil, err
	}
	serving, cancel := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- server.Serve(serving) }()
	at, err := url.Parse(server.URL())
	return at.Host, func() error { cancel(); defer reader.Close(); return <-served }, err
}

var (
	paths = []string{
		"/", "/coverage", "/day", "/days", "/failures", "/restatements", "/findings", "/runs", "/explain", "/schema", "/login", "/logout", "/healthz", "/readyz",
		"/metrics", "/assets/pages.js", "/assets/style.css", "/jobs/", "/jobs/api/jobs", "/jobs/api/jobs/1", "/jobs/api/queues", "/jobs/api/states",
		"/jobs/api/workflows", "/jobs/api/jobs/cancel", "/jobs/api/jobs/delete", "/jobs/api/queues/planted/pause", "/login/oidc", "/login/oidc/callback",
	}
	names = []string{
		"vendor", "account", "from", "to", "date", "year", "template", "label", "message_type", "country", "stage", "reason", "measure", "dataset", "category",
		"refresh", "format", "table", "state", "limit", "kinds", "queues", "ids", "sort", "order", "page", "offset",
	}
	likely = map[string][]string{
		"vendor": {"engagelab", "tencent", "huawei"}, "account": {"1400006874", "1400012345", "harbor_service", "harbor-home"}, "from": {"2026-10-01", "2026-11-16"},
		"to": {"2026-11-21", "2027-01-01"}, "date": {"2026-11-05", "2026-11-16", "2026-11-17", "2026-10-05"}, "year": {"2026", "2025"}, "stage": {"processing", "sending"},
		"measure": {"requested", "delivered", "pending"}, "format": {"csv", "json"}, "table": {"numbers", "days", "loads", "runs", "sources", "reasons"}, "refresh": {"no"},
		"dataset": {"stats_day", "send_status"}, "reason": {"power_off", "other"}, "category": {"other", "unmapped"}, "state": {"running", "completed"}, "limit": {"1", "20"},
	}
	marker  = `"><zq onzq='` + "\r\nX-Zq: 1"
	strange = []string{
		marker, "'; DROP TABLE sms.dim_date; --", "\x00", "\xff\xfe", "%00", "-1", "0", "1e9", "9223372036854775808", "2026-02-30", "0000-00-00", "10000-01-01", "2100-12-31", "1999-12-31",
		"../../etc/passwd", "{{.}}", "${jndi:x}", "\u202e", "\ufeff", "null", "[]", "*", "%", "_", "\\", "ａ", "true", " ", "\t", "=1+1", "//evil.example", "javascript:alert(1)",
	}
)

// target makes a path with parameters.
func target(dice *rand.Rand) (path, whole string) {
	path = pick(dice, paths...)
	if dice.IntN(10) == 0 {
		path += pick(dice, "/", "//", "/..", "/../../x", "%2e%2e", "%00", ";a", "/"+url.PathEscape(marker), repeat("/a", 500), "?", "#", "é", " ")
	}
	var parameters []string
	for range dice.IntN(6) {
		name := pick(dice, names...)
		value := url.QueryEscape(pick(dice, append(likely[name], "")...))
		switch dice.IntN(12) {
		case 0:
			value = url.QueryEscape(pick(dice, strange...))
		case 1:
			value = pick(dice, "%", "%zz", "a;b", "+", repeat("x", 201), repeat("%F0%9F%98%80", 60), repeat("9", 4000), "a=b=c", "<zq>")
		case 2:
			name = url.QueryEscape(pick(dice, strange...))
		}
		parameters = append(parameters, name+"="+value)
	}
	if len(parameters) > 0 {
		return path, path + "?" + strings.Join(parameters, "&")
	}
	return path, path
}

// ask sends a request, and looks at the answer.
func ask(ctx context.Context, t *turn, host string, dice *rand.Rand) error {
	path, whole := target(dice)
	method, version, body, isCut, isOdd := "GET", "HTTP/1.1", "", false, strings.ContainsAny(whole, " <\"é") || len(whole) > 3000
	headers := []string{"Host: " + host, "Connection: close"}
	if dice.IntN(10) > 0 {
		headers = append(headers, viewer+": "+pick(dice, "eve", "eve", "eve", url.QueryEscape(marker), "<zq>", repeat("e", 500)))
	}
	switch dice.IntN(8) {
	case 0:
		method = pick(dice, "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get", "BREW")
		if method != "HEAD" {
			body = pick(dice, "", "{}", `{"ids":["1","2"]}`, "name=eve&password="+url.QueryEscape(marker)+"&to=//evil.example", repeat("x", 2<<20), repeat("[", 1e5))
			headers = append(headers, "Content-Length: "+fmt.Sprint(len(body)), "Content-Type: "+pick(dice, "application/json", "application/x-www-form-urlencoded", "multipart/form-data", "<zq>"))
		}
	case 1, 2:
		headers = append(headers, pick(dice, "X-Forwarded-For: <zq>", "X-Forwarded-Host: evil.example", "Origin: http://evil.example", "Sec-Fetch-Site: cross-site", "Range: bytes=0-1,5-,-3", "If-None-Match: *",
			"Accept: text/html", "Accept: <zq>", "Accept-Encoding: gzip;q=0, br, *", "Cookie: session=<zq>; a=b; =;;", "Authorization: Bearer <zq>", "Authorization: Basic !!!", "Upgrade: h2c", "Expect: 100-continue",
			"X-HTTP-Method-Override: DELETE", viewer+": two", "If-Modified-Since: never", "Referer: <zq>"))
	case 3:
		isCut, isOdd = true, true
		headers = append(headers, pick(dice, "Host: twice", "X: \x00", "Content-Length: 5\r\nTransfer-Encoding: chunked", "Transfer-Encoding: x", "Content-Length: -1", "X-L: "+repeat("x", 40<<10), "no colon", "Expect: 100-continue\r\nContent-Length: 9"))
		version = pick(dice, "HTTP/1.1", "HTTP/1.0", "HTTP/1.1", "HTTP/7.0", "")
	case 4:
		headers[0] = "Host: " + pick(dice, "evil.example", "localhost", "[::1]", "127.0.0.1", "<zq>", "", "a:b:c", host+"@evil.example")
		isOdd = true
	}
	started := time.Now()
	got, err := shoot(ctx, host, []byte(method+" "+whole+" "+version+"\r\n"+strings.Join(headers, "\r\n")+"\r\n\r\n"+body), isCut)
	if err == nil {
		t.took(time.Since(started))
		look(t, fmt.Sprintf("%s %.300q %.300v", method, whole, headers[1:]), path, isOdd || len(body) > 1<<20, isCut, got)
	}
	return err
}

// staysHere says whether a redirect leads to another page of the same host.
func staysHere(location string) bool {
	to, err := url.Parse(location)
	return err == nil && to.Host == "" && to.Scheme == ""
}

// look says what is wrong with an answer. Where the request was none, net/http refuses it before any page: with no policy and no page.
func look(t *turn, asked, path string, isOdd, isCut bool, got answer) {
	h := got.header
	isRefused := isOdd && (got.status == 0 || h.Get("Content-Security-Policy") == "" && got.status >= http.StatusBadRequest)
	switch {
	case isRefused:
	case got.status == 0:
		t.wrongf("%.400s: no answer", asked)
	case got.status >= http.StatusInternalServerError && path != "/readyz" && !isCut:
		t.wrongf("%s: %d: %.300q", asked, got.status, got.body)
	case h.Get("Content-Security-Policy") == "" || h.Get("X-Content-Type-Options") != "nosniff":
		t.wrongf("%s: %d without a policy or nosniff", asked, got.status)
	case h.Get("X-Zq") != "" || strings.Contains(h.Get("Content-Type"), "html") && strings.Contains(got.body, "<zq"):
		t.wrongf("%s: %d: what was sent comes back as it is", asked, got.status)
	case h.Get("Location") != "" && !staysHere(h.Get("Location")):
		t.wrongf("%s: sent on to %s", asked, h.Get("Location"))
	}
}
