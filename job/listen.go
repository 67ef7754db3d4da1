package job

import (
	"context"
	"io"

	"smsetl/load/raw"
	"smsetl/sms"
	"smsetl/transform"
)

// Listened is a Fetcher whose answers can be heard while they come.
type Listened interface {
	// FetchHeard is Fetch, and tells listen each question before it is put. What listen gives hears the answer; it may be nil.
	FetchHeard(ctx context.Context, scope sms.Scope, listen func(*sms.Payload) sms.Ear, emit func(sms.Payload) error) error
}

// ears hear the answers of one fetch: what was told before is compared and not read, what is new is read while it comes.
type ears struct {
	known map[sms.Request]*sms.Known
	early *transform.Early // nil where nothing is read while it comes
	feed  *feed            // of the answer that is coming; nil while none is read
}

// hear fetches with ears. When it returns nothing is being read any more.
func (c *conversation) hear(ctx context.Context, from Listened) error {
	last, err := c.loader.warehouse.Last(ctx, c.loadID, c.scope, transform.Version)
	if err == nil && last != 0 {
		c.ears.known, err = raw.Known(ctx, c.loader.warehouse.DB, last)
	}
	if err != nil {
		return err
	}
	c.ears.early = c.loader.vendors.Early(c.scope)
	defer c.ears.hush()
	return from.FetchHeard(ctx, c.scope, c.ears.listen, c.keep(ctx))
}

// listen gives the ear of a question.
func (e *ears) listen(p *sms.Payload) sms.Ear { return &ear{ears: e, payload: *p} }

// hush ends the reading of an answer that did not come to its end.
func (e *ears) hush() {
	if e.feed != nil {
		e.feed.stop()
		e.feed = nil
		e.early.Spoil()
	}
}

// ear hears one answer.
type ear struct {
	*ears

	payload sms.Payload
}

// Begin gives the last answer. Its bytes are asked for where the answer differs; if that ends the try, because they are
// damaged or thrown away, the next one has to do without them.
func (e *ear) Begin(size int64) *sms.Known {
	e.hush()
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
func (e *ear) Write(p []byte) (int, error) {
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
func (e *ear) End(b *sms.Body) {
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
