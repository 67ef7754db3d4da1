package huawei

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"smsetl/sms"
	"smsetl/transform"
)

// places is where the columns of messages stand in a form, by their names; -1 for one that the form lacks.
type places struct {
	id, number, dial, sentAt, reportedAt, application, template, signature, kind, country, result, status, source,
	charged, segments, piece, pieces, extend int
}

func placesOf(at map[string]int) places {
	place := func(name string) int {
		if i, ok := at[name]; ok {
			return i
		}
		return -1
	}
	return places{
		id: place("id"), number: place("number"), dial: place("dial"), sentAt: place("sent_at"), reportedAt: place("reported_at"),
		application: place("application"), template: place("template"), signature: place("signature"), kind: place("type"),
		country: place("country"), result: place("result"), status: place("status"), source: place("source"),
		charged: place("charged"), segments: place("segments"), piece: place("piece"), pieces: place("pieces"), extend: place("extend"),
	}
}

// maxPieces is the number of pieces that a message is believed to have at most. A long SMS has up to 255 by its header.
const maxPieces = 255

// detail makes a message of a row of sending details.
func (h *reader) detail() error {
	h.m = sms.Message{
		Origin: sms.FromExport, SeenAt: h.payload.FetchedAt, Payload: h.payload.Body.Hash, Position: h.Rows,
		Account: h.account,
	}
	if !h.sentAt() || h.rows.Day != 0 && h.m.Day != h.rows.Day || !h.grain() || !h.pieceOf() || !h.identity() || !h.outcome() {
		return nil
	}
	h.chargedPieces()
	if at := h.text(h.place.reportedAt); len(at) > 0 {
		t, ok := h.reportAt.parse(at, h.reported)
		if !ok {
			h.Note(badTime, "reported_at", h.m.Day, func() string {
				return fmt.Sprintf("reported_at %q is no time: %s; the status is kept without it", transform.Cut(at, 40), timeWanted)
			})
		}
		h.m.ReportedAt = t
	}
	return h.each(&h.m)
}

// sentAt reads the time of sending and the day it falls on in the zone of the account.
func (h *reader) sentAt() bool {
	cell := h.text(h.place.sentAt)
	if len(cell) == 0 {
		h.rejectf(transform.RejectedRow, "sent_at", "sent_at is missing")
		return false
	}
	t, ok := h.sent.parse(cell, h.zone)
	if !ok {
		h.rejectf(transform.RejectedRow, "sent_at", "sent_at %q is no time: %s", transform.Cut(cell, 40), timeWanted)
		return false
	}
	h.m.SentAt = t
	h.m.Day = dayIn(t, h.payload.Account.Zone)
	return true
}

// dayIn gives the civil day of an instant in a zone.
func dayIn(t time.Time, z sms.Zone) sms.Day {
	seconds := t.Unix() + int64(z.Minutes())*60
	day := seconds / 86400
	if seconds%86400 < 0 {
		day--
	}
	return sms.Day(day)
}

// grain reads what the message is about.
func (h *reader) grain() bool {
	for _, c := range [...]struct {
		at   int
		name string
		to   *sms.Key
	}{
		{h.place.template, "template", &h.m.Template},
		{h.place.signature, "signature", &h.m.Label},
	} {
		key, ok := h.key(c.at, c.name)
		if !ok {
			return false
		}
		*c.to = key
	}
	kind, ok := h.key(h.place.kind, "type")
	if !ok {
		return false
	}
	if name, isNamed := kind.Name(); isNamed {
		if ours, known := messageTypes[plainWord(name)]; known {
			kind = ours
		}
	}
	h.m.MessageType = kind
	h.m.Country, ok = h.country()
	if !ok {
		return false
	}
	if application := h.text(h.place.application); len(application) > 0 {
		key, ok := h.key(h.place.application, "application")
		if !ok {
			return false
		}
		h.m.Account.ID = key.String()
	}
	return true
}

// key reads a name. A column that the export did not have is not reported; an empty cell of one that it had is none.
func (h *reader) key(at int, name string) (sms.Key, bool) {
	if at < 0 {
		return sms.NotReported, true
	}
	cell := h.cells[at]
	if key, ok := h.keys[string(cell)]; ok {
		return key, true
	}
	switch {
	case len(cell) > transform.MaxKey:
		h.rejectf(transform.RejectedRow, name, "%s is longer than %d bytes", name, transform.MaxKey)
		return sms.Key{}, false
	case !isText(cell):
		h.rejectf(transform.RejectedRow, name, "%s holds bytes that are no text in the encoding of the file", name)
		return sms.Key{}, false
	}
	key := sms.Named(string(cell))
	h.keys[string(cell)] = key
	return key, true
}

// isText says whether a cell is text that a database takes: UTF-8 without NUL, and without the mark that stands where the file's
// encoding was not the one it was read in.
func isText(cell []byte) bool {
	return utf8.Valid(cell) && !bytes.ContainsRune(cell, utf8.RuneError) && bytes.IndexByte(cell, 0) < 0
}

