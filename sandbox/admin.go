package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Admin serves what no vendor would show, as JSON:
//
//	GET  /truth?from=&to=[&vendor=&account=&zone=&at=]   the ground truth
//	GET  /counters, DELETE /counters                     calls, faults, breaches, bytes
//	GET  /rates                                          the pace of each caller
//	GET  /arrivals                                       each call that met a limit
//	GET  /faults, PUT /faults, DELETE /faults            {"chance":{"reset":0.3},"seed":1,"delay":"2s"}
//	GET  /clock, PUT /clock                              {"now":"2026-01-01T00:00:00+08:00"} or {"advance":"24h"} or {"now":null}
//	GET  /restatements, POST /restatements               one Restatement
func (s *Sandbox) Admin() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /truth", s.adminTruth)
	mux.HandleFunc("GET /counters", func(w http.ResponseWriter, _ *http.Request) { show(w, s.Counters()) })
	mux.HandleFunc("DELETE /counters", func(w http.ResponseWriter, _ *http.Request) {
		s.ResetCounters()
		show(w, s.Counters())
	})
	mux.HandleFunc("GET /rates", func(w http.ResponseWriter, _ *http.Request) { show(w, s.Rates(time.Time{})) })
	mux.HandleFunc("GET /arrivals", func(w http.ResponseWriter, _ *http.Request) { show(w, s.Arrivals()) })
	mux.HandleFunc("GET /faults", func(w http.ResponseWriter, _ *http.Request) { show(w, wireOf(s.Faults())) })
	mux.HandleFunc("PUT /faults", s.adminFaults)
	mux.HandleFunc("DELETE /faults", func(w http.ResponseWriter, _ *http.Request) {
		s.SetFaults(Faults{})
		show(w, wireOf(s.Faults()))
	})
	mux.HandleFunc("GET /clock", func(w http.ResponseWriter, _ *http.Request) { show(w, clockAnswer{s.Now()}) })
	mux.HandleFunc("PUT /clock", s.adminClock)
	mux.HandleFunc("GET /restatements", func(w http.ResponseWriter, _ *http.Request) { show(w, s.Restatements()) })
	mux.HandleFunc("POST /restatements", s.adminRestate)
	return mux
}

func (s *Sandbox) adminTruth(w http.ResponseWriter, r *http.Request) {
	p := r.URL.Query()
	q := Query{
		From: p.Get("from"), To: p.Get("to"), At: s.Now(),
		Vendor: p.Get("vendor"), Account: p.Get("account"), Zone: p.Get("zone"),
	}
	if at := p.Get("at"); at != "" {
		var err error
		if q.At, err = time.Parse(time.RFC3339, at); err != nil {
			complain(w, fmt.Errorf("at: %w", err))
			return
		}
	}
	truth, err := s.TruthOf(q)
	if err != nil {
		complain(w, err)
		return
	}
	show(w, truth)
}

// wireFaults is Faults as JSON, with the delay as text.
type wireFaults struct {
	Seed    uint64            `json:"seed"`
	Chance  map[Fault]float64 `json:"chance"`
	Vendor  string            `json:"vendor,omitempty"`
	Account string            `json:"account,omitempty"`
	Delay   string            `json:"delay,omitempty"`
}

func wireOf(f Faults) wireFaults {
	wire := wireFaults{Seed: f.Seed, Chance: f.Chance, Vendor: f.Vendor, Account: f.Account}
	if wire.Chance == nil {
		wire.Chance = map[Fault]float64{}
	}
	if f.Delay > 0 {
		wire.Delay = f.Delay.String()
	}
	return wire
}

func (s *Sandbox) adminFaults(w http.ResponseWriter, r *http.Request) {
	var wire wireFaults
	if err := readJSON(r, &wire); err != nil {
		complain(w, err)
		return
	}
	f := Faults{Seed: wire.Seed, Chance: wire.Chance, Vendor: wire.Vendor, Account: wire.Account}
	if wire.Delay != "" {
		var err error
		if f.Delay, err = time.ParseDuration(wire.Delay); err != nil {
			complain(w, err)
			return
		}
	}
	for fault := range f.Chance {
		if !fault.isKnown() {
			complain(w, fmt.Errorf("no such fault %q: there are %v", fault, AllFaults()))
			return
		}
	}
	s.SetFaults(f)
	show(w, wireOf(s.Faults()))
}

type clockAnswer struct {
	Now time.Time `json:"now"`
}

// clockOrder moves the clock. A "now" that is null lets it run.
type clockOrder struct {
	Now     json.RawMessage `json:"now"`
	Advance string          `json:"advance"`
}

func (s *Sandbox) adminClock(w http.ResponseWriter, r *http.Request) {
	var order clockOrder
	if err := readJSON(r, &order); err != nil {
		complain(w, err)
		return
	}
	switch {
	case order.Advance != "":
		d, err := time.ParseDuration(order.Advance)
		if err != nil {
			complain(w, err)
			return
		}
		s.Advance(d)
	case order.Now != nil:
		var now *time.Time
		if err := json.Unmarshal(order.Now, &now); err != nil {
			complain(w, err)
			return
		}
		if now == nil {
			now = &time.Time{}
		}
		s.SetNow(*now)
	default:
		complain(w, errors.New("want now or advance"))
		return
	}
	show(w, clockAnswer{s.Now()})
}

func (s *Sandbox) adminRestate(w http.ResponseWriter, r *http.Request) {
	var restatement Restatement
	if err := readJSON(r, &restatement); err != nil {
		complain(w, err)
		return
	}
	if err := s.Restate(restatement); err != nil {
		complain(w, err)
		return
	}
	show(w, s.Restatements())
}

func readJSON(r *http.Request, into any) error {
	d := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 1<<20))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

func show(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", asJSON)
	json.NewEncoder(w).Encode(v) //nolint:errchkjson // a client that left has no use for an error
}

func complain(w http.ResponseWriter, err error) {
	http.Error(w, err.Error(), http.StatusBadRequest)
}
