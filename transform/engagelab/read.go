package engagelab

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"

	"smsetl/internal/pack"
	"smsetl/sms"
	"smsetl/transform"
)

// reader reads the answers of one EngageLab scope.
type reader struct {
	*transform.Draft
	keys       [firstCount]map[string]sms.Key // of each key field, by their JSON text
	newReasons map[newField]*sms.Reason       // fields that no table knows and that hold counts
	nulls      map[newField]bool              // fields that no table knows and that were null before they held a count
	isStale    bool                           // rows were read before one of the new reasons was known
	found      func(transform.Place)          // called for each row, which then makes no facts; nil to make facts
	buffer     *bufio.Reader                  // reused from answer to answer
	noScanner  bool                           // the decoder reads every row: tests compare the two ways
}

// newField is a field that no table knows. Datasets may share its name and not what it means.
type newField struct {
	stage sms.Stage
	name  string
}

// answer reads one answer row by row. See stream.go for how.
type answer struct {
	*reader
	payload  *sms.Payload
	src      io.Reader
	dec      *jsontext.Decoder
	shift    int64 // bytes of the answer before those that the decoder counts
	envelope envelope
	rows     int64     // so far, this one included
	done     int64     // bytes of the answer up to the end of the row
	before   sms.Batch // the facts and rejects before this answer
	stray    string    // why the first row that lies outside the window was rejected
	shares   []shareFit

	row     row
	counts  [maxFields]sms.Count // of the row, in the layout's order
	day     sms.Day              // of the row; 0 when it could not be read
	dayText []byte               // the last day read, as the row wrote it
	dayRead sms.Day              // and what it means
	isOurs  bool                 // rows without an account are the scope's, as the answer was asked for
}

// read reads each answer by itself: together they are what the scope asked for, cut by window or by filter.
func read(b *transform.Draft, payloads []sms.Payload) error {
	return (&reader{Draft: b}).readAll(payloads)
}

func locate(b *transform.Draft, payloads []sms.Payload, found func(transform.Place)) error {
	return (&reader{Draft: b, found: found}).readAll(payloads)
}

// readAll reads the answers. A field that was null before a number showed that it is a reason was taken for an unknown
// field; null is not zero, so then all answers are read again.
func (e *reader) readAll(payloads []sms.Payload) error {
	e.forget()
	for {
		e.isStale = false
		for i := range payloads {
			if err := e.answer(&payloads[i]); err != nil {
				return fmt.Errorf("answer %s for %s: %w", payloads[i].Body.Hash.Short(), payloads[i].Window, err)
			}
		}
		if !e.isStale {
			return nil
		}
		*e.Draft = transform.Draft{Batch: sms.Batch{Scope: e.Scope, Beyond: e.Beyond}}
	}
}

func (e *reader) forget() {
	e.newReasons, e.nulls = make(map[newField]*sms.Reason), make(map[newField]bool)
}

// early reads each answer while it comes. Once all would have to be read again, they are.
func early(b *transform.Draft) func(*sms.Payload, io.Reader) error {
	e := &reader{Draft: b}
	e.forget()
	return func(p *sms.Payload, from io.Reader) error {
		a, err := e.newAnswer(p)
		if err != nil {
			return err
		}
		a.src = from
		if err := a.read(); err != nil {
			return err
		}
		if e.isStale {
			return errStale
		}
		return a.judge()
	}
}

var errStale = errors.New("a reason was read that earlier rows had taken for an unknown field")

// newAnswer prepares the reading of an answer.
func (e *reader) newAnswer(p *sms.Payload) (*answer, error) {
	l, ok := layouts[p.Dataset]
	if !ok {
		return nil, fmt.Errorf("dataset %q is not understood", p.Dataset)
	}
	return &answer{
		reader: e, payload: p, envelope: make(envelope), before: e.Batch, shares: make([]shareFit, len(l.shares)),
		row: newRow(l), isOurs: asksForItself(p),
	}, nil
}

