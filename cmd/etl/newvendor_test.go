package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/zap"

	"smsetl/config"
	"smsetl/extract"
	"smsetl/internal/dev/pgtest"
	"smsetl/internal/pack"
	"smsetl/sms"
	"smsetl/transform"
	"smsetl/vendors"
)

// pigeons are a vendor that nothing knows but this file: what it is, how it is asked, what its answers mean.
var pigeons = vendors.Vendor{
	Vendor: config.Vendor{
		Spec: sms.Spec{
			Name: "pigeons", Title: "Pigeon Post",
			Datasets: []sms.DatasetSpec{
				{Name: "flights", Facts: sms.Facts{Delivery: true}},
				{Name: "losses", Facts: sms.Facts{Sending: true}},
			},
			Support: []sms.MetricSupport{
				{Measure: "requested", Support: sms.Stated, Formula: "sent", Unit: "messages"},
				{Measure: "delivered", Support: sms.Derived, Formula: "sent - hawk", Unit: "messages"},
				{Measure: "sending_failures", Support: sms.Stated, Formula: "hawk", Unit: "messages", Note: "Hawks."},
			},
		},
		New: func() config.Settings { return &loft{} }, ChunkDays: 30, Rate: 1000, MaxRate: 1000,
	},
	Reader: transform.Reader{Read: readPigeons},
	Connect: func(s config.Settings, o extract.Options, _ *zap.Logger) (vendors.Client, error) {
		return &pigeonClient{baseURL: o.BaseURL, loft: s.(*loft).name, now: o.Now}, nil
	},
	Caller:   func(s config.Settings) string { return s.(*loft).name },
	Limiter:  func(perSecond float64) *extract.Limiter { return extract.NewLimiter(perSecond, 0) },
	Parallel: 1,
}

type loft struct{ name string }

func (l *loft) Keys() []config.Key {
	return []config.Key{{Name: "loft", Required: true, Read: config.By(func(v config.Value) error { l.name = v.Text; return nil })}}
}

func (l *loft) Accounts() []string  { return []string{l.name} }
func (l *loft) CallsPerWindow() int { return 1 }

// flight is a row of an answer of either dataset.
type flight struct {
	Day  string `json:"day"`
	Sent int64  `json:"sent"`
	Hawk int64  `json:"hawk"`
}

func readPigeons(d *transform.Draft, answers []sms.Payload) error {
	hawk := &sms.Reason{Code: "hawk", Stage: sms.Sending, Category: sms.CarrierNetwork}
	for _, p := range answers {
		body, err := pack.Unpack(p.Body)
		if err != nil {
			return err
		}
		var rows []flight
		if err := json.Unmarshal(body, &rows); err != nil {
			return fmt.Errorf("%w: %w", sms.ErrMalformed, err)
		}
		none := sms.NotReported
		for _, row := range rows {
			day, err := sms.ParseDay(row.Day)
			if err != nil {
				return fmt.Errorf("%w: %w", sms.ErrMalformed, err)
			}
			g := sms.Grain{Day: day, Template: none, Label: none, MessageType: none, Country: none}
			if p.Dataset == "losses" {
				d.AddFailure(&g, hawk, sms.Reported(row.Hawk))
				continue
			}
			d.AddDelivery(&g, &sms.Measures{Requested: sms.Reported(row.Sent), Delivered: sms.Reported(row.Sent - row.Hawk)})
		}
	}
	return nil
}

type pigeonClient struct {
	baseURL, loft string
	now           func() time.Time
}

