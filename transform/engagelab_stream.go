package transform

import (
	"bytes"
	"errors"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// bufferSize is how much of an answer is in memory at a time. A row longer than that is left to the full JSON reader.
const bufferSize = 64 << 10

// envelope is what surrounds the rows: {"result":[...],"count":n}, or {"code":n,"message":".."} for an error.
type envelope struct {
	seen    map[string]bool
	result  string // what kind of value result was, when no array
	rows    int64
	code    []byte
	message []byte
	count   []byte
	total   []byte
}

// failure gives the error that the envelope states. A code that is null or 0 says that there is none.
func (e *envelope) failure() error {
	if e.code == nil || isNull(e.code) || isZeroNumber(e.code) {
		return nil
	}
	return malformed("it is an error: code %s, message %s", excerpt(e.code), cut(e.message, 200))
}

// stream reads one answer of EngageLab row by row. The decoder, a full JSON reader, is in charge of all that surrounds
// the rows; rows are read from a buffer, by the scanner where they are plain.
type stream struct {
	src      io.Reader
	dec      *jsontext.Decoder
	inner    jsontext.Decoder // for one row
	shift    int64            // what the decoder's count of bytes lacks since it started anew
	scanner  scanner
	buffer   []byte
	row      *row
	done     int64 // bytes of the answer that the rows so far took
	env      envelope
	noBuffer bool // the decoder reads every row: the two ways must agree, which tests ask
	// each is called for every element of result, with the row taken apart if it is an object.
	each func(position int64, isObject bool) error
	// unknown is called for every field of the envelope that nobody knows.
	unknown func(field string, value []byte)
}

// offset gives the number of bytes of the answer that were understood.
func (s *stream) offset() int64 { return s.dec.InputOffset() + s.shift }

// read goes through the answer. The rows, and whether the envelope can be believed, are the caller's.
func (s *stream) read() error {
	s.dec = jsontext.NewDecoder(s.src, jsontext.AllowDuplicateNames(true))
	s.env.seen = make(map[string]bool)
	if err := s.object(); err != nil {
		return err
	}
	if _, err := s.dec.ReadToken(); !errors.Is(err, io.EOF) {
		return malformed("something follows the answer, at byte %d", s.offset())
	}
	return nil
}

func (s *stream) object() error {
	if s.dec.PeekKind() != jsontext.KindBeginObject {
		value, err := s.dec.ReadValue()
		if err != nil {
			return syntax(err, s.shift)
		}
		return malformed("the answer is %s, want an object with result and count", kind(value))
	}
	if _, err := s.dec.ReadToken(); err != nil {
		return syntax(err, s.shift)
	}
	for {
		token, err := s.dec.ReadToken()
		if err != nil {
			return syntax(err, s.shift)
		}
		if token.Kind() == jsontext.KindEndObject {
			return nil
		}
		field := token.String()
		if s.env.seen[field] {
			return malformed("field %q stands twice in the answer, at byte %d", field, s.offset())
		}
		s.env.seen[field] = true
		if field == "result" && s.dec.PeekKind() == jsontext.KindBeginArray {
			if err := s.rows(); err != nil {
				return err
			}
			continue
		}
		value, err := s.dec.ReadValue()
		if err != nil {
			return syntax(err, s.shift)
		}
		s.member(field, value)
	}
}

// member notes a field of the envelope, but for an array of rows.
func (s *stream) member(field string, value []byte) {
	switch field {
	case "result":
		s.env.result = kind(value)
	case "code":
		s.env.code = bytes.Clone(value)
	case "message":
		s.env.message = bytes.Clone(value)
	case "count":
		s.env.count = bytes.Clone(value)
	case "total":
		s.env.total = bytes.Clone(value)
	default:
		s.unknown(field, value)
	}
}

// rows reads the array of rows.
func (s *stream) rows() error {
	if _, err := s.dec.ReadToken(); err != nil {
		return syntax(err, s.shift)
	}
	if !s.noBuffer {
		if err := s.bufferedRows(); err != nil {
			return err
		}
	}
	for {
		switch s.dec.PeekKind() {
		case jsontext.KindEndArray:
			_, err := s.dec.ReadToken()
			return err
		case jsontext.KindBeginObject:
			if err := s.oddRow(); err != nil {
				return err
			}
		default:
			value, err := s.dec.ReadValue()
			if err != nil {
				return syntax(err, s.shift)
			}
			s.row.clear()
			s.row.raw = value
			if err := s.deliver(false); err != nil {
				return err
			}
		}
	}
}

func (s *stream) deliver(isObject bool) error {
	position := s.env.rows
	s.env.rows++
	return s.each(position, isObject)
}

// oddRow reads a row with the full reader.
func (s *stream) oddRow() error {
	raw, err := s.dec.ReadValue()
	if err != nil {
		return syntax(err, s.shift)
	}
	s.done = s.offset()
	if err := s.takeApart(raw); err != nil {
		return err
	}
	return s.deliver(true)
}

// takeApart fills the row from a JSON object.
func (s *stream) takeApart(raw []byte) error {
	return s.takeApartInto(s.row, s.scanner.layout, raw)
}

func (s *stream) takeApartInto(r *row, l *layout, raw []byte) error {
	r.clear()
	r.raw = raw
	return members(&s.inner, raw, func(field, value []byte) error {
		if !r.set(l, field, value) {
			return malformed("field %q stands twice in row %d", field, s.env.rows)
		}
		return nil
	})
}

// bufferedRows takes the array over from the decoder and reads rows from a buffer of its own, until it meets something
// else: the end of the array, a mistake, or a row longer than the buffer. What follows is left to the decoder.
func (s *stream) bufferedRows() error {
	src, start := s.takeOver()
	at, first := 0, true
	for {
		length := 0
		from, verdict := s.rowStart(at, first)
		if verdict == plain {
			length, verdict = s.bufferedRow(s.buffer[from:])
		}
		switch verdict {
		case odd:
			return s.handBack(src, start+int64(at), s.buffer[at:], first)
		case partial:
			// Only what is understood leaves the buffer: a comma stays with the row that it announces.
			start += int64(at)
			s.buffer = append(s.buffer[:0], s.buffer[at:]...)
			at = 0
			n, err := src.Read(s.buffer[len(s.buffer):cap(s.buffer)])
			s.buffer = s.buffer[:len(s.buffer)+n]
			if n == 0 && (err != nil || len(s.buffer) == cap(s.buffer)) {
				return s.handBack(src, start, s.buffer, first)
			}
		case plain:
			at, first = from+length, false
			s.done = start + int64(at)
			if err := s.deliver(true); err != nil {
				return err
			}
		}
	}
}

// takeOver fills the buffer with what the decoder has read ahead and gives the source of the rest, and where in the
// answer the buffer starts.
func (s *stream) takeOver() (io.Reader, int64) {
	if s.buffer == nil {
		s.buffer = make([]byte, 0, bufferSize)
	}
	ahead := s.dec.UnreadBuffer()
	if len(ahead) > cap(s.buffer) { // the envelope began with something huge
		s.buffer = s.buffer[:0]
		return io.MultiReader(bytes.NewReader(bytes.Clone(ahead)), s.src), s.offset()
	}
	s.buffer = append(s.buffer[:0], ahead...)
	return s.src, s.offset()
}

// handBack puts the decoder in charge again, from the given offset on. It starts anew there, with brackets before the
// rest that make it a whole document.
func (s *stream) handBack(src io.Reader, offset int64, rest []byte, first bool) error {
	prefix := `{"result":[`
	if !first {
		prefix = `{"result":[""` // a string: nothing that follows can become a part of it, as .5 would of a 0
	}
	s.dec.Reset(io.MultiReader(bytes.NewReader([]byte(prefix)), bytes.NewReader(rest), src),
		jsontext.AllowDuplicateNames(true))
	s.shift = offset - int64(len(prefix))
	for s.offset() < offset {
		if _, err := s.dec.ReadToken(); err != nil {
			return syntax(err, s.shift)
		}
	}
	return nil
}

// rowStart finds the row that should start at or after the comma at the given place of the buffer.
func (s *stream) rowStart(at int, first bool) (int, verdict) {
	from := blank(s.buffer, at)
	if !first && from < len(s.buffer) {
		if s.buffer[from] != ',' {
			return 0, odd
		}
		from = blank(s.buffer, from+1)
	}
	switch {
	case from == len(s.buffer):
		return 0, partial
	case s.buffer[from] != '{':
		return 0, odd
	}
	return from, plain
}

// bufferedRow reads the row at the start of b and gives its length. It is odd when it is not valid or holds a field
// twice: the decoder will say so.
func (s *stream) bufferedRow(b []byte) (int, verdict) {
	length, verdict := s.scanner.scan(b, s.row)
	if verdict != odd {
		return length, verdict
	}
	s.inner.Reset(bytes.NewBuffer(b), jsontext.AllowDuplicateNames(true))
	raw, err := s.inner.ReadValue()
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, partial
	}
	if err != nil || s.takeApart(b[:len(raw)]) != nil {
		return 0, odd
	}
	return len(raw), plain
}
