// Package lineage tells a collector of OpenLineage which loads there were: a START event when one begins, and COMPLETE, FAIL or ABORT
// after its transaction has ended. No load waits for it and none fails over it: events wait in a bounded queue, and one that
// the collector does not take is counted and lost. The form is that of https://openlineage.io/spec/2-0-2/OpenLineage.json.
package lineage

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
)

// Options say where events go. Zero values but the addresses are replaced by the defaults, which are those of the standard's own clients.
type Options struct {
	URL       string // of the collector, without the path
	Endpoint  string // the path; default api/v1/lineage
	Key       string // a bearer token; empty for none
	Namespace string // of the jobs; default "default"
	// Server is the warehouse's address, postgres://host:port, and Database its name: they name the tables that are filled.
	Server, Database string
	Timeout          time.Duration // of one call, and of the events that are left at the end; default 5 s
	Queue            int           // how many events wait at most; default 1,000
}

// Sender sends events, one after the other, while somebody works for it. A nil Sender sends none.
type Sender struct {
	options Options
	address string
	client  *http.Client
	log     *zap.Logger

	queue        chan event
	closing      sync.Once
	ended        chan struct{}      // closed when Work has ended
	untilStopped context.Context    //nolint:containedctx // of the calls
	stop         context.CancelFunc // of untilStopped
	lost         atomic.Int64
}

// New gives a Sender, for which somebody has to Work, and which is to be closed. The error is an address that is none; it does not show it.
func New(options Options, log *zap.Logger) (*Sender, error) {
	u, err := url.Parse(options.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("lineage: OPENLINEAGE_URL is no address: want http or https, and a host")
	}
	options.Endpoint = strings.TrimPrefix(cmp.Or(options.Endpoint, "api/v1/lineage"), "/")
	options.Namespace = cmp.Or(options.Namespace, "default")
	options.Timeout = cmp.Or(options.Timeout, 5*time.Second)
	untilStopped, stop := context.WithCancel(context.Background())
	s := &Sender{
		options: options, address: u.JoinPath(options.Endpoint).String(), log: log.Named("lineage"),
		client: &http.Client{Timeout: options.Timeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		queue:  make(chan event, cmp.Or(options.Queue, 1000)), ended: make(chan struct{}),
		untilStopped: untilStopped, stop: stop,
	}
	return s, nil
}

// Lost counts the events that did not reach the collector.
func (s *Sender) Lost() int64 {
	if s == nil {
		return 0
	}
	return s.lost.Load()
}

// Close sends what waits, for as long as one call may take, and counts the rest as lost. Nothing may be sent after it.
func (s *Sender) Close() {
	if s == nil {
		return
	}
	s.closing.Do(func() {
		close(s.queue)
		timer := time.AfterFunc(s.options.Timeout, s.stop)
		<-s.ended
		timer.Stop()
		s.stop()
		s.client.CloseIdleConnections()
		if n := s.Lost(); n > 0 {
			s.log.Warn("lineage events lost", zap.Int64("lost", n))
		}
	})
}

// send puts an event into the queue, if there is room.
func (s *Sender) send(e event) {
	select {
	case s.queue <- e:
	default:
		s.lose(errors.New("too many wait"))
	}
}

// lose counts an event. The first one is logged and then every thousandth: a collector that is down for a night is no news each second.
func (s *Sender) lose(err error) {
	if n := s.lost.Add(1); n%1000 == 1 {
		s.log.Warn("lineage event lost", zap.Int64("lost", n), zap.Error(err))
	}
}

// Work sends what is put into the queue until the Sender is closed. It is called once.
func (s *Sender) Work() {
	defer close(s.ended)
	for e := range s.queue {
		if err := s.post(s.untilStopped, e); err != nil {
			s.lose(err)
		}
	}
}

// post sends one event. Only an answer of 2xx took it.
func (s *Sender) post(ctx context.Context, e event) error {
	body, err := json.Marshal(e)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	if s.options.Key != "" {
		request.Header.Set("Authorization", "Bearer "+s.options.Key)
	}
	answer, err := s.client.Do(request)
	if at, ok := errors.AsType[*url.Error](err); ok {
		return at.Err // without the address, in which a password may stand
	}
	if err != nil {
		return err
	}
	if err := answer.Body.Close(); err != nil {
		return err
	}
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return fmt.Errorf("status %d", answer.StatusCode)
	}
	return nil
}
