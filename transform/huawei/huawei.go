package huawei

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"smsetl/internal/pack"
	"smsetl/sms"
	"smsetl/transform"
)

// formVersion is the first cell of the stored form that Messages and Totals read. It is written by extract/huawei, whose
// doc says how: lines of cells between tabs, the first line what it is and how it is meant, the second the columns.
const formVersion = "huawei/1"

// The kinds of stored form.
const (
	kindDetails    = "sending_details"
	kindReports    = "status_reports"
	kindStatistics = "statistics"
)

// Messages calls each with the message of each row of a stored form of sending details or status reports, in the order of the
// rows. The message is good until each returns, and an error of each ends the reading. Memory does not grow with the rows.
//
// A row that cannot be understood is rejected and the rest believed. The error wraps sms.ErrMalformed when the form cannot be
// read and pack.ErrCorrupt when its bytes are not those that were stored, which shows only at the end: what was given before
// an error must not be believed.
func Messages(rows transform.Rows, p *sms.Payload, each func(*sms.Message) error) (transform.Reading, error) {
	h := newReader(p, each)
	h.rows = rows
	err := h.read(map[string]func() error{kindDetails: h.detail, kindReports: h.statusReport})
	if err != nil {
		err = fmt.Errorf("transform: messages of %s: %w", p.Body.Hash.Short(), err)
	}
	return h.Reading, err
}

func newReader(p *sms.Payload, each func(*sms.Message) error) *reader {
	return &reader{payload: p, each: each, keys: make(map[string]sms.Key), countries: make(map[string]sms.Key)}
}

// reader reads one stored form.
type reader struct {
	transform.Reading
	payload *sms.Payload
	rows    transform.Rows
	each    func(*sms.Message) error

	settings map[string]string
	columns  []string
	kind     string
	account  sms.Account // of rows that name none
	zone     sms.Zone    // of times that name none
	reported sms.Zone    // the same of reported_at
	isHint   bool

	line  []byte // of a row that is longer than the buffer
	row   []byte
	cells [][]byte
	start int64          // bytes of the form before the line
	done  int64          // bytes of it read
	at    map[string]int // place of a column
	place places

	m         sms.Message
	keys      map[string]sms.Key
	countries map[string]sms.Key
	reasons   map[reasonKey]*sms.Reason
	statuses  map[string]status
	id        []byte
	sent      timeCache
	reportAt  timeCache
}

// read reads the form and calls row for each of its rows.
func (h *reader) read(kinds map[string]func() error) (err error) {
	in, err := pack.Open(h.payload.Body)
	if err != nil {
		return err
	}
	defer in.Close()
	defer func() {
		// Damaged bytes explain any other error.
		if bad := in.Verify(); bad != nil {
			err = bad
		}
	}()
	lines := bufio.NewReaderSize(in, int(min(max(h.payload.Body.Size, 1<<10), 64<<10))) // a push has some hundred bytes
	if err := h.head(lines); err != nil {
		return err
	}
	row, ok := kinds[h.kind]
	if !ok {
		return transform.Malformed("the form holds %q, which is not wanted here", transform.Cut([]byte(h.kind), 40))
	}
	for {
		err := h.next(lines)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if len(h.cells) != len(h.columns) {
			return transform.Malformed("row %d has %d cells, want %d", h.Rows, len(h.cells), len(h.columns))
		}
		if id := h.text(h.place.id); h.rows.ID == nil || len(id) == 0 || h.rows.ID(id) {
			if err := row(); err != nil {
				return err
			}
		}
		h.Rows++
	}
}

