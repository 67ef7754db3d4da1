package torture

import (
	"net"
	"slices"
	"sync"
	"time"
)

// message is a whole message of a protocol.
type message struct {
	bytes []byte
	kind  string
	// isLast, of an answer: the client has got all that it waits for, or is asked something, and speaks next. Of a request: the
	// server has all that it waits for, and carries it out.
	isLast bool
	// statement is what is asked with this message, as text; empty where it stands in another one.
	statement string
}

// reader gives the messages of one direction of a connection, one after the other; with an error, what had come of the next.
type reader interface{ next() (message, error) }

// protocol gives the readers of a new connection. It may answer the client by itself before the first message.
type protocol func(client, server net.Conn) (requests, answers reader, err error)

// Proxy listens on loopback and passes on to a server what comes, message by message. Its methods may be called from several
// goroutines.
type Proxy struct {
	listener net.Listener
	server   string
	protocol protocol
	plan     Plan
	closed   chan struct{}
	working  sync.WaitGroup
	end      func() error

	mu          sync.Mutex
	connections int
	turns       map[string]int // how many of each there were
	seams       []Seam
	struck      *Seam
	open        map[*line]struct{}
}

// newProxy starts a proxy in front of the server at an address, host:port.
func newProxy(server string, speaks protocol, plan Plan) (*Proxy, error) {
	if plan.Silence == 0 {
		plan.Silence = defaultSilence
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0") //nolint:noctx // it listens until it is closed
	if err != nil {
		return nil, err
	}
	p := &Proxy{
		listener: l, server: server, protocol: speaks, plan: plan, closed: make(chan struct{}), open: map[*line]struct{}{},
		turns: map[string]int{},
	}
	p.end = sync.OnceValue(p.shut)
	p.working.Go(p.accept)
	return p, nil
}

// Address gives where the proxy listens, host:port.
func (p *Proxy) Address() string { return p.listener.Addr().String() }

// Count gives how many seams have been seen.
func (p *Proxy) Count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.seams)
}

// Seams gives the seams that have been seen, in order.
func (p *Proxy) Seams() []Seam {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.seams)
}

// Struck gives the seam at which the fault happened; ok is false where it has not, because the scenario has fewer seams.
func (p *Proxy) Struck() (at Seam, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.struck == nil {
		return Seam{}, false
	}
	return *p.struck, true
}

// Close cuts all connections and waits until nothing of the proxy is left. It may be called again.
func (p *Proxy) Close() error { return p.end() }

func (p *Proxy) shut() error {
	close(p.closed)
	err := p.listener.Close()
	p.mu.Lock()
	for l := range p.open {
		l.cut()
	}
	p.mu.Unlock()
	p.working.Wait()
	return err
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		p.connections++
		number := p.connections
		p.mu.Unlock()
		p.working.Go(func() { p.join(client, number) })
	}
}

// join brings a client to the server and passes on until both have ended.
func (p *Proxy) join(client net.Conn, number int) {
	defer client.Close()
	server, err := net.DialTimeout("tcp", p.server, 5*time.Second) //nolint:noctx // by its own time, whatever scenario it serves
	if err != nil {
		return // to the client it looks like a server that is gone, which it is
	}
	defer server.Close()
	l := &line{proxy: p, number: number, client: client, server: server}
	if !p.register(l) {
		return
	}
	defer p.forget(l)
	requests, answers, err := p.protocol(client, server)
	if err != nil {
		return
	}
	var both sync.WaitGroup
	both.Go(func() { l.pass(ToServer, requests) })
	both.Go(func() { l.pass(ToClient, answers) })
	both.Wait()
}

// register remembers a line, so that Close can cut it; it refuses when the proxy is closed already.
func (p *Proxy) register(l *line) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.closed:
		return false
	default:
		p.open[l] = struct{}{}
		return true
	}
}

func (p *Proxy) forget(l *line) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, l)
}

// count numbers a message and says which fault happens at it.
func (p *Proxy) count(l *line, d Direction, m message) (Seam, Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l.messages++
	s := Seam{
		Total: len(p.seams) + 1, Connection: l.number, Message: l.messages, Direction: d, Kind: m.kind, Bytes: len(m.bytes),
		Moment: l.turn.pass(d, m, p.turns),
	}
	p.seams = append(p.seams, s)
	if !p.plan.isAt(s) {
		return s, None
	}
	p.struck = &s
	return s, p.plan.Fault
}
