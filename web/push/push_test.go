package push_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"smsetl/extract/huawei"
	"smsetl/load/messages"
	played "smsetl/sandbox/huawei"
	"smsetl/web/push"
)

// noon is when everything happens.
var noon = time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)

// shelf keeps pushes in memory.
type shelf struct {
	mu   sync.Mutex
	kept map[string]messages.Push
	err  error
	wait chan struct{} // nil: nobody waits
}

func (s *shelf) Keep(ctx context.Context, p messages.Push) (bool, error) {
	if s.wait != nil {
		select {
		case <-s.wait:
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return false, s.err
	}
	_, known := s.kept[p.Body.Hash.String()]
	s.kept[p.Body.Hash.String()] = p
	return !known, nil
}

func (s *shelf) Listening(context.Context, string, time.Time) error { return nil }

// listener is a server with a signed, a secret and an open endpoint.
type listener struct {
	t       *testing.T
	shelf   *shelf
	server  *httptest.Server
	counted map[push.Outcome]int
	logs    *observer.ObservedLogs
	mu      sync.Mutex
}

const (
	access = "AKPUSH"
	secret = "a secret of the tests"
	path   = "0123456789abcdef"
)

func newListener(t *testing.T, perSecond float64) *listener {
	t.Helper()
	l := &listener{t: t, shelf: &shelf{kept: map[string]messages.Push{}}, counted: map[push.Outcome]int{}}
	core, logs := observer.New(zap.DebugLevel)
	l.logs = logs
	s := push.New(l.shelf, push.Options{
		MaxPerSecond: perSecond, Now: func() time.Time { return noon },
		Counted: func(_ string, o push.Outcome, _ int64) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.counted[o]++
		},
	}, zap.New(core))
	reader, err := huawei.New(huawei.Options{Source: "main", Key: []byte("a key of the tests, 32 bytes long")})
	if err != nil {
		t.Fatal(err)
	}
	s.SetEndpoints(map[string]push.Endpoint{
		"signed": {Verifier: &huawei.Verifier{AccessKey: access, SecretKey: secret}, Reader: reader},
		"secret": {Secret: path, Reader: reader},
		"open":   {Reader: reader},
	})
	l.server = httptest.NewServer(s.Handler())
	t.Cleanup(l.server.Close)
	return l
}

// post pushes and gives the status. The body of the answer has to be empty when the push was taken.
func (l *listener) post(to, contentType, body string, change ...func(*http.Request)) int {
	l.t.Helper()
	r, err := http.NewRequestWithContext(l.t.Context(), http.MethodPost, l.server.URL+push.Path+to, strings.NewReader(body))
	if err != nil {
		l.t.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	for _, c := range change {
		c(r)
	}
	return l.do(r)
}

func (l *listener) do(r *http.Request) int {
	l.t.Helper()
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		l.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	if answer.StatusCode == http.StatusOK && len(text) > 0 {
		l.t.Errorf("the answer says %q", text)
	}
	return answer.StatusCode
}

const (
	form   = "application/x-www-form-urlencoded"
	report = "smsMsgId=m1&status=DELIVRD&source=2&total=1&sequence=1&to=%2B8613800138000&extend=8613800138000&odd=1"
)

func TestPushesAreTakenOrRefused(t *testing.T) {
	t.Parallel()
	l := newListener(t, 1000)
	for _, test := range []struct {
		name, to, contentType, body string
		want                        int
		outcome                     push.Outcome
	}{
		{"secret path", "secret/" + path, form, report, 200, push.Kept},
		{"once more", "secret/" + path, form, report, 200, push.Repeated},
		{"no secret", "secret", form, report, 404, push.WrongAddress},
		{"another secret", "secret/" + path + "0", form, report, 404, push.WrongAddress},
		{"a secret too many", "open/" + path, form, report, 404, push.WrongAddress},
		{"nobody's source", "nobody", form, report, 404, push.WrongAddress},
		{"unsigned", "signed", form, report, 401, push.WrongSignature},
		{"no report", "open", form, "hello=world", 400, push.Unreadable},
		{"another type", "open", "text/plain", report, 400, push.Unreadable},
		{"too large", "open", form, report + strings.Repeat("x", huawei.MaxPush), 413, push.TooLarge},
	} {
		before := l.counted[test.outcome]
		if got := l.post(test.to, test.contentType, test.body); got != test.want {
			t.Errorf("%s: %d, want %d", test.name, got, test.want)
		}
		if l.counted[test.outcome] != before+1 {
			t.Errorf("%s: not counted as %s: %v", test.name, test.outcome, l.counted)
		}
	}
	// One without a length is cut where it becomes too large.
	if got := l.post("open", form, "", func(r *http.Request) {
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(report+strings.Repeat("x", huawei.MaxPush))), -1
	}); got != 413 {
		t.Errorf("a long body without a length: %d", got)
	}
	if len(l.shelf.kept) != 1 {
		t.Errorf("%d pushes are kept, want 1", len(l.shelf.kept))
	}
	for _, p := range l.shelf.kept {
		if p.IsSigned || p.Source != "secret" || p.Reports != 1 || !p.ReceivedAt.Equal(noon) {
			t.Errorf("kept: %+v", p)
		}
	}
	for _, e := range l.logs.All() {
		text := e.Message
		for _, f := range e.Context {
			text += " " + f.Key + "=" + f.String
			if err, isError := f.Interface.(error); isError {
				text += err.Error()
			}
		}
		for _, private := range []string{"13800138000", path, secret} {
			if strings.Contains(text, private) {
				t.Errorf("the log holds %q: %s", private, text)
			}
		}
	}
	if l.logs.FilterMessage("reports have a field that nobody knows").FilterField(zap.String("field", "odd")).Len() != 1 {
		t.Error("the log does not tell of the unknown field")
	}
	l.shelf.err = errors.New("the database is away")
	if got := l.post("open", form, strings.Replace(report, "m1", "m2", 1)); got != 503 {
		t.Errorf("without a database: %d, want 503", got)
	}
}

