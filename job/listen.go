package job

import (
	"context"

	"smsetl/load/raw"
	"smsetl/sms"
	"smsetl/transform"
)

// Listened is a Fetcher whose answers can be heard while they come.
type Listened interface {
	// FetchHeard is Fetch, and tells listen each question before it is put. What listen gives hears the answer; it may be nil.
	FetchHeard(ctx context.Context, scope sms.Scope, listen func(*sms.Payload) sms.Ear, emit func(sms.Payload) error) error
}

// ears hear the answers of one fetch.
type ears struct {
	known map[sms.Request]sms.Known
}

// recall finds the answers that the scope rests on, if it rests on those of one load, understood by this code and without a
// failed try since: what could be confirmed when it came again.
func (c *conversation) recall(ctx context.Context) error {
	last, err := c.loader.warehouse.Last(ctx, c.loadID, c.scope, transform.Version)
	if err != nil || last == 0 {
		return err
	}
	c.ears.known, err = raw.Known(ctx, c.loader.warehouse.DB, last)
	return err
}

// listen gives the ear of a question.
func (e *ears) listen(p *sms.Payload) sms.Ear { return &ear{of: e, request: p.Request} }

// ear hears one answer.
type ear struct {
	of      *ears
	request sms.Request
}

// Begin gives the last answer. Its bytes are asked for where the answer differs; if that ends the try, because they are
// damaged or thrown away, the next one has to do without them.
func (e *ear) Begin() *sms.Known {
	known, is := e.of.known[e.request]
	if !is {
		return nil
	}
	stored := known.Stored
	known.Stored = func() (sms.Body, error) {
		delete(e.of.known, e.request)
		return stored()
	}
	return &known
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
