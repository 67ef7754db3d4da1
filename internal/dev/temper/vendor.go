package temper

import (
	"net/http"
	"slices"
	"sync"
	"time"
)

// Vendor serves a world as one account over HTTP. Its clock stands still until it is set. It counts calls; of the world it
// changes nothing.
type Vendor struct {
	world        *World
	account, key string

	mu    sync.Mutex
	now   time.Time
	calls int
	byDay map[Day]int
	asked []Call
}

// Call is a question that the vendor was asked, and how it was treated.
type Call struct {
	Dataset  string // stats_day, process_failed, send_failed, send_status or callback_status
	From, To Day
	IsSum    bool   // of EngageLab's aggregate_by=1, or of several days of Tencent
	Status   int    // of HTTP
	Refused  string // the vendor's error; "" when it answered
}

// Serve gives the vendor of a world. EngageLab's account is the sms_user with its key; Tencent's is the SdkAppId, and key is the SecretId
// that must stand in the signature, which is not verified.
func Serve(w *World, account, key string) *Vendor {
	return &Vendor{world: w, account: account, key: key, byDay: map[Day]int{}}
}

// SetNow sets the vendor's clock.
func (v *Vendor) SetNow(now time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.now = now
}

// Calls gives the number of calls of the days from one to another, counted by the vendor's clock.
func (v *Vendor) Calls(from, to Day) (n int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for d := from; d <= to; d++ {
		n += v.byDay[d]
	}
	return n
}

// Asked gives the calls since the last time that it was asked, and forgets them.
func (v *Vendor) Asked() []Call {
	v.mu.Lock()
	defer v.mu.Unlock()
	asked := slices.Clone(v.asked)
	v.asked = nil
	return asked
}

// Handler serves the vendor's API.
func (v *Vendor) Handler() http.Handler {
	if v.world.tencent {
		return http.HandlerFunc(v.tencent)
	}
	return http.HandlerFunc(v.engageLab)
}

// begin counts a call, and says what it meets before it is understood.
func (v *Vendor) begin() (now time.Time, isOneTooMany, isBroken bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.calls++
	v.byDay[momentOf(v.now).day()]++
	m := v.world.n.manners
	return v.now, m.limitEvery > 0 && v.calls%m.limitEvery == 0, m.failEvery > 0 && v.calls%m.failEvery == 0
}

// answer writes an answer and remembers the call.
func (v *Vendor) answer(w http.ResponseWriter, c Call, body []byte) {
	v.mu.Lock()
	v.asked = append(v.asked, c)
	v.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(c.Status)
	_, _ = w.Write(body) // a client that left has no use for an error
}
