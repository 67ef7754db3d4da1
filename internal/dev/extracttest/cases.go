package extracttest

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"smsetl/internal/pack"
	"smsetl/sms"
)

// kinds are all kinds of error that cross rooms.
var kinds = []error{sms.ErrTemporary, sms.ErrMalformed, sms.ErrRefused, sms.ErrAccountDenied, sms.ErrSourceDenied}

// isOnly says whether err is of that kind and of no other, and does not claim that the caller's context ended.
func isOnly(err, kind error) bool {
	if kind != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
		return false
	}
	for _, k := range kinds {
		if errors.Is(err, k) != (k == kind) {
			return false
		}
	}
	return true
}

func (v Vendor) covers(t *testing.T) {
	b := v.always(t, v.Good)
	defer b.close()
	good, _, err := b.fetch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	type cell struct {
		dataset sms.Dataset
		day     sms.Day
	}
	times := make(map[cell]int)
	for _, p := range good {
		for d := range p.Window.Days() {
			times[cell{p.Dataset, d}]++
		}
	}
	for _, dataset := range v.Scope.Datasets {
		for d := range v.Scope.Window.Days() {
			if n := times[cell{dataset, d}]; n != 1 {
				t.Errorf("%s of %s was answered %d times", dataset, d, n)
			}
		}
	}
	for _, q := range b.asked {
		if q.Account != v.Scope.Account.ID || q.First < v.Scope.Window.First() || q.Last > v.Scope.Window.Last() || q.Last < q.First {
			t.Errorf("asked for %s %s/%s", q.Account, q.First, q.Last)
		}
	}
}

func (v Vendor) repeats(t *testing.T) {
	b := v.always(t, v.Good)
	defer b.close()
	first, _, err := b.fetch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	second, _, err := b.fetch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b.sameAs(first, second)
}

func (v Vendor) shares(t *testing.T) {
	want, _ := v.clean(t)
	b := v.always(t, v.Good)
	defer b.close()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			got, _, err := b.fetch(t.Context())
			if err != nil {
				t.Error(err)
			}
			b.sameAs(want, got)
		})
	}
	wg.Wait()
}

// faults are what a good server says on a bad day.
var faults = map[string]http.Handler{
	"500":             HTML(500),
	"502":             HTML(502),
	"503":             Say(503, "", "Retry-After", "0"),
	"429":             Say(429, `{"message":"too many requests"}`, "Content-Type", "application/json"),
	"page under 200":  HTML(200),
	"empty":           Say(200, ""),
	"null":            Say(200, "null"),
	"empty object":    Say(200, "{}"),
	"empty list":      Say(200, "[]"),
	"cut":             Cut(`{"result":[],"Response":{}}`),
	"cut chunks":      CutChunks(`{"result":[],"Response":{}}`),
	"close-delimited": CloseDelimited(`{"result":[],"count":0}`),
	"half an object":  Say(200, `{"result":[{"send_date":`),
	"junk behind":     Say(200, `{"result":[],"count":0}{"Response":{}}`),
	"not gzip":        Say(200, "{}", "Content-Encoding", "gzip"),
	"dropped":         Drop(),
	"stalled":         Stall(`{"result":[`),
	"no header":       Late(time.Minute, HTML(200)),
	"204":             Say(204, ""),
}

func (v Vendor) rude(t *testing.T) {
	want, calls := v.clean(t)
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			// The second request, so that there is a connection to break.
			b := v.on(t, func(n int) http.Handler {
				if n == 2 {
					return fault
				}
				return v.Good
			})
			defer b.close()
			good, _, err := b.fetch(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			b.sameAs(want, good)
			if got := b.calls(); got != calls+1 {
				t.Errorf("%d requests, want %d and the one tried again", got, calls)
			}
			if b.asked[1] != b.asked[2] || b.bodies[1] != b.bodies[2] {
				t.Errorf("the second try asked for something else: %q, then %q", b.bodies[1], b.bodies[2])
			}
		})
	}
}

