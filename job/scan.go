package job

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"smsetl/sms"
	"smsetl/transform"
	"smsetl/transform/huawei"
)

// UnreadableError says that nothing of a file can be read, and that nobody knows which days it is of.
type UnreadableError struct {
	File   string
	Rows   int64
	Reason string // of the first row
}

// Error gives the first row's reason.
func (e *UnreadableError) Error() string {
	return fmt.Sprintf("job: none of the %d rows of %s can be read, the first because %s", e.Rows, e.File, e.Reason)
}

// scan reads files for which accounts and days they are about.
type scan struct {
	im      *Import
	out     Imported
	windows map[windowKey]*importWindow

	last    *importWindow // of the row before: rows stand in the order of time
	lastKey windowKey
}

type windowKey struct {
	account string
	chunk   sms.Day
}

// importWindow is what one transaction loads.
type importWindow struct {
	account     sms.Account
	first, last sms.Day
	files       []windowFile
	parts       []*windowPart
}

// windowFile is a file that speaks for days of a window, with the rows that could not be read and may be of them.
type windowFile struct {
	file    int
	rejects []sms.Reject
}

// windowPart is a part of a file with rows of a window: of which days.
type windowPart struct {
	file, part  int
	first, last sms.Day
}

func newScan(im *Import) *scan {
	return &scan{im: im, windows: map[windowKey]*importWindow{}}
}

func (s *scan) window(a sms.Account, day sms.Day) *importWindow {
	at := windowKey{a.ID, day / sms.Day(s.im.ChunkDays)}
	if s.last != nil && at == s.lastKey {
		s.last.first, s.last.last = min(s.last.first, day), max(s.last.last, day)
		return s.last
	}
	w := s.windows[at]
	if w == nil {
		w = &importWindow{account: a, first: day, last: day}
		s.windows[at] = w
	}
	w.first, w.last = min(w.first, day), max(w.last, day)
	s.last, s.lastKey = w, at
	return w
}

// of gives the file within a window.
func (w *importWindow) of(file int) *windowFile {
	if n := len(w.files); n == 0 || w.files[n-1].file != file {
		w.files = append(w.files, windowFile{file: file})
	}
	return &w.files[len(w.files)-1]
}

// partOf notes that a part has a row on a day of the window.
func (w *importWindow) partOf(file, part int, day sms.Day) {
	for i := len(w.parts) - 1; i >= 0 && w.parts[i].file == file; i-- {
		if p := w.parts[i]; p.part == part {
			p.first, p.last = min(p.first, day), max(p.last, day)
			return
		}
	}
	w.of(file)
	w.parts = append(w.parts, &windowPart{file: file, part: part, first: day, last: day})
}

// file reads a file.
func (s *scan) file(i int) error {
	f := &s.im.Files[i]
	s.cover(i)
	readings := make([]transform.Reading, len(f.Parts))
	var first, last sms.Day
	for part := range f.Parts {
		reading, err := huawei.Messages(transform.Rows{}, s.im.payload(f, part), func(m *sms.Message) error {
			if first == 0 || m.Day < first {
				first = m.Day
			}
			last = max(last, m.Day)
			return s.message(i, part, m)
		})
		if err != nil {
			return err
		}
		readings[part] = reading
		s.out.FileRows += reading.Rows
	}
	for part, reading := range readings {
		for _, r := range reading.Rejects {
			if !s.reject(i, part, r, first, last) {
				return &UnreadableError{f.Name, reading.Rows, r.Reason}
			}
		}
	}
	return nil
}

// cover notes the days that a file speaks for.
func (s *scan) cover(i int) {
	f := &s.im.Files[i]
	for _, a := range s.im.covered() {
		for day := range daysOf(f.Covers, a.Zone) {
			if day >= s.im.KeepFrom {
				s.window(a, day).of(i)
			}
		}
	}
}

// daysOf gives the days that a span touches.
func daysOf(span sms.Span, zone sms.Zone) func(func(sms.Day) bool) {
	return func(yield func(sms.Day) bool) {
		for day := zone.Today(span.From); !span.IsEmpty() && zone.Start(day).Before(span.To); day++ {
			if !yield(day) {
				return
			}
		}
	}
}

// message notes a row.
func (s *scan) message(file, part int, m *sms.Message) error {
	account, known := s.im.account(m.Account.ID)
	if !known {
		return &ApplicationError{s.im.Files[file].Name, m.Account.ID}
	}
	if m.Day < s.im.KeepFrom {
		s.out.TooOld++
		return nil
	}
	s.window(account, m.Day).partOf(file, part, m.Day)
	return nil
}

// reject notes a row that cannot be read, in each window of which it may be: of its day where its time can be read, or else of the days
// that its file covers, or else of those of the file's other rows. isKept is false where nobody knows.
func (s *scan) reject(file, part int, r sms.Reject, first, last sms.Day) (isKept bool) {
	f := &s.im.Files[file]
	s.out.Unreadable = append(s.out.Unreadable, UnreadableRow{f.Name, r})
	accounts := s.im.covered()
	if a, known := s.im.account(r.Account); known {
		accounts = []sms.Account{a}
	} else {
		r.Account = "" // who knows what stands there
	}
	for _, a := range accounts {
		span := f.Covers
		if !r.SentAt.IsZero() {
			span = sms.Span{From: r.SentAt, To: r.SentAt.Add(1)}
		} else if span.IsEmpty() && first != 0 {
			span = sms.Span{From: a.Zone.Start(first), To: a.Zone.Start(last + 1)}
		}
		var seen *importWindow
		for day := range daysOf(span, a.Zone) {
			isKept = true
			if day < s.im.KeepFrom {
				continue // its messages are not kept, whatever the row says
			}
			w := s.window(a, day)
			w.partOf(file, part, day)
			if w != seen {
				seen = w
				of := w.of(file)
				of.rejects = append(of.rejects, r)
			}
		}
	}
	return isKept
}

func (s *scan) sorted() []*importWindow {
	return slices.SortedFunc(maps.Values(s.windows), func(a, b *importWindow) int {
		return cmp.Or(strings.Compare(a.account.ID, b.account.ID), cmp.Compare(a.first, b.first))
	})
}
