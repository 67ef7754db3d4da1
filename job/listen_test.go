package job

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"smsetl/belief"
	"smsetl/extract"
	"smsetl/extract/engagelab"
	"smsetl/internal/pack"
	"smsetl/load"
	"smsetl/load/raw"
	"smsetl/queue"
	"smsetl/sms"
	"smsetl/transform"
)

var _ Streamer = (*engagelab.Client)(nil)

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
	isSum    bool // of the whole window is asked for
	from, to string
}

func (v *teller) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	v.asked++
	x := telling{w, v.asked, r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:], r.URL.Query().Get("aggregate_by") == "1", r.URL.Query().Get("start_date"), r.URL.Query().Get("end_date")}
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

// streamed is a source whose vendor is a teller, and what of its answers was emitted and read.
type streamed struct {
	*plant

	vendor *teller
	before func() // runs before each fetch, after the last answers were looked up; may be nil

	mu      sync.Mutex
	emitted []sms.Payload
	early   int  // answers that were read while they came, to their end or not
	reads   int  // readings of what was kept
	crash   bool // while an answer is read as it comes
	crashes bool // whenever one is read
}

// Stream is the client's, seen.
func (s *spied) Stream(ctx context.Context, scope sms.Scope, listen func(*sms.Payload) sms.Listener, emit func(sms.Payload) error) error {
	if s.of.before != nil {
		s.of.before()
	}
	return s.Client.Stream(ctx, scope, listen, func(p sms.Payload) error {
		s.of.mu.Lock()
		s.of.emitted = append(s.of.emitted, p)
		s.of.mu.Unlock()
		return emit(p)
	})
}

type spied struct {
	*engagelab.Client

	of *streamed
}

func newStreamed(t *testing.T, maxBody int64) *streamed {
	t.Helper()
	h := &streamed{plant: newPlant(t), vendor: &teller{}}
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
	readAll, begin := vendor.Read, vendor.Early
	vendor.Read = func(b *transform.Draft, all []sms.Payload) error {
		if h.seen(&h.reads); h.crashes {
			panic("no such row")
		}
		return readAll(b, all)
	}
	vendor.Early = func(b *transform.Draft) func(*sms.Payload, io.Reader) error {
		read := begin(b)
		return func(p *sms.Payload, from io.Reader) error {
			if h.seen(&h.early); h.crash {
				_, _ = from.Read(make([]byte, 10))
				panic("no such row, so early")
			}
			return read(p, from)
		}
	}
	h.readers[sms.EngageLab] = vendor
	return h
}

func (h *streamed) seen(n *int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	*n++
}