// loop lets the n-th request fail, for every n until the fetch no longer gets that far: once for a moment, once for good.
func (v Vendor) loop(t *testing.T) {
	want, calls := v.clean(t)
	for name, fault := range map[string]http.Handler{"500": HTML(500), "dropped": Drop(), "cut": Cut(`{"result":[]}`)} {
		for n := 1; n <= calls+1; n++ {
			b := v.on(t, func(i int) http.Handler {
				if i == n {
					return fault
				}
				return v.Good
			})
			good, _, err := b.fetch(t.Context())
			if err != nil {
				t.Errorf("%s at request %d for a moment: %v", name, n, err)
			}
			b.sameAs(want, good)
			b.close()

			b = v.on(t, func(i int) http.Handler {
				if i >= n {
					return fault
				}
				return v.Good
			})
			good, _, err = b.fetch(t.Context())
			if isClean := n > calls; isClean != (err == nil) || !isClean && !isOnly(err, sms.ErrTemporary) {
				t.Errorf("%s from request %d on: %v", name, n, err)
			}
			if n <= calls && b.calls() != n-1+v.Tries {
				t.Errorf("%s from request %d on: %d requests, want %d tries of the last", name, n, b.calls(), v.Tries)
			}
			if len(good) > len(want) {
				t.Errorf("%s from request %d on: %d answers", name, n, len(good))
			}
			b.sameAs(want[:len(good)], good)
			b.close()
		}
	}
}

func (v Vendor) unkept(t *testing.T) {
	errFull := errors.New("the disk is full")
	for n := 1; ; n++ {
		b := v.always(t, v.Good)
		kept := 0
		err := b.source.Fetch(t.Context(), v.Scope, func(sms.Payload) error {
			if kept++; kept == n {
				return errFull
			}
			return nil
		})
		b.close()
		if err == nil && kept < n {
			return
		}
		if !errors.Is(err, errFull) || kept != n || !isOnly(err, nil) {
			t.Fatalf("answer %d cannot be kept: %v after %d answers, want that error and nothing more", n, err, kept)
		}
	}
}

func (v Vendor) kinds(t *testing.T) {
	tests := map[string]struct {
		answer http.Handler
		kind   error
		calls  int
	}{
		"final":           {v.Final("no"), v.FinalKind, 1},
		"redirect":        {http.RedirectHandler("/elsewhere", http.StatusFound), sms.ErrRefused, 1},
		"404":             {HTML(404), sms.ErrRefused, 1},
		"503":             {HTML(503), sms.ErrTemporary, v.Tries},
		"429":             {HTML(429), sms.ErrTemporary, v.Tries},
		"dropped":         {Drop(), sms.ErrTemporary, v.Tries},
		"page under 200":  {HTML(200), sms.ErrMalformed, 2}, // what is said twice is said for good
		"empty object":    {Say(200, "{}"), sms.ErrMalformed, 2},
		"close-delimited": {CloseDelimited(`{"result":[],"count":0}`), sms.ErrMalformed, 2},
		"asked to wait":   {Say(503, "", "Retry-After", "3600"), sms.ErrTemporary, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := v.always(t, tt.answer)
			defer b.close()
			good, refused, err := b.fetch(t.Context())
			if !isOnly(err, tt.kind) {
				t.Errorf("error %v, want the kind %q alone", err, tt.kind)
			}
			if len(good) > 0 || b.calls() != tt.calls {
				t.Errorf("%d answers after %d requests, want none after %d", len(good), b.calls(), tt.calls)
			}
			if name != "dropped" && len(refused) != tt.calls {
				t.Errorf("%d refused answers kept, want %d", len(refused), tt.calls)
			}
		})
	}
}

func (v Vendor) cancels(t *testing.T) {
	prompt := func(t *testing.T, b *bench, ctx context.Context, want error) {
		t.Helper()
		start := time.Now()
		_, _, err := b.fetch(ctx)
		if !errors.Is(err, want) || !isOnly(err, nil) {
			t.Errorf("error %v, want %v and no kind of ours", err, want)
		}
		if d := time.Since(start); d > time.Second {
			t.Errorf("took %s", d)
		}
	}
	t.Run("before", func(t *testing.T) {
		b := v.always(t, v.Good)
		defer b.close()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		prompt(t, b, ctx, context.Canceled)
		if b.calls() > 0 {
			t.Errorf("%d requests by a cancelled fetch", b.calls())
		}
	})
	for name, h := range map[string]http.Handler{
		"in a header": Late(time.Minute, v.Good), "in a body": Stall(`{"`),
		"between tries": Say(503, "", "Retry-After", "30"),
	} {
		t.Run(name, func(t *testing.T) {
			b := v.always(t, h)
			defer b.close()
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			prompt(t, b, ctx, context.DeadlineExceeded)
		})
	}
	t.Run("between answers", func(t *testing.T) {
		b := v.always(t, v.Good)
		defer b.close()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		n := 0
		_, calls := v.clean(t)
		err := b.source.Fetch(ctx, v.Scope, func(sms.Payload) error { n++; cancel(); return nil })
		if calls > 1 && !errors.Is(err, context.Canceled) || n > len(v.Scope.Datasets) || b.calls() >= calls && calls > 2 {
			t.Errorf("%v after %d answers and %d requests", err, n, b.calls())
		}
	})
}