func (c *pigeonClient) Fetch(ctx context.Context, scope sms.Scope, emit func(sms.Payload) error) error {
	for _, dataset := range scope.Datasets {
		url := fmt.Sprintf("%s/%s/%s?from=%s&to=%s", c.baseURL, c.loft, dataset, scope.Window.First(), scope.Window.Last())
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
		if err != nil {
			return err
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return fmt.Errorf("%w: %w", sms.ErrTemporary, err)
		}
		body, err := io.ReadAll(answer.Body)
		if err := errors.Join(err, answer.Body.Close()); err != nil {
			return fmt.Errorf("%w: %w", sms.ErrTemporary, err)
		}
		err = emit(sms.Payload{
			Account: scope.Account, Dataset: dataset, Window: scope.Window, FetchedAt: c.now(), Status: answer.StatusCode,
			Request: sms.Request{Method: http.MethodGet, URL: url}, Body: pack.Bytes(body),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *pigeonClient) Sample(ctx context.Context, scope sms.Scope, emit func(sms.Payload) error) error {
	return c.Fetch(ctx, scope, emit)
}

func (c *pigeonClient) Questions(sms.Account, sms.Day) []extract.Question { return nil }

// A vendor is one entry of the list. With it the schema gets its rows, and its days come from its answers into the facts.
func TestVendorThatIsNew(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		first, errFirst := sms.ParseDay(r.FormValue("from"))
		last, errLast := sms.ParseDay(r.FormValue("to"))
		if err := errors.Join(errFirst, errLast); err != nil {
			t.Error(err)
		}
		rows := []flight{}
		for day := first; day <= last; day++ {
			rows = append(rows, flight{day.String(), 100, 3})
		}
		if err := json.NewEncoder(w).Encode(rows); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	url, config := pgtest.New(t), filepath.Join(t.TempDir(), "schedules.yaml")
	text := fmt.Sprintf(`sources:
  - {name: coo, vendor: pigeons, loft: north, base_url: %q, history_start: "2026-11-01", settle_days: 0, pending_days: 0}
`, server.URL)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	env := environment{
		vendors: append(slices.Clone(vendors.All), pigeons),
		lookup:  func(name string) (string, bool) { return url, name == "DATABASE_URL" }, read: os.ReadFile,
	}
	etl := func(arguments ...string) {
		t.Helper()
		var out bytes.Buffer
		if code := run(t.Context(), arguments, env, &out, &out); code != exitOK {
			t.Fatalf("%v: exit %d\n%s", arguments, code, &out)
		}
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	one := func(query, want string) {
		t.Helper()
		var got string
		if err := conn.QueryRow(t.Context(), query).Scan(&got); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", query, got, err, want)
		}
	}
	versions := func() (all string) {
		err := conn.QueryRow(t.Context(), `
			SELECT string_agg(t, ' ' ORDER BY t)
			FROM (SELECT ctid::text || xmin || xmax FROM sms.dim_vendor UNION ALL SELECT ctid::text || xmin || xmax FROM etl.dataset
			      UNION ALL SELECT ctid::text || xmin || xmax FROM sms.metric_support
			      UNION ALL SELECT ctid::text || xmin || xmax FROM sms.dim_message_type) AS v (t)`).Scan(&all)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	etl("migrate", "up")
	one(`SELECT vendor_key || ' ' || name FROM sms.dim_vendor WHERE vendor = 'pigeons'`, "4 Pigeon Post")
	one(`SELECT string_agg(concat_ws(' ', dataset, fills_delivery, owns_delivery, stage), ', ' ORDER BY dataset)
	     FROM etl.dataset WHERE vendor_key = 4`, "flights t t, losses f f sending")
	before := versions()
	etl("migrate", "up")
	if before != versions() {
		t.Error("rows that are as they should be are written again")
	}
	etl(append([]string{"run", "--config", config}, at(today)...)...)
	one(`SELECT concat_ws(' ', count(*), sum(requested), sum(delivered)) FROM sms.delivery_daily WHERE vendor = 'pigeons'`,
		daysOf("2026-11-01", 100, 97))
	one(`SELECT concat_ws(' ', count(*), sum(messages), min(reason)) FROM sms.failure_daily WHERE vendor = 'pigeons'`,
		daysOf("2026-11-01", 3)+" hawk")
	one(`SELECT string_agg(DISTINCT dataset || ' ' || state, ', ') FROM sms.coverage_daily
	     WHERE vendor = 'pigeons' AND send_date < '2026-11-22'`, "flights final, losses final")
}

// daysOf gives how many days there are from the first one to yesterday, and what numbers of each day come to.
func daysOf(first string, each ...int) string {
	day, err := sms.ParseDay(first)
	if err != nil {
		panic(err)
	}
	n := int(sms.DayOf(today) - day)
	words := []string{fmt.Sprint(n)}
	for _, number := range each {
		words = append(words, fmt.Sprint(n*number))
	}
	return strings.Join(words, " ")
}
