package job

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"smsetl/belief"
	"smsetl/extract"
	"smsetl/extract/engagelab"
	"smsetl/internal/pack"
	"smsetl/load/raw"
	"smsetl/queue"
	"smsetl/sms"
	"smsetl/transform"
)

var _ Listened = (*engagelab.Client)(nil)

// teller is a vendor that answers with what the test says, and counts what was asked.
type teller struct {
	mu     sync.Mutex
	answer func(x telling)
	asked  int
}

// telling is one request.
type telling struct {
	http.ResponseWriter

	asked    int // requests so far, this one included
	dataset  string
	from, to string
}

func (v *teller) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	v.asked++
	x := telling{w, v.asked, r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:], r.URL.Query().Get("start_date"), r.URL.Query().Get("end_date")}
	answer := v.answer
	v.mu.Unlock()
	answer(x)
}

// say answers from now on, and counts from 0 again.
func (v *teller) say(answer func(x telling)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.answer, v.asked = answer, 0
}

func (v *teller) count() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.asked
}

// say sends a body of stated length.
func (x telling) say(body []byte) {
	x.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = x.Write(body)
}

// page is an answer of stats_day to both days of the window: so many rows, half of them of each. On the rows that are marked
// fewer messages were delivered; every row has the same length.
func page(rows int, marked ...int) []byte { return pageOf([]int{23, 24}, rows, marked...) }

func pageOf(days []int, rows int, marked ...int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"result":[`)
	for i := range rows {
		waiting := 10
		for _, m := range marked {
			if m == i {
				waiting = 20
			}
		}
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"send_date":"2026-09-%d","msg_type":"2","sms_user":"first","template_id":%d,"label_id":"a rather long label",`+
			`"targets":100,"sent":100,"process_failed":0,"delivered":%d,"send_failed":0,"wait_result":%d,"billing_count":100}`,
			days[i%len(days)], 100_000+i/len(days), 100-waiting, waiting)
	}
	fmt.Fprintf(&b, `],"count":%d}`, rows)
	return b.Bytes()
}

// heard is a source whose vendor is a teller, and what of its answers was emitted and read.
type heard struct {
	*plant

	vendor *teller
	before func() // runs before each fetch, after the last answers were looked up; may be nil

	mu      sync.Mutex
	emitted []sms.Payload
	reads   int // of kept answers
}

// FetchHeard is the client's, seen.
func (s *spied) FetchHeard(ctx context.Context, scope sms.Scope, listen func(*sms.Payload) sms.Ear, emit func(sms.Payload) error) error {
	if s.of.before != nil {
		s.of.before()
	}
	return s.Client.FetchHeard(ctx, scope, listen, func(p sms.Payload) error {
		s.of.mu.Lock()
		s.of.emitted = append(s.of.emitted, p)
		s.of.mu.Unlock()
		return emit(p)
	})
}

type spied struct {
	*engagelab.Client

	of *heard
}

func newHeard(t *testing.T, maxBody int64) *heard {
	t.Helper()
	h := &heard{plant: newPlant(t), vendor: &teller{}}
	server := httptest.NewServer(h.vendor)
	t.Cleanup(server.Close)
	client, err := engagelab.New("first", "secret", engagelab.Options{Options: extract.Options{
		BaseURL: server.URL, RequestsPerSecond: 1000, MaxBody: maxBody, Now: h.now, Policy: extract.Policy{First: 1},
	}}, h.log)
	if err != nil {
		t.Fatal(err)
	}
	h.sources = []Source{{Name: "first", Fetcher: &spied{client, h}, Parallel: 1, Rules: belief.New(belief.Default)}}
	vendor := h.readers[sms.EngageLab]
	read := vendor.Read
	vendor.Read = func(b *transform.Draft, all []sms.Payload) error {
		h.mu.Lock()
		h.reads++
		h.mu.Unlock()
		return read(b, all)
	}
	h.readers[sms.EngageLab] = vendor
	return h
}