// load loads the window once more from what the vendor says, and gives what it took.
func (h *streamed) load(answer func(x telling), datasets ...sms.Dataset) (outcome string) {
	h.t.Helper()
	h.mu.Lock()
	h.emitted, h.early, h.reads = nil, 0, 0
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
func (h *streamed) checkStored(name string, body []byte) {
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

func (h *streamed) lastLoad() (id int64) {
	h.t.Helper()
	if _, err := fmt.Sscan(h.text("SELECT max(load_id)::text FROM etl.load"), &id); err != nil {
		h.t.Fatal(err)
	}
	return id
}

// took says how the answers of the last load came.
func (h *streamed) took() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	kept := 0
	for i := range h.emitted {
		if h.emitted[i].Body.IsKept {
			kept++
		}
	}
	return fmt.Sprintf("%d asked, %d answers, %d kept, %d early, %d reads", h.vendor.count(), len(h.emitted), kept, h.early, h.reads)
}

// damage puts other bytes in the place of every kept answer.
const damage = `UPDATE etl.raw SET packed = substr(packed, 1, octet_length(packed) / 3) RETURNING ''`

// prune throws every kept answer away.
const prune = `UPDATE etl.raw SET packed = NULL, pruned_at = now() RETURNING ''`

// An answer is compared with the last one while it comes: what is the same is only hashed, and whatever differs, is missing or
// was damaged, what is stored in the end is what the vendor said.
func TestAnswersAreComparedWhileTheyCome(t *testing.T) {
	t.Parallel()
	h := newStreamed(t, 0)
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
		{"first", "", "", page(rows), "loaded", "1 asked, 1 answers, 0 kept, 1 early, 0 reads"},
		{"equal", "", "", page(rows), "unchanged", "1 asked, 1 answers, 1 kept, 0 early, 0 reads"},
		{"the first chunk differs", "", "", page(rows, 3), "loaded", "1 asked, 1 answers, 0 kept, 1 early, 0 reads"},
		{"a middle chunk differs", "", "", page(rows, 3, 7000), "loaded", "1 asked, 1 answers, 0 kept, 1 early, 0 reads"},
		{"the last chunk differs", "", "", page(rows, 3, 7000, rows-1), "loaded", "1 asked, 1 answers, 0 kept, 1 early, 0 reads"},
		{"equal again", "", "", page(rows, 3, 7000, rows-1), "unchanged", "1 asked, 1 answers, 1 kept, 0 early, 0 reads"},
		{"shorter", "", "", page(rows-20, 3, 7000), "loaded", "1 asked, 1 answers, 0 kept, 1 early, 0 reads"},
		{"longer", "", "", page(rows, 3, 7000), "loaded", "1 asked, 1 answers, 0 kept, 1 early, 0 reads"},
		{"thrown away, and equal", prune, "", page(rows, 3, 7000), "unchanged", "1 asked, 1 answers, 0 kept, 1 early, 0 reads"},
		{"thrown away, and differs", prune, "", page(rows, 3, 7001), "loaded", "1 asked, 1 answers, 0 kept, 1 early, 0 reads"},
		{"damaged, and differs from the first chunk on", damage, "", page(rows, 4), "loaded", "1 asked, 1 answers, 0 kept, 1 early, 0 reads"},
		{"damaged, and the last chunk differs", damage, "", page(rows, 4, rows-2), "loaded", "2 asked, 2 answers, 0 kept, 1 early, 1 reads"},
		{"thrown away meanwhile, and the last chunk differs", "", prune, page(rows, 4, rows-4), "loaded", "2 asked, 2 answers, 0 kept, 1 early, 0 reads"},
		{"thrown away meanwhile, and equal", "", prune, page(rows, 4, rows-4), "unchanged", "2 asked, 2 answers, 1 kept, 1 early, 0 reads"},
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
	h := newStreamed(t, 0)
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
		}, "2 asked, 2 answers, 1 kept, 0 early, 0 reads"},
		{"ends in the middle of what is known", func(x telling) { x.say(body[:half]) }, ""},
		{"an error under 200", func(x telling) { x.say([]byte(`{"code":30001,"message":"busy"}`)) }, "2 asked, 2 answers, 1 kept, 1 early, 0 reads"},
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
	h := newStreamed(t, 2<<20)
	h.start(queue.Options{})
	say := func(announced bool, second []byte) func(telling) {
		whole := page(14_000)
		first := pageOf([]int{23}, 7_000)
		return func(x telling) {
			switch {
			case x.from != x.to && announced:
				x.say(whole)
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
		announced  bool
		second     []byte
	}{
		{"first", "loaded, 3 asked, 3 answers, 0 kept, 1 early, 1 reads", false, pageOf([]int{24}, 7_000)},
		{"equal", "unchanged, 3 asked, 3 answers, 2 kept, 1 early, 0 reads", false, pageOf([]int{24}, 7_000)},
		{"one half differs", "loaded, 3 asked, 3 answers, 1 kept, 0 early, 1 reads", true, pageOf([]int{24}, 7_000, 6_999)},
		{"the size is announced", "loaded, 3 asked, 3 answers, 1 kept, 0 early, 1 reads", true, pageOf([]int{24}, 7_000)},
	} {
		if got := h.load(say(step.announced, step.second)) + ", " + h.took(); got != step.want {
			t.Errorf("%s: %s, want %s", step.name, got, step.want)
		}
	}
	if got := h.text("SELECT count(*) || ' ' || count(*) FILTER (WHERE pending = 20) FROM sms.fact_delivery_daily"); got != "14000 0" {
		t.Errorf("rows and marked rows are %s", got)
	}
}

// The three answers of a window are one batch. What only later answers explain is read once more, from what was kept.
func TestSeveralAnswersWhileTheyCome(t *testing.T) {
	t.Parallel()
	datasets := []sms.Dataset{sms.StatsDay, sms.ProcessFailed, sms.SendFailed}
	key := `{"send_date":"2026-09-23","msg_type":"2","sms_user":"first","template_id":1,"label_id":2,`
	other := strings.Replace(key, ":1,", ":7,", 1)
	say := func(pad int, send string) func(telling) {
		rows := map[string]string{
			"stats_day": key + `"targets":100,"sent":100,"process_failed":2,"delivered":90,"send_failed":8,"wait_result":0,"billing_count":100}` +
				strings.Repeat(" ", pad),
			"process_failed": key + `"frequency_overrun":2}`, "send_failed": key + `"empty":5,` + send + `}`,
		}
		return func(x telling) {
			x.say(fmt.Appendf(nil, `{"result":[%s],"count":%d}`, rows[x.dataset], strings.Count(rows[x.dataset], "send_date")))
		}
	}
	const large = 3 << 20
	var h *streamed
	for _, step := range []struct {
		name                string
		isNew               bool // warehouse
		pad                 int  // bytes in the answer of stats_day
		send, want, reasons string
	}{
		{"first", true, 0, `"other":3`, "loaded, 3 asked, 3 answers, 0 kept, 3 early, 0 reads", "empty 5, frequency_overrun 2, other 3"},
		{"equal, and too small to be compared", false, 0, `"other":3`, "unchanged, 3 asked, 3 answers, 0 kept, 3 early, 0 reads", "empty 5, frequency_overrun 2, other 3"},
		{"the last differs", false, 0, `"busy":3`, "loaded, 3 asked, 3 answers, 0 kept, 3 early, 0 reads", "busy 3, empty 5, frequency_overrun 2"},
		{"a reason that comes late", true, 0, `"mystery":null},` + other + `"mystery":3`, "loaded, 3 asked, 3 answers, 0 kept, 3 early, 1 reads", "empty 5, frequency_overrun 2, mystery 3, mystery NULL"},
		{"large", true, large, `"other":3`, "loaded, 3 asked, 3 answers, 0 kept, 3 early, 0 reads", "empty 5, frequency_overrun 2, other 3"},
		{"large and equal", false, large, `"other":3`, "unchanged, 3 asked, 3 answers, 1 kept, 0 early, 0 reads", "empty 5, frequency_overrun 2, other 3"},
		{"large and equal, and the last differs", false, large, `"busy":3`, "loaded, 3 asked, 3 answers, 1 kept, 0 early, 1 reads", "busy 3, empty 5, frequency_overrun 2"},
		{"large, and only its bytes differ", false, large - 1, `"busy":3`, "unchanged, 3 asked, 3 answers, 0 kept, 3 early, 0 reads", "busy 3, empty 5, frequency_overrun 2"},
	} {
		if step.isNew {
			h = newStreamed(t, 0)
			h.start(queue.Options{})
		}
		if got := h.load(say(step.pad, step.send), datasets...) + ", " + h.took(); got != step.want {
			t.Errorf("%s: %s, want %s", step.name, got, step.want)
		}
		if got := h.text(`SELECT string_agg(r.code || ' ' || coalesce(f.messages::text, 'NULL'), ', ' ORDER BY r.code, f.messages)
			FROM sms.fact_failure_daily AS f JOIN sms.dim_failure_reason AS r USING (reason_key)
			WHERE f.messages IS NOT NULL OR r.code = 'mystery'`); got != step.reasons {
			t.Errorf("%s: the reasons are %s, want %s", step.name, got, step.reasons)
		}
	}
}

// A crash while an answer comes ends as one over the kept answer does: where that one does not crash, nothing is lost.
func TestCrashWhileAnAnswerComes(t *testing.T) {
	t.Parallel()
	h := newStreamed(t, 0)
	h.start(queue.Options{})
	h.crash = true
	body := page(100)
	if got := h.load(func(x telling) { x.say(body) }) + ", " + h.took(); got != "loaded, 1 asked, 1 answers, 0 kept, 1 early, 1 reads" {
		t.Error(got)
	}
	h.checkStored("after a crash", body)
	h.crashes = true
	if got := h.load(func(x telling) { x.say(page(100, 3)) }) + ", " + h.took(); got != "failed, 1 asked, 1 answers, 0 kept, 1 early, 1 reads" {
		t.Error(got)
	}
	h.until("SELECT kind || ': ' || reason FROM etl.parked", "window: the program crashed over this window: no such row")
	if got := h.text("SELECT count(*)::text FROM etl.fetch WHERE load_id = $1 AND hash IS NOT NULL", h.lastLoad()); got != "1" {
		t.Errorf("%s answers are kept of the load that crashed", got)
	}
}

// When a fetch is called off in the middle of an answer, nobody goes on reading it.
func TestFetchCalledOffWhileAnAnswerComes(t *testing.T) { //nolint:paralleltest // it counts all goroutines of the process
	h := newStreamed(t, 0)
	body, waits := page(14_000), make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	h.vendor.say(func(x telling) {
		x.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = x.Write(body[:len(body)/2])
		_ = http.NewResponseController(x).Flush()
		for h.readSoFar() == 0 {
			time.Sleep(time.Millisecond)
		}
		cancel()
		<-waits
	})
	item := h.item("first", 60, 2)
	loader := NewLoader(h.warehouse, h.sources, LoaderOptions{Vendors: h.readers, Now: h.now, Progress: quiet{}}, h.log)
	if err := h.warehouse.Account(t.Context(), "first", item.Scope.Account); err != nil {
		t.Fatal(err)
	}
	loadID, err := h.warehouse.Begin(t.Context(), load.Start{Source: "first", Scope: item.Scope, Now: h.now()})
	if err != nil {
		t.Fatal(err)
	}
	c := &conversation{loader: loader, source: h.sources[0], scope: item.Scope, loadID: loadID}
	if err := c.fetch(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("the fetch ended with %v", err)
	}
	close(waits)
	stacks := make([]byte, 1<<20)
	if stacks = stacks[:runtime.Stack(stacks, true)]; bytes.Contains(stacks, []byte("job.newFeed")) || bytes.Contains(stacks, []byte("engagelab.(*answer)")) {
		t.Errorf("somebody still reads:\n%s", stacks)
	}
	if batch, is := c.listening.early.Batch(c.payloads); is {
		t.Errorf("half an answer gave %d rows", len(batch.Deliveries))
	}
}

func (h *streamed) readSoFar() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.early
}
