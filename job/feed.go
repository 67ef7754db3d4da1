package job

import (
	"errors"
	"io"
	"iter"
)

// feed turns reading around: whoever has bytes writes them, and whoever reads them waits for more. Both take turns in one
// goroutine, so the reader ends with the writer, and neither runs while the other does. A reader that panics has come to its
// end: what it could not read is met again where the whole answer is read, and there a crash is told and parked.
type feed struct {
	next    func() (struct{}, bool)
	stop    func() // ends the reader where it is
	more    func(struct{}) bool
	rest    []byte
	isWhole bool
	isOver  bool
}

func newFeed(read func(io.Reader)) *feed {
	f := &feed{}
	f.next, f.stop = iter.Pull(func(yield func(struct{}) bool) {
		defer func() { _ = recover() }()
		f.more = yield
		read(f)
	})
	return f
}

var errStopped = errors.New("nobody waits for the answer any more")

// Read is the reader's.
func (f *feed) Read(p []byte) (int, error) {
	for len(f.rest) == 0 {
		switch {
		case f.isOver:
			return 0, errStopped
		case f.isWhole:
			return 0, io.EOF
		}
		f.isOver = !f.more(struct{}{})
	}
	n := copy(p, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}

// Write returns when the reader has read all of p, or has ended.
func (f *feed) Write(p []byte) (int, error) {
	f.rest = p
	f.next()
	f.rest = nil
	return len(p), nil
}

// end says that there are no more bytes, and waits for the reader to be done.
func (f *feed) end() {
	f.isWhole = true
	f.next()
	f.stop()
}