// load loads the window once more from what the vendor says, and gives what it took.
func (h *heard) load(answer func(x telling), datasets ...sms.Dataset) (outcome string) {
	h.t.Helper()
	h.mu.Lock()
	h.emitted, h.reads = nil, 0
	h.mu.Unlock()
	h.vendor.say(answer)
	item := h.item("first", 60, 2)
	item.Refetch = true
	if len(datasets) > 0 {
		item.Scope.Datasets = datasets
	}
	run := h.send(item)
	h.until("SELECT (outcome IS NOT NULL)::text FROM etl.run WHERE run_id = $1", "true", run)
	return h.text("SELECT outcome FROM etl.load ORDER BY load_id DESC LIMIT 1")
}

// checkStored compares facts and the kept bytes with what the vendor said last.
func (h *heard) checkStored(name string, body []byte) {
	h.t.Helper()
	want := fmt.Sprint(bytes.Count(body, []byte("send_date")), " ", bytes.Count(body, []byte(`"wait_result":20`)))
	if got := h.text("SELECT count(*) || ' ' || count(*) FILTER (WHERE pending = 20) FROM sms.fact_delivery_daily"); got != want {
		h.t.Errorf("%s: rows and marked rows are %s, want %s", name, got, want)
	}
	answers, err := raw.AnswersOf(h.t.Context(), h.warehouse.DB, h.lastLoad(), 0)
	if err != nil || len(answers.Payloads) != 1 {
		h.t.Errorf("%s: %d answers are kept: %v", name, len(answers.Payloads), err)
		return
	}
	if kept, err := pack.Unpack(answers.Payloads[0].Body); err != nil || !bytes.Equal(kept, body) {
		h.t.Errorf("%s: %d bytes are kept (%v), want the %d that came", name, len(kept), err, len(body))
	}
}

func (h *heard) lastLoad() (id int64) {
	h.t.Helper()
	if _, err := fmt.Sscan(h.text("SELECT max(load_id)::text FROM etl.load"), &id); err != nil {
		h.t.Fatal(err)
	}
	return id
}

// took says how the answers of the last load came.
func (h *heard) took() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	kept := 0
	for i := range h.emitted {
		if h.emitted[i].Body.IsKept {
			kept++
		}
	}
	return fmt.Sprintf("%d asked, %d answers, %d kept, %d reads", h.vendor.count(), len(h.emitted), kept, h.reads)
}

// damage puts other bytes in the place of every kept answer.
const damage = `UPDATE etl.raw SET packed = substr(packed, 1, octet_length(packed) / 3) RETURNING ''`

// prune throws every kept answer away.
const prune = `UPDATE etl.raw SET packed = NULL, pruned_at = now() RETURNING ''`

// An answer is compared with the last one while it comes: what is the same is only hashed, and whatever differs, is missing or
// was damaged, what is stored in the end is what the vendor said.
func TestAnswersAreComparedWhileTheyCome(t *testing.T) {
	t.Parallel()
	h := newHeard(t, 0)
	h.start(queue.Options{})
	const rows = 14_000 // 3.3 MB
	for _, step := range []struct {
		name      string
		before    string // a statement
		meanwhile string // the same, after the last answers were looked up
		body      []byte
		outcome   string
		took      string
	}{
		{"first", "", "", page(rows), "loaded", "1 asked, 1 answers, 0 kept, 1 reads"},
		{"equal", "", "", page(rows), "unchanged", "1 asked, 1 answers, 1 kept, 0 reads"},
		{"the first chunk differs", "", "", page(rows, 3), "loaded", "1 asked, 1 answers, 0 kept, 1 reads"},
		{"a middle chunk differs", "", "", page(rows, 3, 7000), "loaded", "1 asked, 1 answers, 0 kept, 1 reads"},
		{"the last chunk differs", "", "", page(rows, 3, 7000, rows-1), "loaded", "1 asked, 1 answers, 0 kept, 1 reads"},
		{"equal again", "", "", page(rows, 3, 7000, rows-1), "unchanged", "1 asked, 1 answers, 1 kept, 0 reads"},
		{"shorter", "", "", page(rows-20, 3, 7000), "loaded", "1 asked, 1 answers, 0 kept, 1 reads"},
		{"longer", "", "", page(rows, 3, 7000), "loaded", "1 asked, 1 answers, 0 kept, 1 reads"},
		{"thrown away, and equal", prune, "", page(rows, 3, 7000), "unchanged", "1 asked, 1 answers, 0 kept, 0 reads"},
		{"thrown away, and differs", prune, "", page(rows, 3, 7001), "loaded", "1 asked, 1 answers, 0 kept, 1 reads"},
		{"damaged, and differs from the first chunk on", damage, "", page(rows, 4), "loaded", "1 asked, 1 answers, 0 kept, 1 reads"},
		{"damaged, and the last chunk differs", damage, "", page(rows, 4, rows-2), "loaded", "2 asked, 2 answers, 0 kept, 1 reads"},
		{"thrown away meanwhile, and the last chunk differs", "", prune, page(rows, 4, rows-4), "loaded", "2 asked, 2 answers, 0 kept, 1 reads"},
		{"thrown away meanwhile, and equal", "", prune, page(rows, 4, rows-4), "unchanged", "2 asked, 2 answers, 1 kept, 1 reads"},
	} {
		if step.before != "" {
			h.text(step.before)
		}
		h.before = nil
		if step.meanwhile != "" {
			h.before = sync.OnceFunc(func() { h.text(step.meanwhile) })
		}
		outcome := h.load(func(x telling) { x.say(step.body) })
		if took := h.took(); outcome != step.outcome || took != step.took {
			t.Errorf("%s: %s, %s; want %s, %s", step.name, outcome, took, step.outcome, step.took)
		}
		h.checkStored(step.name, step.body)
	}
}

