package pack

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"smsetl/sms"
)

// An answer is compared with a stored one at the end of each MiB. The bytes since the last one are held, so they are few; and
// a smaller chunk would find out little more.
const (
	chunk     = 1 << 20
	chunkHash = 16
)

// errKnown says that an answer begins as a stored one does, whose bytes cannot be had: it has to be asked for again.
var errKnown = errors.New("pack: what is stored of the last answer cannot be read")

// follower compares an answer with a stored one while it comes.
type follower struct {
	listener sms.Listener // may be nil
	known    *sms.Known   // nil when there is none, or when the answer has parted from it
	held     []byte       // what came after the last whole MiB that was the same
	same     sms.Hash     // of everything before it, all 32 bytes
}

// NewListened gives a Writer whose answer is read while it comes; the listener may be nil, and size is what its Begin is told. As long as
// the bytes are those of the answer that the listener knows, they are hashed and nothing else; when all of them were, the Body is
// IsKept.
func NewListened(listener sms.Listener, size int64) *Writer {
	w := &Writer{hash: sha256.New(), chunks: []byte{}, follower: follower{listener: listener}}
	if listener != nil {
		w.known = listener.Begin(size)
	}
	return w
}

// take packs bytes that are hashed, or holds them as long as they may be known.
func (w *Writer) take(part []byte) error {
	if w.known == nil {
		return w.pack(part)
	}
	w.held = append(w.held, part...)
	switch {
	case w.size%chunk != 0:
		return nil
	case bytes.HasPrefix(w.known.Chunks, w.chunks):
		w.hash.Sum(w.same[:0])
		w.held = w.held[:0]
		return nil
	}
	return w.part()
}

// part leaves the known answer: what was the same is packed from its stored bytes, then what is held.
func (w *Writer) part() error {
	known, held := w.known, w.held
	w.known, w.held = nil, nil
	if same := w.size - int64(len(held)); known != nil && same > 0 {
		if err := w.again(known, same); err != nil {
			return fmt.Errorf("%w: %w", errKnown, err)
		}
	}
	return w.pack(held)
}

// again packs the first bytes of a stored answer. That they are those that came is seen by the whole hash of both.
func (w *Writer) again(known *sms.Known, same int64) error {
	src, err := open(&pieces{next: known.Stored}, known.Body)
	if err != nil {
		return err
	}
	defer src.Close()
	w.out.Grow(int(known.PackedSize + known.PackedSize/16)) // doubling would hold twice as much
	if _, err := io.CopyN(packer{w}, src, same); err != nil {
		return err
	}
	if sms.Hash(src.hash.Sum(nil)) != w.same {
		return ErrCorrupt
	}
	return nil
}

// pieces are packed bytes that are stored.
type pieces struct {
	next func(at int64) ([]byte, error)
	at   int64
	rest []byte
}

func (p *pieces) Read(b []byte) (n int, err error) {
	if len(p.rest) == 0 {
		if p.rest, err = p.next(p.at); err == nil && len(p.rest) == 0 {
			err = io.EOF
		}
		p.at += int64(len(p.rest))
	}
	n = copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, err
}

// packer packs without hashing.
type packer struct{ *Writer }

func (p packer) Write(b []byte) (int, error) { return len(b), p.pack(b) }
