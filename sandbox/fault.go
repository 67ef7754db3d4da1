package sandbox

import (
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Fault names a way in which a vendor can be rude.
type Fault string

// The faults. Those marked EngageLab need rows with a date and a user, which Tencent's sums do not have.
const (
	Status500       Fault = "status_500"       // 500 with an HTML page
	Status502       Fault = "status_502"       // 502 with an HTML page
	Status503       Fault = "status_503"       // 503 with a JSON error
	Status429       Fault = "status_429"       // 429
	Status429Later  Fault = "status_429_later" // 429 with Retry-After: 1
	Reset           Fault = "reset"            // the connection is reset before a byte is sent
	CutLength       Fault = "cut_length"       // half of the body that Content-Length promised
	CutChunked      Fault = "cut_chunked"      // half of a chunked body, without the last chunk
	CutClosed       Fault = "cut_closed"       // half of a body that ends where the connection closes
	ErrorUnder200   Fault = "error_under_200"  // 200 with an error as the vendor words it
	HTMLUnder200    Fault = "html_under_200"   // 200 with an HTML page
	EmptyBody       Fault = "empty_body"       // 200 with no byte at all
	EmptyResult     Fault = "empty_result"     // no rows where there are some; Tencent: no statistics object
	NullResult      Fault = "null_result"      // null in place of the rows or the statistics object
	NullCounts      Fault = "null_counts"      // null in place of every number
	OtherDays       Fault = "other_days"       // EngageLab: the rows stand under days that were not asked for
	OtherUsers      Fault = "other_users"      // EngageLab: the rows are another user's
	DuplicateRows   Fault = "duplicate_rows"   // EngageLab: rows stand twice, and count agrees
	CountMismatch   Fault = "count_mismatch"   // EngageLab: the last row is missing, and count does not agree
	TrailingJunk    Fault = "trailing_junk"    // a second document after the first
	Slow            Fault = "slow"             // the right answer after Faults.Delay
	Redirected      Fault = "redirected"       // 307 to another host
	GzipBomb        Fault = "gzip_bomb"        // 100 KB that unpack to 96 MiB, to those who accept gzip
	nothing         Fault = ""                 // the honest answer
	defaultSlowness       = 2 * time.Second    // of Slow when Faults.Delay is 0
)

// AllFaults lists the faults in the order in which they are tried.
func AllFaults() []Fault {
	return []Fault{
		Status500, Status502, Status503, Status429, Status429Later, Reset, CutLength, CutChunked, CutClosed,
		ErrorUnder200, HTMLUnder200, EmptyBody, EmptyResult, NullResult, NullCounts, OtherDays, OtherUsers, DuplicateRows,
		CountMismatch, TrailingJunk, Slow, Redirected, GzipBomb,
	}
}

// Faults says which faults happen, and how often. The zero Faults is good manners.
//
// Whether the n-th try of a request is hit depends on the seed, the request and n alone, so that a run repeats itself
// however many requests are under way at once.
type Faults struct {
	Seed    uint64
	Chance  map[Fault]float64 // 0 to 1, for each right request
	Vendor  string            // "" for both
	Account string            // "" for all
	Delay   time.Duration     // of Slow; 0 for 2 s
}

// faultBox decides about faults and counts them.
type faultBox struct {
	mu    sync.Mutex
	set   Faults
	tries map[uint64]uint64
	fired map[Fault]int64
}

// SetFaults replaces the faults from now on. Tries are counted from 0 again; the fired ones are not forgotten.
func (s *Sandbox) SetFaults(f Faults) {
	f.Chance = maps.Clone(f.Chance)
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.set, s.faults.tries = f, nil
}

// Faults gives the faults that are set.
func (s *Sandbox) Faults() Faults {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	f := s.faults.set
	f.Chance = maps.Clone(f.Chance)
	return f
}

// draw gives the faults that a request meets, first the one to try first. Most can be met by every request, some only where
// there is a row to spoil: then the next one has its turn.
func (b *faultBox) draw(vendor, account, request string) []Fault {
	b.mu.Lock()
	defer b.mu.Unlock()
	f := b.set
	if len(f.Chance) == 0 || f.Vendor != "" && f.Vendor != vendor || f.Account != "" && f.Account != account {
		return nil
	}
	h := fnv.New64a()
	h.Write([]byte(vendor + "\n" + account + "\n" + request))
	key := h.Sum64()
	if b.tries == nil {
		b.tries = map[uint64]uint64{}
	}
	b.tries[key]++
	dice := rand.New(rand.NewPCG(f.Seed^key, b.tries[key]))
	var met []Fault
	for _, kind := range AllFaults() {
		if dice.Float64() < f.Chance[kind] {
			met = append(met, kind)
		}
	}
	// With several faults at once each of them gets its turn, not always the first of the list.
	dice.Shuffle(len(met), func(i, j int) { met[i], met[j] = met[j], met[i] })
	return met
}

func (b *faultBox) count(f Fault) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fired == nil {
		b.fired = map[Fault]int64{}
	}
	b.fired[f]++
}

func (b *faultBox) delay() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.set.Delay > 0 {
		return b.set.Delay
	}
	return defaultSlowness
}

// isKnown says whether there is such a fault.
func (f Fault) isKnown() bool { return slices.Contains(AllFaults(), f) }
