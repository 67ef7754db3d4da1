package traffic

// How many kinds of failure a tally tells apart. What each index means is the vendor's business.
const (
	ProcessKinds = 8
	SendKinds    = 10
)

// Tally counts messages, and billed pieces. Targets = all of Process + Delivered + all of Send + Waiting.
type Tally struct {
	Targets   int64               // messages submitted
	Process   [ProcessKinds]int64 // messages not handed on, by reason
	Delivered int64
	Send      [SendKinds]int64 // messages handed on that failed, by reason
	Waiting   int64            // messages handed on without a result yet, the queued ones among them
	Queued    int64            // messages accepted and not yet at the carrier; a part of Waiting
	Billed    int64            // pieces: a long message is several
}

// Add adds o.
func (t *Tally) Add(o *Tally) {
	t.Targets += o.Targets
	for i, n := range o.Process {
		t.Process[i] += n
	}
	t.Delivered += o.Delivered
	for i, n := range o.Send {
		t.Send[i] += n
	}
	t.Waiting += o.Waiting
	t.Queued += o.Queued
	t.Billed += o.Billed
}

// Times gives the tally with every count multiplied.
func (t Tally) Times(n int64) Tally {
	var out Tally
	for range n {
		out.Add(&t)
	}
	return out
}

// ProcessFailed gives the messages that were not handed on.
func (t *Tally) ProcessFailed() int64 { return sum(t.Process[:]) }

// SendFailed gives the messages that were handed on and failed.
func (t *Tally) SendFailed() int64 { return sum(t.Send[:]) }

func sum(counts []int64) int64 {
	var total int64
	for _, n := range counts {
		total += n
	}
	return total
}
