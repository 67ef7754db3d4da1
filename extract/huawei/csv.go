package huawei

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
)

// maxRecord is the longest record that is read, in bytes. A quote that is never closed would otherwise take the rest of the
// file for one cell.
const maxRecord = 1 << 20

// csvRows reads records of cells without an allocation for each: the cells are good until the next call. encoding/csv takes
// an allocation a record and gives strings, which doubled the time of an import.
type csvRows struct {
	ctx       context.Context //nolint:containedctx // the rows are read within the call that the context is of
	in        *bufio.Reader
	delimiter byte
	record    []byte // the record as it stands in the file, when it is longer than the buffer or than a line
	cells     [][]byte
	unquoted  []byte // the cells of the record that had quotes
	places    []place
	row       int64 // of the record last read, from 1
}

func newCSVRows(ctx context.Context, text io.Reader, delimiter byte) *csvRows {
	return &csvRows{ctx: ctx, in: bufio.NewReaderSize(text, 256<<10), delimiter: delimiter}
}

func (c *csvRows) next() (cells [][]byte, row int64, err error) {
	if c.row&0xfff == 0 && c.ctx.Err() != nil {
		return nil, c.row, c.ctx.Err()
	}
	c.row++
	line, err := c.line(nil)
	if err != nil {
		return nil, c.row, err
	}
	c.cells, c.unquoted = c.cells[:0], c.unquoted[:0]
	if bytes.IndexByte(line, '"') < 0 {
		return c.split(trimEnd(line)), c.row, nil
	}
	cells, err = c.quoted(line)
	return cells, c.row, err
}

func (c *csvRows) close() error { return nil }

// line gives the next line with its end. more is what of the record was read before, and is part of the result.
func (c *csvRows) line(more []byte) ([]byte, error) {
	line, err := c.in.ReadSlice('\n')
	if err == nil && more == nil {
		return line, nil
	}
	c.record = append(c.record[:len(more)], line...)
	for errors.Is(err, bufio.ErrBufferFull) {
		if len(c.record) > maxRecord {
			return nil, c.tooLong()
		}
		line, err = c.in.ReadSlice('\n')
		c.record = append(c.record, line...)
	}
	if len(c.record) > maxRecord {
		return nil, c.tooLong()
	}
	if err == io.EOF && len(c.record) > len(more) {
		err = nil // the last line has no end
	}
	return c.record, err
}

func (c *csvRows) tooLong() error {
	return fmt.Errorf("row %d is longer than %d bytes: a quote in it is probably never closed", c.row, maxRecord)
}

// split cuts a line without quotes.
func (c *csvRows) split(line []byte) [][]byte {
	for {
		i := bytes.IndexByte(line, c.delimiter)
		if i < 0 {
			c.cells = append(c.cells, line)
			return c.cells
		}
		c.cells = append(c.cells, line[:i])
		line = line[i+1:]
	}
}

// place is where a cell stands: in the record, or among the unquoted cells. The bytes of both can move while a record is
// still being read.
type place struct {
	from, to int
	unquoted bool
}

// quoted cuts a record with quotes, whose quoted cells may hold delimiters, line ends and doubled quotes. A quote inside
// a cell that does not start with one is itself; ="007", the formula by which spreadsheets are made to keep zeros, is a quoted
// cell.
func (c *csvRows) quoted(line []byte) ([][]byte, error) {
	c.places = c.places[:0]
	for at, more := 0, true; more; {
		open := at
		if bytes.HasPrefix(line[at:], []byte(`="`)) {
			open++
		}
		if open >= len(line) || line[open] != '"' {
			end := c.cellEnd(line, at)
			c.places = append(c.places, place{from: at, to: end})
			more, at = end < len(line) && line[end] == c.delimiter, end+1
			continue
		}
		from := len(c.unquoted)
		var err error
		if line, at, err = c.unquote(line, open+1); err != nil {
			return nil, err
		}
		// What stands between the closing quote and the delimiter belongs to the cell: no exporter writes it, people do.
		end := c.cellEnd(line, at)
		c.unquoted = append(c.unquoted, line[at:end]...)
		c.places = append(c.places, place{from, len(c.unquoted), true})
		more, at = end < len(line) && line[end] == c.delimiter, end+1
	}
	for _, p := range c.places {
		if p.unquoted {
			c.cells = append(c.cells, c.unquoted[p.from:p.to])
		} else {
			c.cells = append(c.cells, line[p.from:p.to])
		}
	}
	return c.cells, nil
}

// cellEnd gives where the cell ends that goes on at a place outside of quotes: at a delimiter or at the end of the line.
func (c *csvRows) cellEnd(line []byte, at int) int {
	if i := bytes.IndexByte(line[at:], c.delimiter); i >= 0 {
		return at + i
	}
	return at + len(trimEnd(line[at:]))
}

// unquote reads from behind an opening quote to behind the closing one, over as many lines as it takes. What was looked at
// is not looked at again: half a million short lines behind an open quote took 11 seconds.
func (c *csvRows) unquote(line []byte, at int) (longer []byte, end int, err error) {
	for looked := at; ; {
		i := bytes.IndexByte(line[looked:], '"')
		if i < 0 {
			looked = len(line)
			if len(c.record) == 0 || &c.record[0] != &line[0] {
				c.record = append(c.record[:0], line...)
			}
			line, err = c.line(c.record[:len(line)])
			switch {
			case err == io.EOF:
				return nil, 0, fmt.Errorf("row %d: a quote is opened and never closed", c.row)
			case err != nil:
				return nil, 0, err
			}
			continue
		}
		quote := looked + i
		c.unquoted = append(c.unquoted, line[at:quote]...)
		if at = quote + 1; at == len(line) || line[at] != '"' {
			return line, at, nil
		}
		c.unquoted = append(c.unquoted, '"')
		at++
		looked = at
	}
}

// trimEnd takes the end of the line off.
func trimEnd(line []byte) []byte {
	line = bytes.TrimSuffix(line, []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r"))
}
