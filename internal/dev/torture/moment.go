package torture

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// Moment names a seam by what happens there and not by its number, which depends on how fast things are: the statement and the one
// before it on its connection, how often that pair came before, and the place.
//
// A turn is a request and its answer. What a server has done when a connection ends depends on one thing: whether the request came
// whole. And what a client knows then: whether it has nothing of the answer, a part or all. So a turn comes apart in four places,
// and to break it between any other two messages shows nothing that breaking it there does not.
type Moment string

// Place is where in a turn a moment is.
type Place string

// The places. A request or an answer of one message has the last one of its two.
const (
	RequestBegun Place = "request-begun" // the first message of a request
	RequestWhole Place = "request-whole" // the last: with it the server carries it out
	AnswerBegun  Place = "answer-begun"
	AnswerWhole  Place = "answer-whole"
)

// Place gives the place, and Count how often the same turn had come before, and this time.
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
	answered  bool // an answer has begun
}

// pass takes the next message and names the seam that it is. seen counts turns by name.
func (t *turn) pass(d Direction, m message, seen map[string]int) Moment {
	if m.statement == "" && m.kind != "Terminate" && !t.asked && d == ToServer {
		m.statement = m.kind
	}
	place := RequestBegun
	switch {
	case d == ToServer && !t.asked:
		before := t.statement
		*t = turn{statement: m.statement, asked: true}
		sum := sha256.Sum256([]byte(before + "\x00" + m.statement))
		t.name = hex.EncodeToString(sum[:4])
		seen[t.name]++
		t.count = seen[t.name]
	case d == ToServer && !m.isLast, d == ToClient && !m.isLast && t.answered:
		return ""
	}
	if d == ToClient {
		place, t.answered = AnswerBegun, true
	}
	switch {
	case d == ToServer && m.isLast:
		place = RequestWhole
	case m.isLast:
		place, t.asked, t.answered = AnswerWhole, false, false
	}
	if t.name == "" {
		return "" // a server that speaks first
	}
	return Moment(fmt.Sprintf("%s.%d.%s", t.name, t.count, place))
}
