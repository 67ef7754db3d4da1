package extract

import (
	"compress/flate"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"smsetl/internal/pack"
	"smsetl/sms"
)

// reader brings one body home: packed as it comes, so that an answer of 60 MB never stands in memory unpacked.
type reader struct {
	cancel   context.CancelCauseFunc
	idle     time.Duration
	limits   Limits
	isGood   bool         // a 2xx: the whole body is wanted; otherwise only its head, as evidence
	listener sms.Listener // is told a good body; may be nil

	head  []byte
	whole sms.Body
}

func (r *reader) read(resp *http.Response) error {
	if r.isGood && !isFramed(resp) {
		// Its first bytes are evidence, and not worth a long wait: such a body often ends only with the connection.
		r.isGood, r.idle = false, min(r.idle, 2*time.Second)
		_ = r.pack(resp)
		r.whole = sms.Body{}
		return fmt.Errorf("%w: %w", sms.ErrMalformed, errUnframed)
	}
	if resp.ContentLength > r.limits.Body {
		return r.tooLarge()
	}
	return r.pack(resp)
}

func (r *reader) tooLarge() error {
	return fmt.Errorf("%w of %d bytes", ErrTooLarge, r.limits.Body)
}

func (r *reader) pack(resp *http.Response) error {
	// A gzip stream can hold many bytes that decompress to none, so the wire has a cap too.
	wire := &wire{body: resp.Body, left: r.limits.Body + 1<<20, reader: r}
	wire.timer = time.AfterFunc(r.idle, func() { r.cancel(errStalled) })
	defer wire.timer.Stop()
	plain, err := decoded(resp.Header, wire)
	if err != nil {
		return err
	}
	var listener sms.Listener
	if r.isGood {
		listener = r.listener
	}
	size := resp.ContentLength
	if plain != io.Reader(wire) {
		size = -1
	}
	out := pack.NewListened(listener, size)
	defer out.Close()
	for buf := make([]byte, 32<<10); ; {
		n, err := plain.Read(buf)
		if out.Size()+int64(n) > r.limits.Body {
			return r.tooLarge()
		}
		r.keep(buf[:n])
		if _, err := out.Write(buf[:n]); err != nil {
			return err
		}
		switch {
		case err == io.EOF:
			r.whole, err = out.Body()
			return err
		case err != nil:
			return encodingError(err)
		case !r.isGood && len(r.head) == r.limits.Head:
			return nil
		}
	}
}

// keep appends to the head what has room in it.
func (r *reader) keep(p []byte) {
	r.head = append(r.head, p[:min(len(p), r.limits.Head-len(r.head))]...)
}

// decoded gives the body without its content encoding: gzip, the one that is asked for, or none.
func decoded(h http.Header, body io.Reader) (io.Reader, error) {
	switch h.Get("Content-Encoding") {
	case "", "identity":
		return body, nil
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(body)
		if err == io.EOF {
			err = io.ErrUnexpectedEOF // an empty body is not an empty gzip stream
		}
		if err != nil {
			return nil, encodingError(err)
		}
		return z, nil
	default:
		return nil, fmt.Errorf("%w: the body has an encoding that nobody asked for", sms.ErrMalformed)
	}
}

// encodingError marks a broken gzip stream as malformed; other errors come from the network.
func encodingError(err error) error {
	_, isCorrupt := errors.AsType[flate.CorruptInputError](err)
	if isCorrupt || errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) {
		return fmt.Errorf("%w: %w", sms.ErrMalformed, err)
	}
	return err
}

// wire reads the bytes as they come, counts them, and ends the request when none come for a while.
type wire struct {
	body   io.Reader
	left   int64
	timer  *time.Timer
	reader *reader
}

func (w *wire) Read(p []byte) (int, error) {
	n, err := w.body.Read(p)
	if w.left -= int64(n); w.left < 0 {
		return 0, w.reader.tooLarge()
	}
	if n > 0 {
		w.timer.Reset(w.reader.idle)
	}
	return n, err
}
