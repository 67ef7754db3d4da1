package torture

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Moment names a seam by what happens there and not by its number, which depends on how fast things are: the statement and the one
// before it on its connection, how often that pair came before, and the place.
//
// A turn is a request and its answer. What a server has done when a connection ends depends on one thing: whether the request came
// whole. And what a client knows then: whether it has nothing of the answer, a part or all. So a turn comes apart in three places,
// and to break it between any other two messages shows nothing that breaking it there does not.
type Moment string

// Place is where in a turn a moment is.
type Place string

// The places. An answer of one message has the last one only.
//
// A turn that only prepares a statement does nothing that outlives its connection, and pgx makes nothing of an answer to it that is
// not whole: it has no place where the answer has begun, and its request is a place of its own.
const (
	RequestWhole Place = "request-whole" // the last message of a request: with it the server carries it out
	PrepareWhole Place = "prepare-whole" // the same of a request to prepare
	AnswerBegun  Place = "answer-begun"
	AnswerWhole  Place = "answer-whole"
)

// Place gives the place.
func (m Moment) Place() Place {
	return Place(m[strings.LastIndexByte(string(m), '.')+1:])
}

// Count gives how often the turn came, this time included.
func (m Moment) Count() int {
	_, rest, _ := strings.Cut(string(m), ".")
	count, _, _ := strings.Cut(rest, ".")
	n, _ := strconv.Atoi(count)
	return n
}

// Turn is the name without the place and the count.
func (m Moment) Turn() string {
	name, _, _ := strings.Cut(string(m), ".")
	return name
}

// turn is what a connection is at.
type turn struct {
	statement string
	name      string
	count     int
	asked     bool // a request has begun
	prepares  bool // and does nothing else
	answered  bool // an answer has begun
}

// pass takes the next message and names the seam that it is; empty within a request, within an answer, and where a server speaks first.
// seen counts turns by name.
func (t *turn) pass(d Direction, m message, seen map[string]int) Moment {
	if d == ToServer {
		if !t.asked {
			t.begin(m, seen)
		}
		t.prepares = t.prepares && slices.Contains([]string{"Parse", "Describe", "Sync"}, m.kind)
		switch {
		case !m.isLast:
			return ""
		case t.prepares:
			return t.at(PrepareWhole)
		default:
			return t.at(RequestWhole)
		}
	}
	if t.name == "" || !m.isLast && (t.answered || t.prepares) {
		return ""
	}
	t.answered = true
	if !m.isLast {
		return t.at(AnswerBegun)
	}
	t.asked, t.answered = false, false
	return t.at(AnswerWhole)
}

// begin begins the turn that a first message asks for. One without a statement is named by its kind.
func (t *turn) begin(m message, seen map[string]int) {
	if m.statement == "" && m.kind != "Terminate" {
		m.statement = m.kind
	}
	sum := sha256.Sum256([]byte(t.statement + "\x00" + m.statement))
	*t = turn{statement: m.statement, name: hex.EncodeToString(sum[:4]), asked: true, prepares: true}
	seen[t.name]++
	t.count = seen[t.name]
}

func (t *turn) at(place Place) Moment { return Moment(fmt.Sprintf("%s.%d.%s", t.name, t.count, place)) }