// country reads where the message went to: from the column, or else from the dial code that its number started with.
func (h *reader) country() (sms.Key, bool) {
	cell := h.text(h.place.country)
	from := cell
	if len(from) == 0 {
		if from = h.text(h.place.dial); len(from) == 0 {
			return sms.NotReported, true
		}
	}
	if key, ok := h.countries[string(from)]; ok {
		return key, true
	}
	if _, ok := h.key(h.place.country, "country"); !ok {
		return sms.Key{}, false
	}
	iso, ok := transform.Country(string(from))
	key := sms.Unknown
	if ok {
		key = sms.Named(iso)
	} else {
		h.Note(unknownCountry, transform.Subject(from), h.m.Day, func() string {
			return fmt.Sprintf("country %q is no country that is known by name, ISO code or dial code: its messages are counted as (unknown)", transform.Cut(from, 60))
		})
		return key, true // not cached, so that each row counts
	}
	h.countries[string(from)] = key
	return key, true
}

// pieceOf reads which piece of a long message the row is about.
func (h *reader) pieceOf() bool {
	for _, c := range [...]struct {
		at   int
		name string
		to   *int
	}{{h.place.piece, "piece", &h.m.Piece}, {h.place.pieces, "pieces", &h.m.Pieces}} {
		cell := h.text(c.at)
		if len(cell) == 0 {
			continue
		}
		n, ok := pieceNumber(cell)
		if !ok {
			h.rejectf(transform.RejectedRow, c.name, "%s is %q, want a number from 1 to %d", c.name, transform.Cut(cell, 40), maxPieces)
			return false
		}
		*c.to = n
	}
	if h.m.Pieces > 0 && h.m.Piece > h.m.Pieces {
		h.rejectf(transform.RejectedRow, "piece", "piece %d of a message of %d", h.m.Piece, h.m.Pieces)
		return false
	}
	return true
}

// pieceNumber reads a small number. Spreadsheets write 2 as 2.0 for once.
func pieceNumber(cell []byte) (int, bool) {
	n, err := strconv.Atoi(string(bytes.TrimSuffix(cell, []byte(".0"))))
	return n, err == nil && n >= 1 && n <= maxPieces
}

// identity reads or derives what tells the message apart.
func (h *reader) identity() bool {
	id := h.text(h.place.id)
	switch {
	case len(id) > transform.MaxKey:
		h.rejectf(transform.RejectedRow, "id", "id is longer than %d bytes", transform.MaxKey)
		return false
	case isRounded(id):
		h.rejectf(transform.RejectedRow, "id", "id %q was rounded by a spreadsheet program: export again, and import the file as it comes", id)
		return false
	case !isText(id):
		h.rejectf(transform.RejectedRow, "id", "id holds bytes that are no text in the encoding of the file")
		return false
	case len(id) > 0:
		h.m.ID = string(id)
		return true
	}
	number := h.text(h.place.number)
	if len(number) == 0 {
		h.rejectf(transform.RejectedRow, "id", "neither an id nor a number that could be read: nothing tells the message apart")
		return false
	}
	h.m.ID, h.m.IsDerived = h.derived(number), true
	return true
}

// derived gives the id of a message that has none: of its number's keyed hash, its time, application and template. Two
// messages of the same kind to the same number in the same second are one by it.
func (h *reader) derived(number []byte) string {
	h.id = append(h.id[:0], number...)
	h.id = append(h.id, 0)
	h.id = binary.BigEndian.AppendUint64(h.id, uint64(h.m.SentAt.Unix()))
	h.id = append(h.id, h.m.Account.ID...)
	h.id = append(h.id, 0)
	h.id = append(h.id, h.m.Template.String()...)
	sum := sha256.Sum256(h.id)
	return hex.EncodeToString(sum[:16])
}

// isRounded says whether the id is a number as a spreadsheet writes one that is too long for it: 1.23457E+17.
func isRounded(id []byte) bool {
	e := bytes.IndexAny(id, "eE")
	if e < 1 || e+2 >= len(id) || id[e+1] != '+' {
		return false
	}
	for i, c := range id {
		if i != e && i != e+1 && c != '.' && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// chargedPieces reads how many pieces are billed. The vendor's column is 0 for charged and 1 for not.
func (h *reader) chargedPieces() {
	cell := h.text(h.place.charged)
	if len(cell) == 0 {
		return
	}
	isCharged, ok := charged(cell)
	if !ok {
		h.Note(unknownCharged, transform.Subject(cell), h.m.Day, func() string {
			return fmt.Sprintf("charged is %q, want 0 (charged), 1 (not charged), yes or no: billed pieces are not reported", transform.Cut(cell, 40))
		})
		return
	}
	if !isCharged {
		h.m.Charged = sms.Reported(0)
		return
	}
	pieces := 1
	if h.m.Piece == 0 {
		pieces = max(pieces, h.m.Pieces)
		if segments := h.text(h.place.segments); len(segments) > 0 {
			n, ok := pieceNumber(segments)
			if !ok {
				h.Note(unknownCharged, "segments", h.m.Day, func() string {
					return fmt.Sprintf("segments is %q, want a number: billed pieces are not reported", transform.Cut(segments, 40))
				})
				return
			}
			pieces = n
		}
	}
	h.m.Charged = sms.Reported(int64(pieces))
}
