package job

import (
	"context"
	"io"

	"smsetl/load/raw"
	"smsetl/sms"
	"smsetl/transform"
)

// Streamer is a Fetcher whose answers can be read while they come.
type Streamer interface {
	// Stream is Fetch, and tells listen each question before it is put. What listen gives is told the answer; it may be nil.
	Stream(ctx context.Context, scope sms.Scope, listen func(*sms.Payload) sms.Listener, emit func(sms.Payload) error) error
}

// listening is what becomes of the answers of one fetch while they come: what is stored already is compared and not read, and what is
// new is read.
type listening struct {
	known map[sms.Request]*sms.Known
	early *transform.Early // nil where nothing is read while it comes
	feed  *feed            // of the answer that is coming; nil while none is read
}

// stream fetches with a listener. When it returns nothing is being read any more.
func (c *conversation) stream(ctx context.Context, from Streamer) error {
	last, err := c.loader.warehouse.Last(ctx, c.loadID, c.scope, transform.Version)
	if err == nil && last != 0 {
		c.listening.known, err = raw.Known(ctx, c.loader.warehouse.DB, last)
	}
	if err != nil {
		return err
	}
	c.listening.early = c.loader.vendors.Early(c.scope)
	defer c.listening.abort()
	return from.Stream(ctx, c.scope, c.listening.listen, c.keep(ctx))
}

// listen gives the listener to the answer of a question.
func (e *listening) listen(p *sms.Payload) sms.Listener { return &listener{listening: e, payload: *p} }

// abort ends the reading of an answer that did not come to its end.
func (e *listening) abort() {
	if e.feed != nil {
		e.feed.stop()
		e.feed = nil
		e.early.Spoil()
	}
}

// listener is told one answer.
type listener struct {
	*listening

	payload sms.Payload
}

// Begin gives the last answer. Its bytes are asked for where the answer differs; if that ends the try, because they are
// damaged or thrown away, the next one has to do without them.
func (e *listener) Begin(size int64) *sms.Known {
	e.abort()
	known := e.known[e.payload.Request]
	if size < 0 && known != nil {
		size = known.Size
	}
	e.payload.Body.Size = max(0, size)
	if known == nil {
		return nil
	}
	once := *known
	once.Stored = func(at int64) ([]byte, error) {
		delete(e.known, e.payload.Request)
		return known.Stored(at)
	}
	return &once
}

// Write reads what has come.
func (e *listener) Write(p []byte) (int, error) {
	if e.early == nil {
		return len(p), nil
	}
	if e.feed == nil {
		e.feed = newFeed(func(from io.Reader) { e.early.Read(&e.payload, from) })
	}
	return e.feed.Write(p)
}

// End ends the reading of the answer. With one that is the known one, and was not read, nothing is read early any more: mostly
// the others are the known ones too, and nothing has to be.
func (e *listener) End(b *sms.Body) {
	switch {
	case e.feed != nil:
		e.feed.end()
		e.feed, e.payload.Body.Hash = nil, b.Hash
	case b.IsKept && e.early != nil:
		e.early.Spoil()
	}
}

// bring reads the bytes of answers that were not packed because they are kept: they are needed after all.
func (c *conversation) bring(ctx context.Context) error {
	for i := range c.payloads {
		body := &c.payloads[i].Body
		if !body.IsKept {
			continue
		}
		stored, err := raw.Body(ctx, c.loader.warehouse.DB, body.Hash)
		if err != nil {
			return err
		}
		body.Packed, body.IsKept = stored.Packed, false
	}
	return nil
}