// What is not the vendor's word on the window never counts, however much of it was known.
func TestAnswersThatGoWrongWhileTheyCome(t *testing.T) {
	t.Parallel()
	h := newHeard(t, 0)
	h.start(queue.Options{})
	body := page(14_000)
	good := func(x telling) { x.say(body) }
	h.load(good)
	half := len(body) / 2
	for _, step := range []struct {
		name string
		bad  func(x telling)
		took string
	}{
		{"cut in the middle of what is known", func(x telling) {
			x.Header().Set("Content-Length", strconv.Itoa(len(body)))
			_, _ = x.Write(body[:half])
		}, "2 asked, 2 answers, 1 kept, 0 reads"},
		{"ends in the middle of what is known", func(x telling) { x.say(body[:half]) }, ""},
		{"an error under 200", func(x telling) { x.say([]byte(`{"code":30001,"message":"busy"}`)) }, "2 asked, 2 answers, 1 kept, 0 reads"},
		{"an error after what is known", func(x telling) { x.say(append(bytes.Clone(body[:half]), `{"code":30001}`...)) }, ""},
	} {
		outcome := h.load(func(x telling) {
			if x.asked == 1 {
				step.bad(x)
				return
			}
			good(x)
		})
		if took := h.took(); step.took != "" && (outcome != "unchanged" || took != step.took) {
			t.Errorf("%s: %s, %s; want unchanged, %s", step.name, outcome, took, step.took)
		}
		h.checkStored(step.name, body)
	}
}

// An answer that is over the size cap is asked for in halves, each of which is compared with its own last answer.
func TestHalvesAreComparedWhileTheyCome(t *testing.T) {
	t.Parallel()
	h := newHeard(t, 2<<20)
	h.start(queue.Options{})
	say := func(second []byte) func(telling) {
		whole := page(14_000)
		first := pageOf([]int{23}, 7_000)
		return func(x telling) {
			switch {
			case x.from != x.to:
				_, _ = x.Write(whole) // in chunks: the end is not announced
			case x.from == "2026-09-23":
				x.say(first)
			default:
				x.say(second)
			}
		}
	}
	for _, step := range []struct {
		name, want string
		second     []byte
	}{
		{"first", "loaded, 3 asked, 3 answers, 0 kept, 1 reads", pageOf([]int{24}, 7_000)},
		{"equal", "unchanged, 3 asked, 3 answers, 2 kept, 0 reads", pageOf([]int{24}, 7_000)},
		{"one half differs", "loaded, 3 asked, 3 answers, 1 kept, 1 reads", pageOf([]int{24}, 7_000, 6_999)},
	} {
		if got := h.load(say(step.second)) + ", " + h.took(); got != step.want {
			t.Errorf("%s: %s, want %s", step.name, got, step.want)
		}
	}
	if got := h.text("SELECT count(*) || ' ' || count(*) FILTER (WHERE pending = 20) FROM sms.fact_delivery_daily"); got != "14000 1" {
		t.Errorf("rows and marked rows are %s", got)
	}
}
