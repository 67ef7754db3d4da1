// Package torture breaks what runs between a program and the servers that it speaks to, at every moment and not at some: a
// Proxy stands in between, knows where one message ends and the next begins, counts them, and at the n-th does what its Plan
// says. A scenario is run once with nothing planned, which says how many seams it has, and then once for each seam and fault.
package torture

import (
	"fmt"
	"time"
)

// Direction says who sends a message.
type Direction int

// The two directions.
const (
	ToServer Direction = iota + 1
	ToClient
)

func (d Direction) String() string {
	if d == ToServer {
		return "to the server"
	}
	return "to the client"
}

// Seam is a message between client and server: a place where the scenario can come apart.
type Seam struct {
	Total      int // its number among all messages through the proxy, from 1, in the order in which they came by
	Connection int // the number of the connection, from 1
	Message    int // its number among the messages of the connection, of both directions, from 1
	Direction  Direction
	Kind       string // what it is: Query, DataRow, CommandComplete; request head, answer body
	Bytes      int
	Moment     Moment // empty within a request, within an answer, and where a protocol has no statements
}

func (s Seam) String() string {
	return fmt.Sprintf("seam %d (connection %d, message %d): %s %s, %d bytes", s.Total, s.Connection, s.Message, s.Kind, s.Direction, s.Bytes)
}

// Fault is what happens at a seam.
type Fault int

// The faults.
const (
	None       Fault = iota // nothing happens
	CutBefore               // neither side gets the message; the connection is gone
	CutIn                   // the receiver gets half of the message, then the connection is gone
	CutAfter                // the receiver gets the message, and the connection is gone before anything else
	LoseAnswer              // the server gets all and carries it out to its end; the client gets no answer and loses the connection
	Silence                 // nothing passes in either direction for a while; then all goes on
	Call                    // Plan.Call runs before the message passes: to kill a process or to stop a server
)

// Faults are all of them, in the order in which a scenario tries them.
var Faults = []Fault{CutBefore, CutIn, CutAfter, LoseAnswer, Silence, Call}

func (f Fault) String() string {
	names := []string{"none", "cut before", "cut in", "cut after", "lose answer", "silence", "call"}
	if f < 0 || int(f) >= len(names) {
		return fmt.Sprintf("Fault(%d)", int(f))
	}
	return names[f]
}

// Plan says which fault happens and where. It happens once, for seams are numbered. The zero Plan only counts.
type Plan struct {
	Fault Fault
	// N is the number of the seam, from 1: of the scenario (Seam.Total) or, where Connection is set, of that connection
	// (Seam.Message).
	N          int
	Connection int
	// Moment is the seam by its name instead.
	Moment Moment
	// Silence is how long that fault lasts. Default: 40 s, longer than most who wait for an answer.
	Silence time.Duration
	// Call is what the fault of that name runs. It may close the proxy's server, but not the proxy.
	Call func(Seam)
}

const defaultSilence = 40 * time.Second

// isAt says whether the plan means this seam.
func (p Plan) isAt(s Seam) bool {
	switch {
	case p.Fault == None:
		return false
	case p.Moment != "":
		return s.Moment == p.Moment
	case p.N == 0:
		return false
	case p.Connection == 0:
		return s.Total == p.N
	default:
		return s.Connection == p.Connection && s.Message == p.N
	}
}
