package star

import (
	"encoding/binary"
	"io"

	"smsetl/sms"
)

// Hand-encoded binary COPY: half the processor time of the driver's boxed rows.

const (
	// postgresEpoch is 2000-01-01 in days since 1970-01-01: Postgres counts dates from there.
	postgresEpoch = 10957
	copyHeader    = "PGCOPY\n\xff\r\n\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00" // signature, flags, length of extension
	copyTrailer   = "\xff\xff"
	nullField     = 0xffffffff
)

// rowReader is the binary COPY stream of lines, encoded as it is read.
type rowReader struct {
	lines   []line
	encode  func([]byte, *line) []byte
	buffer  []byte // reused: pending is what is left of it
	pending []byte
	begun   bool
	ended   bool
}

const encodeAhead = 64 << 10

// Read gives the next bytes of the stream.
func (r *rowReader) Read(p []byte) (int, error) {
	if len(r.pending) == 0 {
		r.fill()
	}
	if len(r.pending) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.pending)
	r.pending = r.pending[n:]
	return n, nil
}

func (r *rowReader) fill() {
	if r.buffer == nil {
		r.buffer = make([]byte, 0, encodeAhead+1024)
	}
	b := r.buffer[:0]
	if !r.begun {
		b = append(b, copyHeader...)
		r.begun = true
	}
	for len(r.lines) > 0 && len(b) < encodeAhead {
		b = r.encode(b, &r.lines[0])
		r.lines = r.lines[1:]
	}
	if len(r.lines) == 0 && !r.ended {
		b = append(b, copyTrailer...)
		r.ended = true
	}
	r.buffer, r.pending = b, b
}

// deliveryEncoder encodes delivery lines in the order of the fact's columns.
func deliveryEncoder(deliveries []sms.Delivery, account int32, loadID int64) func([]byte, *line) []byte {
	return func(b []byte, l *line) []byte {
		b = binary.BigEndian.AppendUint16(b, 15)
		b = appendKeys(b, l, account)
		c := deliveries[l.at].Counts()
		for i := range c {
			b = appendCount(b, c[i])
		}
		return appendLong(b, loadID)
	}
}

// failureEncoder encodes failure lines in the order of the fact's columns.
func failureEncoder(failures []sms.Failure, account int32, loadID int64) func([]byte, *line) []byte {
	return func(b []byte, l *line) []byte {
		b = binary.BigEndian.AppendUint16(b, 9)
		b = appendKeys(b, l, account)
		b = appendInt(b, l.reason)
		b = appendCount(b, failures[l.at].Messages)
		return appendLong(b, loadID)
	}
}

func appendKeys(b []byte, l *line, account int32) []byte {
	b = appendInt(b, int32(l.day)-postgresEpoch)
	b = appendInt(b, account)
	b = appendInt(b, l.template)
	b = appendInt(b, l.label)
	b = appendInt(b, l.messageType)
	return appendInt(b, l.country)
}

func appendInt(b []byte, n int32) []byte {
	b = binary.BigEndian.AppendUint32(b, 4)
	return binary.BigEndian.AppendUint32(b, uint32(n))
}

func appendLong(b []byte, n int64) []byte {
	b = binary.BigEndian.AppendUint32(b, 8)
	return binary.BigEndian.AppendUint64(b, uint64(n))
}

func appendCount(b []byte, c sms.Count) []byte {
	n, reported := c.Value()
	if !reported {
		return binary.BigEndian.AppendUint32(b, nullField)
	}
	return appendLong(b, n)
}
