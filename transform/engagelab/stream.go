package engagelab

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"smsetl/transform"
)

// bufferSize is how much of an answer is in memory at a time. A row longer than that is left to the decoder.
const bufferSize = 64 << 10

// read reads the answer. A decoder, which is a full JSON reader, reads all that surrounds the rows. The scanner, which
// is faster, reads the rows; from the first one on that is not plain JSON the decoder reads them too. Whether the
// envelope can be believed is left to the caller.
func (a *answer) read() error {
	a.dec = jsontext.NewDecoder(a.src, jsontext.AllowDuplicateNames(true))
	if a.dec.PeekKind() != jsontext.KindBeginObject {
		value, err := a.dec.ReadValue()
		if err != nil {
			return transform.Syntax(err, 0)
		}
		return transform.Malformed("the answer is %s, want an object with result and count", transform.Kind(value))
	}
	if _, err := a.dec.ReadToken(); err != nil {
		return transform.Syntax(err, 0)
	}
	for a.dec.PeekKind() != jsontext.KindEndObject {
		if err := a.member(); err != nil {
			return err
		}
	}
	if _, err := a.dec.ReadToken(); err != nil {
		return transform.Syntax(err, a.shift)
	}
	if _, err := a.dec.ReadToken(); err != io.EOF {
		return transform.Malformed("something follows the answer, at byte %d", a.offset())
	}
	return nil
}

// offset gives the number of bytes of the answer that the decoder has read.
func (a *answer) offset() int64 { return a.dec.InputOffset() + a.shift }

// member reads a field of the envelope.
func (a *answer) member() error {
	token, err := a.dec.ReadToken()
	if err != nil {
		return transform.Syntax(err, a.shift)
	}
	field := token.String()
	if _, twice := a.envelope[field]; twice {
		return transform.Malformed("field %q stands twice in the answer, at byte %d", field, a.offset())
	}
	if field == "result" && a.dec.PeekKind() == jsontext.KindBeginArray {
		a.envelope[field] = []byte("[")
		return a.readRows()
	}
	value, err := a.dec.ReadValue()
	if err != nil {
		return transform.Syntax(err, a.shift)
	}
	switch field {
	case "result", "code", "message", "count", "total":
		a.envelope[field] = bytes.Clone(value)
	default:
		a.envelope[field] = nil
		a.Note(transform.UnknownField, transform.Subject([]byte("envelope."+field)), 0, func() string {
			return fmt.Sprintf("the answer has a field %q: %s", field, transform.Excerpt(value))
		})
	}
	return nil
}

// readRows reads the array of rows.
func (a *answer) readRows() error {
	if _, err := a.dec.ReadToken(); err != nil {
		return transform.Syntax(err, a.shift)
	}
	if !a.noScanner {
		if err := a.scanRows(); err != nil {
			return err
		}
	}
	for a.dec.PeekKind() != jsontext.KindEndArray {
		value, err := a.dec.ReadValue()
		if err != nil {
			return transform.Syntax(err, a.shift)
		}
		if twice := a.row.parse(value); twice != nil {
			return transform.Malformed("field %q stands twice in row %d", twice, a.rows)
		}
		if err := a.endRow(a.offset()); err != nil {
			return err
		}
	}
	_, err := a.dec.ReadToken()
	return err
}

// scanRows takes the array over from the decoder and reads plain rows, until it meets something else: the end of the
// array, a mistake, a row that is not plain or longer than the buffer. What follows is left to the decoder.
func (a *answer) scanRows() error {
	ahead := bytes.Clone(a.dec.UnreadBuffer())
	if a.buffer == nil {
		a.buffer = bufio.NewReaderSize(nil, bufferSize)
	}
	a.buffer.Reset(io.MultiReader(bytes.NewReader(ahead), a.src))
	for start := a.offset(); ; {
		b, _ := a.buffer.Peek(a.buffer.Buffered())
		length := a.row.scan(b, a.rows == 0)
		if length < 0 {
			if _, err := a.buffer.Peek(len(b) + 1); err == nil && length == partial {
				continue
			}
			return a.resume(start)
		}
		start += int64(length)
		if err := a.endRow(start); err != nil {
			return err
		}
		// Only what was read leaves the buffer: a comma stays with the row that it announces.
		_, _ = a.buffer.Discard(length)
	}
}

// resume puts the decoder in charge again, from the given offset on. It starts anew there, after a prefix that makes
// the rest a whole document.
func (a *answer) resume(offset int64) error {
	prefix := `{"result":[`
	if a.rows > 0 {
		prefix += `""` // a string: nothing that follows can become a part of it, as .5 would of a 0
	}
	a.dec.Reset(io.MultiReader(strings.NewReader(prefix), a.buffer), jsontext.AllowDuplicateNames(true))
	a.shift = offset - int64(len(prefix))
	for a.offset() < offset {
		if _, err := a.dec.ReadToken(); err != nil {
			return transform.Syntax(err, a.shift)
		}
	}
	return nil
}

// endRow takes in a row that ends at the given byte of the answer.
func (a *answer) endRow(end int64) error {
	a.done = end
	a.rows++
	return a.eachRow()
}
