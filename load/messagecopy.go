package load

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"smsetl/sms"
)

// messageColumns are those of etl.huawei_message, in the order of appendMessage.
const messageColumns = `account_key, message_id, piece, date_key, sent_at, template, label, message_type, country, is_derived, about_at, pieces,
	outcome, code, source, reported_at, told_at, charged, charged_at`

// copyMessages copies messages into a table with the columns of etl.huawei_message.
func copyMessages(ctx context.Context, tx pgx.Tx, table string, account int32, messages func(func(*sms.Message) error) error) (int64, error) {
	r := newMessageReader(account, messages)
	defer r.close()
	tag, err := tx.Conn().PgConn().CopyFrom(ctx, r, "COPY "+table+" ("+messageColumns+") FROM STDIN (FORMAT binary)")
	if r.err != nil && !errors.Is(r.err, errEnough) {
		err = r.err // the server knows only that the copy was broken off
	}
	return tag.RowsAffected(), err
}

// messageReader is the binary COPY stream of messages: COPY pulls, and what reads messages pushes.
type messageReader struct {
	next    func() ([]byte, bool)
	close   func()
	pending []byte
	err     error
}

// sortedAhead is how many bytes of rows are put into the order of the key before they are sent, about 40,000 rows. Ids are random, and the
// index of a million of them takes each where it belongs: rows that come in order find their page in the processor's cache, which halves
// the time of the whole copy.
const sortedAhead = 8 << 20

func newMessageReader(account int32, messages func(func(*sms.Message) error) error) *messageReader {
	r := &messageReader{}
	r.next, r.close = iter.Pull(func(yield func([]byte) bool) {
		b := messageBatch{yield: yield}
		if r.err = b.send([]byte(copyHeader)); r.err != nil {
			return
		}
		r.err = messages(func(m *sms.Message) error {
			b.add(account, m)
			if len(b.rows) < sortedAhead {
				return nil
			}
			return b.flush()
		})
		if r.err == nil {
			r.err = b.flush()
		}
		if r.err == nil {
			r.err = b.send([]byte(copyTrailer))
		}
	})
	return r
}

// messageBatch are encoded rows that are sent in the order of their ids.
type messageBatch struct {
	yield   func([]byte) bool
	rows    []byte
	entries []messageEntry
	out     []byte
}

type messageEntry struct {
	id         string
	start, end int
}

func (b *messageBatch) add(account int32, m *sms.Message) {
	start := len(b.rows)
	b.rows = appendMessage(b.rows, account, m)
	b.entries = append(b.entries, messageEntry{m.ID, start, len(b.rows)})
}

func (b *messageBatch) send(bytes []byte) error {
	if !b.yield(bytes) {
		return errEnough
	}
	return nil
}

func (b *messageBatch) flush() error {
	slices.SortFunc(b.entries, func(a, o messageEntry) int { return strings.Compare(a.id, o.id) })
	for _, e := range b.entries {
		b.out = append(b.out, b.rows[e.start:e.end]...)
		if len(b.out) < encodeAhead {
			continue
		}
		if err := b.send(b.out); err != nil {
			return err
		}
		b.out = b.out[:0]
	}
	b.rows = b.rows[:0]
	clear(b.entries)
	b.entries = b.entries[:0]
	if len(b.out) == 0 {
		return nil
	}
	err := b.send(b.out)
	b.out = b.out[:0]
	return err
}

// Read gives the next bytes of the stream. They are used up before more are made.
func (r *messageReader) Read(p []byte) (int, error) {
	if len(r.pending) == 0 {
		var ok bool
		if r.pending, ok = r.next(); !ok {
			if r.err != nil {
				return 0, r.err
			}
			return 0, io.EOF
		}
	}
	n := copy(p, r.pending)
	r.pending = r.pending[n:]
	return n, nil
}

