package torture

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// lostWithin bounds how long the rest of a lost answer is waited for. A server that has nothing more to say until the client
// speaks has carried out what it was asked.
const lostWithin = 5 * time.Second

// line is one connection of a client, and the one to the server that belongs to it.
type line struct {
	proxy          *Proxy
	number         int
	client, server net.Conn
	messages       int  // guarded by the proxy's mutex
	turn           turn // the same

	isLosing atomic.Bool // what the server says goes nowhere
	isDying  atomic.Bool // what anybody says goes nowhere; the line is about to be cut
	silence  struct {
		sync.Mutex
		until time.Time
	}
}

// pass passes on the messages of one direction until its sender has ended or the line is cut.
func (l *line) pass(d Direction, messages reader) {
	to := l.server
	if d == ToClient {
		to = l.client
	}
	for {
		m, err := messages.next()
		if err != nil {
			l.ended(d, m.bytes)
			return
		}
		if l.isDying.Load() {
			l.cut()
			return
		}
		if d == ToClient && l.isLosing.Load() {
			if m.isLast {
				l.cut()
				return
			}
			continue
		}
		seam, fault := l.proxy.count(l, d, m)
		if !l.strike(d, to, m, seam, fault) {
			l.cut()
			return
		}
	}
}

// strike passes a message on, with the fault that happens at it. It says whether the line lives on.
func (l *line) strike(d Direction, to net.Conn, m message, seam Seam, fault Fault) bool {
	switch fault {
	case CutBefore:
		return false
	case CutIn:
		l.isDying.Store(true)
		_, _ = to.Write(m.bytes[:len(m.bytes)/2])
		return false
	case CutAfter:
		l.isDying.Store(true) // first, for the receiver may answer before the line is cut
		_, _ = to.Write(m.bytes)
		return false
	case LoseAnswer:
		return l.lose(d, m)
	case Silence:
		l.silence.Lock()
		l.silence.until = time.Now().Add(l.proxy.plan.Silence)
		l.silence.Unlock()
	case Call:
		l.proxy.plan.Call(seam)
	case None:
	}
	if !l.wait() {
		return false
	}
	_, err := to.Write(m.bytes)
	return err == nil
}

// lose begins to lose the answer: that to this message, or the one that this message is part of.
func (l *line) lose(d Direction, m message) bool {
	l.isLosing.Store(true)
	_ = l.server.SetReadDeadline(time.Now().Add(lostWithin))
	if d == ToClient {
		return !m.isLast
	}
	_, err := l.server.Write(m.bytes)
	return err == nil
}

// wait waits for the end of a silence, and says whether the proxy is open still.
func (l *line) wait() bool {
	for {
		l.silence.Lock()
		rest := time.Until(l.silence.until)
		l.silence.Unlock()
		if rest <= 0 {
			return true
		}
		select {
		case <-time.After(rest):
		case <-l.proxy.closed:
			return false
		}
	}
}

// ended tells the receiver of a direction that its sender has ended, with what came of a last message that is not whole. The
// other direction may go on.
func (l *line) ended(d Direction, part []byte) {
	to := l.server
	if d == ToClient {
		to = l.client
	}
	if l.isLosing.Load() && d == ToClient {
		l.cut()
		return
	}
	if half, ok := to.(interface{ CloseWrite() error }); ok && l.wait() {
		_, _ = to.Write(part)
		_ = half.CloseWrite()
	}
}

// cut ends both connections.
func (l *line) cut() {
	_ = l.client.Close()
	_ = l.server.Close()
}