func (e *reader) answer(p *sms.Payload) error {
	a, err := e.newAnswer(p)
	if err != nil {
		return err
	}
	src, err := pack.Open(p.Body)
	if err != nil {
		return err
	}
	defer src.Close()
	a.src = src
	err = a.read()
	if damage := src.Verify(); damage != nil {
		return damage // explains any other error
	}
	if err != nil {
		return err
	}
	return a.judge()
}

// judge looks at an answer that was read to its end.
func (a *answer) judge() error {
	a.noteShares()
	if err := a.checkEnvelope(); err != nil {
		return err
	}
	rejects := a.Rejects[len(a.before.Rejects):]
	switch {
	case a.stray != "":
		return transform.Malformed("%s", a.stray)
	case len(rejects) > 0 && int64(len(rejects)) == a.rows:
		// Taken for an empty answer it would empty the window.
		return transform.Malformed("none of its %d rows can be believed: row %d: %s", a.rows, rejects[0].Position, rejects[0].Reason)
	}
	return nil
}

// envelope holds the fields around the rows as JSON text: {"result":[...],"count":n}, or {"code":n,"message":".."} for
// an error. Of an array of rows it holds no more than the bracket.
type envelope map[string][]byte

// failure gives the error that the envelope states. A code that is null or 0 stands for success.
func (e envelope) failure() error {
	code := e["code"]
	if code == nil || transform.IsNull(code) || isZeroNumber(code) {
		return nil
	}
	return transform.Malformed("it is an error: code %s, message %s", transform.Excerpt(code), transform.Cut(e["message"], 200))
}

func (a *answer) checkEnvelope() error {
	if err := a.envelope.failure(); err != nil {
		return err
	}
	switch result := a.envelope["result"]; {
	case result == nil:
		return transform.Malformed("it has no result, want an array of rows")
	case result[0] == '{':
		return transform.Malformed("result is an object, as asked for by aggregate_by=1, want an array of rows")
	case transform.IsNull(result) && isZeroNumber(a.envelope["count"]): // no rows, and count confirms it
	case result[0] != '[':
		return transform.Malformed("result is %s, want an array of rows", transform.Kind(result))
	}
	return a.checkCount()
}

// checkCount compares the envelope's count and total with the rows. That is the only sign of an answer that the vendor
// cut short: no paging is documented for these calls.
func (a *answer) checkCount() error {
	w, value := a.payload.Window, a.envelope["count"]
	n, why := transform.Count(value)
	switch {
	case why != "":
		return transform.Malformed("count is %s, want %d, the number of rows", transform.Excerpt(value), a.rows)
	case !n.IsReported():
		a.NoteRows(countMissing, string(a.payload.Dataset), w.First(), w.Last(), 1, func() string {
			return fmt.Sprintf("%s has no count beside %d rows: nothing tells whether rows are missing",
				a.payload.Dataset, a.rows)
		})
	case n != sms.Reported(a.rows):
		a.NoteRows(countDiffers, "count", w.First(), w.Last(), 1, func() string {
			return fmt.Sprintf("count is %s in an answer of %d rows, which is refused", n, a.rows)
		})
		return a.incomplete("count is %s in an answer of %d rows", n, a.rows)
	}
	value = a.envelope["total"]
	total, why := transform.Count(value)
	switch {
	case total.Or(0) > a.rows:
		return a.incomplete("it holds %d rows out of a total of %s", a.rows, total)
	case value != nil && (why != "" || total != sms.Reported(a.rows)):
		a.Note(totalDiffers, "total", 0, func() string {
			return fmt.Sprintf("total is %s in an answer of %d rows", transform.Excerpt(value), a.rows)
		})
	}
	return nil
}

// incomplete gives the error of an answer that states itself that rows are missing.
func (a *answer) incomplete(format string, args ...any) error {
	return &sms.IncompleteError{Dataset: a.payload.Dataset, Window: a.payload.Window, Detail: fmt.Sprintf(format, args...)}
}