func (v Vendor) checks(t *testing.T) {
	b := v.always(t, v.Good)
	defer b.close()
	ignore := func(sms.Payload) error { return nil }
	if err := b.source.Sample(t.Context(), v.Scope, ignore); err != nil || b.calls() == 0 {
		t.Errorf("%v after %d requests, want nil", err, b.calls())
	}
	denied := v.always(t, v.Final("no"))
	defer denied.close()
	if err := denied.source.Sample(t.Context(), v.Scope, ignore); !isOnly(err, v.FinalKind) || denied.calls() != 1 {
		t.Errorf("%v after %d requests, want %v after one", err, denied.calls(), v.FinalKind)
	}
}

// secrets lets servers repeat the request in their errors, as careless gateways do.
func (v Vendor) secrets(t *testing.T) {
	echo := func(with func(request string) http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			dump, _ := httputil.DumpRequest(r, true)
			text := string(dump) + strings.Join(forms(v.Secrets), " ")
			if _, password, ok := r.BasicAuth(); ok {
				text = password + " " + text
			}
			with(text).ServeHTTP(w, r)
		})
	}
	servers := map[string]http.Handler{
		"final error": echo(v.Final),
		"redirect": echo(func(s string) http.Handler {
			return Say(302, s, "Location", "https://"+hex.EncodeToString([]byte(v.Secrets[0]))+".example.com/?"+url.QueryEscape(s))
		}),
		"echo in a header": echo(func(s string) http.Handler {
			return Say(503, "", "Retry-After", url.QueryEscape(s), "X-Request-Id", url.QueryEscape(s))
		}),
		"encoding": echo(func(string) http.Handler { return Say(200, "{}", "Content-Encoding", v.Secrets[0]) }),
		"key":      echo(func(string) http.Handler { return Say(200, fmt.Sprintf(`{%q:`, v.Secrets[0])) }),
	}
	for _, status := range []int{200, 400, 401, 403, 404, 500, 502} {
		servers[fmt.Sprintf("page under %d", status)] = echo(func(s string) http.Handler { return Say(status, "<pre>"+s+"</pre>") })
		servers[fmt.Sprintf("code under %d", status)] = echo(func(s string) http.Handler {
			return Say(status, fmt.Sprintf(`{"code":%q,"message":%q}`, v.Secrets[0], s))
		})
	}
	for name, h := range servers {
		t.Run(name, func(t *testing.T) {
			b := v.always(t, h)
			defer b.close()
			good, refused, err := b.fetch(t.Context())
			if err == nil {
				t.Fatal("no error")
			}
			b.holdsNone("the error", err.Error())
			sampled := b.source.Sample(t.Context(), v.Scope, func(sms.Payload) error { return nil })
			b.holdsNone("the error of Sample", fmt.Sprintf("%+v", sampled))
			for _, p := range append(good, refused...) {
				b.holdsNone("a payload", fmt.Sprintf("%+v", p))
				b.holdsNone("a payload's body", unpacked(p))
			}
			for _, line := range b.logs.All() {
				b.holdsNone("a log line", fmt.Sprintf("%s %v", line.Message, line.ContextMap()))
			}
		})
	}
	b := v.always(t, v.Good)
	defer b.close()
	b.server.Close() // nobody there
	_, _, err := b.fetch(t.Context())
	b.holdsNone("the error", fmt.Sprintf("%+v", err))
	b.holdsNone("the client", fmt.Sprint(b.source))
}

func (b *bench) holdsNone(what, text string) {
	b.t.Helper()
	for _, f := range forms(b.vendor.Secrets) {
		if strings.Contains(text, f) {
			b.t.Errorf("%q stands in %s: %.300q", f, what, text)
			return
		}
	}
}

func forms(secrets []string) []string {
	var all []string
	for _, s := range secrets {
		all = append(all, s, base64.StdEncoding.EncodeToString([]byte(s)), base64.RawURLEncoding.EncodeToString([]byte(s)),
			hex.EncodeToString([]byte(s)), strings.ToUpper(hex.EncodeToString([]byte(s))), url.QueryEscape(s), url.PathEscape(s))
	}
	return all
}

func unpacked(p sms.Payload) string {
	r, err := pack.Open(p.Body)
	if err != nil {
		return ""
	}
	defer r.Close()
	b, _ := io.ReadAll(r)
	return string(b)
}