// appendMessage encodes a message as a row of etl.huawei_message.
func appendMessage(b []byte, account int32, m *sms.Message) []byte {
	b = binary.BigEndian.AppendUint16(b, 19)
	b = appendInt(b, account)
	b = appendText(b, m.ID)
	b = appendShort(b, int16(m.Piece))
	b = appendInt(b, int32(m.Day)-postgresEpoch)
	b = appendTime(b, m.SentAt)
	b = appendKey(b, m.Template)
	b = appendKey(b, m.Label)
	b = appendKey(b, m.MessageType)
	b = appendKey(b, m.Country)
	b = appendFlag(b, m.IsDerived)
	b = appendTime(b, m.SeenAt)
	b = appendShort(b, int16(max(m.Pieces, m.Piece)))
	b = appendShort(b, int16(m.Outcome))
	b = appendText(b, m.Code)
	b = appendShort(b, int16(m.Source))
	if m.ReportedAt.IsZero() {
		b = binary.BigEndian.AppendUint32(b, nullField)
	} else {
		b = appendTime(b, m.ReportedAt)
	}
	b = appendTime(b, m.SeenAt)
	charged, isTold := m.Charged.Value()
	if !isTold {
		b = binary.BigEndian.AppendUint32(b, nullField)
		return binary.BigEndian.AppendUint32(b, nullField)
	}
	b = appendShort(b, int16(charged))
	return appendTime(b, m.SeenAt)
}

func appendText(b []byte, text string) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(text)))
	return append(b, text...)
}

// appendKey encodes a key so that no name is taken for a fixed member, and fixed members come first.
func appendKey(b []byte, k sms.Key) []byte {
	name, isName := k.Name()
	mark := byte('=')
	if !isName {
		mark, name = '-', k.String()
	}
	b = binary.BigEndian.AppendUint32(b, uint32(len(name)+1))
	return append(append(b, mark), name...)
}

func appendShort(b []byte, n int16) []byte {
	b = binary.BigEndian.AppendUint32(b, 2)
	return binary.BigEndian.AppendUint16(b, uint16(n))
}

func appendFlag(b []byte, is bool) []byte {
	b = binary.BigEndian.AppendUint32(b, 1)
	if is {
		return append(b, 1)
	}
	return append(b, 0)
}

// appendTime encodes an instant in microseconds since 2000-01-01.
func appendTime(b []byte, t time.Time) []byte {
	return appendLong(b, t.UnixMicro()-postgresEpoch*24*3600*1e6)
}

// errRepeated says that a message is known already.
var errRepeated = errors.New("a message is known already")

// isFirst says whether nothing is known of the account's messages on days of the window, so that messages can be copied straight into the
// table. One of another day makes the copy fail, and is no reason to look for it first.
func (im *imported) isFirst(ctx context.Context, tx pgx.Tx, account int32) (bool, error) {
	if !im.Alone {
		return false, nil
	}
	var known bool
	err := tx.QueryRow(ctx, `
		SELECT EXISTS (
		    SELECT
		    FROM etl.huawei_message
		    WHERE account_key = $1
		      AND date_key BETWEEN $2 AND $3
		) OR EXISTS (
		    SELECT
		    FROM etl.huawei_report
		    WHERE source = $4
		)`, account, date(im.Scope.Window.First()), date(im.Scope.Window.Last()), im.source).Scan(&known)
	return !known, err
}

// countFirst copies the messages of days of which nothing is known straight to where they belong, and counts them as they go by: each
// is all that is known of its message. The error is errRepeated when one of them is known, of another day; then nothing is written.
func (im *imported) countFirst(ctx context.Context, tx pgx.Tx, account int32, days []sms.Day, listened []sms.Span) (deliveries []sms.Delivery, failures []sms.Failure, err error) {
	isCounted := make([]bool, im.Scope.Window.Len())
	for _, day := range days {
		isCounted[day-im.Scope.Window.First()] = true
	}
	err = pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error {
		deliveries, failures, err = im.Fold(listened, func(each func(*sms.Message) error) error {
			n, err := copyMessages(ctx, tx, string(storedMessages), account, func(row func(*sms.Message) error) error {
				return im.messages(func(m *sms.Message) error {
					if err := row(m); err != nil || !isCounted[m.Day-im.Scope.Window.First()] {
						return err
					}
					return each(m)
				})
			})
			im.told.Messages, im.told.NewMessages = n, n
			return err
		})
		return err
	})
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "23505" {
		return nil, nil, fmt.Errorf("%w: %w", errRepeated, err)
	}
	return deliveries, failures, err
}