// next cuts the next line into cells.
func (h *reader) next(lines *bufio.Reader) error {
	line, err := lines.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		h.line = append(h.line[:0], line...)
		for errors.Is(err, bufio.ErrBufferFull) && len(h.line) < 4<<20 {
			line, err = lines.ReadSlice('\n')
			h.line = append(h.line, line...)
		}
		line = h.line
	}
	switch {
	case err == io.EOF && len(line) == 0:
		return io.EOF
	case err == io.EOF:
		return transform.Malformed("the form is cut off in row %d", h.Rows)
	case errors.Is(err, bufio.ErrBufferFull):
		return transform.Malformed("row %d has no end", h.Rows)
	case err != nil:
		return err
	}
	h.start, h.done = h.done, h.done+int64(len(line))
	line = line[:len(line)-1]
	h.row, h.cells = line, h.cells[:0]
	for {
		i := bytes.IndexByte(line, '\t')
		if i < 0 {
			h.cells = append(h.cells, line)
			return nil
		}
		h.cells = append(h.cells, line[:i])
		line = line[i+1:]
	}
}

// head reads the first two lines.
func (h *reader) head(lines *bufio.Reader) error {
	if err := h.next(lines); err != nil {
		return headError(err)
	}
	if string(h.cells[0]) != formVersion || len(h.cells) < 2 {
		return transform.Malformed("the form starts with %q, want %q", transform.Cut(h.cells[0], 40), formVersion)
	}
	h.kind = string(h.cells[1])
	h.settings = make(map[string]string)
	for _, cell := range h.cells[2:] {
		name, value, _ := strings.Cut(string(cell), "=")
		h.settings[name] = value
	}
	h.isHint = h.settings["trust"] != "signed"
	h.account = h.payload.Account
	if name, ok := h.settings["account"]; ok {
		h.account.ID = name
	}
	var err error
	if h.zone, err = h.statedZone("zone", sms.Zone{}); err != nil {
		return err
	}
	if h.reported, err = h.statedZone("reported_zone", h.zone); err != nil {
		return err
	}
	if err := h.next(lines); err != nil {
		return headError(err)
	}
	h.at = make(map[string]int)
	for i, cell := range h.cells {
		name := string(cell)
		if _, twice := h.at[name]; twice {
			return transform.Malformed("column %q stands twice", transform.Cut(cell, 40))
		}
		h.at[name], h.columns = i, append(h.columns, name)
	}
	h.place = placesOf(h.at)
	return nil
}

// FormZone gives the zone of the times in a stored form that name none.
func FormZone(p *sms.Payload) (sms.Zone, error) {
	in, err := pack.Open(p.Body)
	if err != nil {
		return sms.Zone{}, err
	}
	defer in.Close()
	h := newReader(p, nil)
	if err := h.head(bufio.NewReader(in)); err != nil {
		return sms.Zone{}, fmt.Errorf("transform: messages of %s: %w", p.Body.Hash.Short(), err)
	}
	return h.zone, nil
}

func headError(err error) error {
	if err == io.EOF {
		return transform.Malformed("the form is empty")
	}
	return err
}

func (h *reader) statedZone(name string, otherwise sms.Zone) (sms.Zone, error) {
	text, ok := h.settings[name]
	if !ok {
		return otherwise, nil
	}
	zone, err := sms.ParseZone(text)
	if err != nil {
		return zone, transform.Malformed("%s: %s", name, err)
	}
	return zone, nil
}

// rejectf notes a row that is not believed.
func (h *reader) rejectf(c transform.Check, subject, format string, args ...any) {
	if h.rows.Day != 0 && h.m.SentAt.IsZero() && !h.rows.IsTimeless {
		return
	}
	reason := fmt.Sprintf(format, args...)
	r := sms.Reject{Payload: h.payload.Body.Hash, Position: h.Rows, Reason: reason, Account: h.account.ID, SentAt: h.m.SentAt}
	if application := h.text(h.place.application); len(application) > 0 && len(application) <= transform.MaxKey && isText(application) {
		r.Account = string(application)
	}
	h.Reject(r, h.row)
	h.Note(c, subject, h.m.Day, func() string { return reason })
}

// text gives a cell by the place of its column; nil when there is no such column.
func (h *reader) text(at int) []byte {
	if at < 0 {
		return nil
	}
	return h.cells[at]
}
