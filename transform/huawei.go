package transform

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"smsetl/internal/pack"
	"smsetl/sms"
)

// huaweiForm is the first cell of the stored form that Messages and Totals read. It is written by extract/huawei, whose
// doc says how: lines of cells between tabs, the first line what it is and how it is meant, the second the columns.
const huaweiForm = "huawei/1"

// The kinds of stored form.
const (
	kindDetails    = "sending_details"
	kindReports    = "status_reports"
	kindStatistics = "statistics"
)

// Reading is what is to say about the rows of a stored form beside what they gave.
type Reading struct {
	Rows     int64 // rows read: those given and those rejected
	Rejects  []sms.Reject
	Findings []sms.Finding
}

// Rows chooses rows of a stored form before they are understood, which costs a tenth of understanding them. The zero Rows are all.
type Rows struct {
	Day        sms.Day // of sending, in the zone of the payload's account; 0 for any
	IsTimeless bool    // rejects rows as well whose day cannot be read; without a Day they always are
	// ID chooses by the id as it is written. Rows without one are always read. nil chooses all.
	ID func(id []byte) bool
}

// Messages reads every row of a stored form, see Rows.Messages.
func Messages(p *sms.Payload, each func(*sms.Message) error) (Reading, error) {
	return Rows{}.Messages(p, each)
}

// Messages calls each with the message of each row of a stored form of sending details or status reports, in the order of the
// rows. The message is good until each returns, and an error of each ends the reading. Memory does not grow with the rows.
//
// A row that cannot be understood is rejected and the rest believed. The error wraps sms.ErrMalformed when the form cannot be
// read and pack.ErrCorrupt when its bytes are not those that were stored, which shows only at the end: what was given before
// an error must not be believed.
func (r Rows) Messages(p *sms.Payload, each func(*sms.Message) error) (Reading, error) {
	h := newHuawei(p, each)
	h.rows = r
	err := h.read(map[string]func() error{kindDetails: h.detail, kindReports: h.statusReport})
	h.Findings = h.notes.list
	if err != nil {
		err = fmt.Errorf("transform: messages of %s: %w", short(p), err)
	}
	return h.Reading, err
}

func newHuawei(p *sms.Payload, each func(*sms.Message) error) *huawei {
	return &huawei{payload: p, each: each, keys: make(map[string]sms.Key), countries: make(map[string]sms.Key)}
}

// huawei reads one stored form.
type huawei struct {
	Reading
	payload *sms.Payload
	rows    Rows
	each    func(*sms.Message) error
	notes   notes

	settings map[string]string
	columns  []string
	kind     string
	account  sms.Account // of rows that name none
	zone     sms.Zone    // of times that name none
	reported sms.Zone    // the same of reported_at
	isHint   bool

	line  []byte
	cells [][]byte
	start int64          // bytes of the form before the line
	done  int64          // bytes of it read
	at    map[string]int // place of a column
	place huaweiPlaces

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
func (h *huawei) read(kinds map[string]func() error) (err error) {
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
		return malformed("the form holds %q, which is not wanted here", cut([]byte(h.kind), 40))
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
			return malformed("row %d has %d cells, want %d", h.Rows, len(h.cells), len(h.columns))
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
func (h *huawei) next(lines *bufio.Reader) error {
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
		return malformed("the form is cut off in row %d", h.Rows)
	case errors.Is(err, bufio.ErrBufferFull):
		return malformed("row %d has no end", h.Rows)
	case err != nil:
		return err
	}
	h.start, h.done = h.done, h.done+int64(len(line))
	line = line[:len(line)-1]
	h.cells = h.cells[:0]
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
func (h *huawei) head(lines *bufio.Reader) error {
	if err := h.next(lines); err != nil {
		return headError(err)
	}
	if string(h.cells[0]) != huaweiForm || len(h.cells) < 2 {
		return malformed("the form starts with %q, want %q", cut(h.cells[0], 40), huaweiForm)
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
			return malformed("column %q stands twice", cut(cell, 40))
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
	h := newHuawei(p, nil)
	if err := h.head(bufio.NewReader(in)); err != nil {
		return sms.Zone{}, fmt.Errorf("transform: messages of %s: %w", short(p), err)
	}
	return h.zone, nil
}

func headError(err error) error {
	if err == io.EOF {
		return malformed("the form is empty")
	}
	return err
}

func (h *huawei) statedZone(name string, otherwise sms.Zone) (sms.Zone, error) {
	text, ok := h.settings[name]
	if !ok {
		return otherwise, nil
	}
	zone, err := sms.ParseZone(text)
	if err != nil {
		return zone, malformed("%s: %s", name, err)
	}
	return zone, nil
}

// rejectf notes a row that is not believed.
func (h *huawei) rejectf(c check, subject, format string, args ...any) {
	if h.rows.Day != 0 && h.m.SentAt.IsZero() && !h.rows.IsTimeless {
		return
	}
	reason := fmt.Sprintf(format, args...)
	r := sms.Reject{Payload: h.payload.Body.Hash, Position: h.Rows, Reason: reason, Account: h.account.ID, SentAt: h.m.SentAt}
	if application := h.text(h.place.application); len(application) > 0 && len(application) <= maxKey && isText(application) {
		r.Account = string(application)
	}
	if len(h.Rejects) < maxRowTexts {
		r.Row = strings.ToValidUTF8(cut(bytes.Join(h.cells, []byte("\t")), maxRowText), "?")
	}
	h.Rejects = append(h.Rejects, r)
	h.notes.add(c, subject, h.m.Day, func() string { return reason })
}

// text gives a cell by the place of its column; nil when there is no such column.
func (h *huawei) text(at int) []byte {
	if at < 0 {
		return nil
	}
	return h.cells[at]
}