// Of genuine, forged, altered and replayed pushes the genuine ones are taken, and no others.
func TestSignaturesDecide(t *testing.T) {
	t.Parallel()
	l := newListener(t, 100_000)
	console := played.NewConsole(played.ConsoleOptions{Days: 1, PerDay: 30})
	pushes := console.Push(played.Pushes{
		From: console.First(), To: console.Last().Add(100 * time.Hour), Shuffled: true, Extend: true, Forged: 60, Altered: 40, Replayed: 40,
	})
	want := map[push.Outcome]int{}
	for i := range pushes {
		p := &pushes[i]
		signedAt := noon
		if p.Trick == played.Replayed {
			signedAt = noon.Add(-time.Hour)
		}
		p.At = signedAt
		r, err := p.Request(t.Context(), l.server.URL+push.Path+"signed", access, secret)
		if err != nil {
			t.Fatal(err)
		}
		status, outcome := 401, push.WrongSignature
		if p.Trick == played.Genuine {
			status, outcome = 200, push.Kept
		}
		want[outcome]++
		if got := l.do(r); got != status {
			t.Errorf("a push that is %q: %d, want %d", p.Trick, got, status)
		}
	}
	if diff := cmp.Diff(want, l.counted); diff != "" {
		t.Errorf("counted (-want +got):\n%s", diff)
	}
	for _, p := range l.shelf.kept {
		if !p.IsSigned {
			t.Errorf("kept as a hint: %+v", p)
		}
	}
}

// An address that pushes too fast is told so, and with every place taken a push is told to come again.
func TestPushesAreBounded(t *testing.T) {
	t.Parallel()
	l := newListener(t, 5)
	statuses := map[int]int{}
	for i := range 20 {
		statuses[l.post("open", form, strings.Replace(report, "m1", "m"+string(rune('a'+i)), 1))]++
	}
	if statuses[200] < 5 || statuses[429] == 0 {
		t.Errorf("20 pushes at 5 a second: %v", statuses)
	}

	full := newListener(t, 100_000)
	full.shelf.wait = make(chan struct{})
	var all sync.WaitGroup
	var mu sync.Mutex
	got := map[int]int{}
	for i := range 80 { // 64 of them have a place
		all.Go(func() {
			body := strings.Replace(report, "m1", fmt.Sprint("n", i), 1)
			answer, err := http.Post(full.server.URL+push.Path+"open", form, strings.NewReader(body))
			if err != nil {
				t.Error(err)
				return
			}
			answer.Body.Close()
			mu.Lock()
			defer mu.Unlock()
			if got[answer.StatusCode]++; got[503] == 1 && answer.StatusCode == 503 {
				close(full.shelf.wait)
			}
		})
	}
	all.Wait()
	if got[503] == 0 || got[200] < 64 {
		t.Errorf("80 pushes at once: %v", got)
	}
}
