package transform

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"smsetl/internal/pack"
	"smsetl/sms"
)

// tencent reads the answers of one Tencent scope.
type tencent struct {
	*batch
	inner jsontext.Decoder
	// isSurvey takes sums over several days for what they are. Facts are made of single days and of zeros only.
	isSurvey bool
}

// counts are the numbers of one answer by the vendor's names. A name that is not in it is not reported.
type counts map[string]sms.Count

// pair is the two answers that make the facts of a window together.
type pair struct{ send, callback *sms.Payload }

// readTencent reads the answers in pairs of the same window. An answer is one sum over its window, so a window of several
// days can be cut into days only when every sum in it is zero.
func readTencent(b *batch, payloads []sms.Payload) error {
	t := &tencent{batch: b}
	pairs, err := pairs(payloads)
	if err != nil {
		return err
	}
	for _, p := range pairs {
		send, err := t.answer(p.send)
		if err != nil {
			return err
		}
		callback, err := t.answer(p.callback)
		if err != nil {
			return err
		}
		for day := range p.send.Window.Days() {
			if !t.isBeyond(day) {
				t.day(day, send, callback)
			}
		}
	}
	return nil
}

// pairs puts the answers of the same window together, oldest first. That no day lacks an answer is known by now; that
// none has two pairs is seen here: it would be stored twice.
func pairs(payloads []sms.Payload) ([]pair, error) {
	byWindow := make(map[sms.Window]pair)
	for i := range payloads {
		p := &payloads[i]
		both := byWindow[p.Window]
		slot := &both.send
		if p.Dataset == sms.CallbackStatus {
			slot = &both.callback
		}
		if *slot != nil {
			return nil, malformed("two answers of %s are for %s, want one", p.Dataset, p.Window)
		}
		*slot = p
		byWindow[p.Window] = both
	}
	windows := slices.SortedFunc(maps.Keys(byWindow), func(a, b sms.Window) int {
		return cmp.Or(cmp.Compare(a.First(), b.First()), cmp.Compare(a.Last(), b.Last()))
	})
	var sorted []pair
	for i, w := range windows {
		both := byWindow[w]
		switch {
		case both.send == nil:
			return nil, malformed("%s has an answer of %s and none of %s", w, sms.CallbackStatus, sms.SendStatus)
		case both.callback == nil:
			return nil, malformed("%s has an answer of %s and none of %s", w, sms.SendStatus, sms.CallbackStatus)
		case i > 0 && w.First() <= windows[i-1].Last():
			return nil, malformed("day %s is covered by two pairs of answers, want one", w.First())
		}
		sorted = append(sorted, both)
	}
	return sorted, nil
}

// answer reads one answer.
func (t *tencent) answer(p *sms.Payload) (counts, error) {
	c, err := t.sum(p)
	if err != nil {
		return nil, fmt.Errorf("answer %s of %s for %s: %w", short(p), p.Dataset, p.Window, err)
	}
	return c, nil
}

func (t *tencent) sum(p *sms.Payload) (counts, error) {
	body, err := pack.Unpack(p.Body)
	if err != nil {
		return nil, err
	}
	want := tencentStatistics[p.Dataset]
	object, err := t.object(body, want.object)
	if err != nil {
		return nil, err
	}
	values := make(map[string][]byte)
	err = members(&t.inner, object, func(field, value []byte) error {
		values[string(field)] = value
		if !slices.Contains(want.counts, string(field)) {
			t.unknown(p.Window.First(), want.object+"."+string(field), value)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return t.counts(p, want, object, values)
}

// counts reads the numbers of an answer.
func (t *tencent) counts(p *sms.Payload, want statistic, object []byte, values map[string][]byte) (counts, error) {
	read, first := make(counts), p.Window.First()
	known := 0
	for _, name := range want.counts {
		value := values[name]
		c, why := count(value)
		field := want.object + "." + name
		switch {
		case why != "":
			reason := fmt.Sprintf("%s is %s: %s", field, excerpt(value), why)
			t.reject(p, 0, rejectedRow, reason, object)
			return nil, malformed("%s", reason)
		case value == nil:
			t.notes.add(missingField, field, first, func() string {
				return fmt.Sprintf("the answer of %s has no %s: stored as not reported", first, field)
			})
		case isNull(value):
			t.notes.add(nullCount, field, first, func() string {
				return fmt.Sprintf("%s is null on %s: stored as not reported", field, first)
			})
		}
		if value != nil {
			known++
		}
		if days := p.Window.Len(); days > 1 && c != sms.Reported(0) && !t.isSurvey {
			return nil, malformed("%s is %s over %d days, want 0 or an answer for each day", field, c, days)
		}
		read[name] = c
	}
	if known == 0 {
		return nil, malformed("%s is %s, want counts", want.object, excerpt(object))
	}
	return read, nil
}

// object finds the object of the given name in {"Response":{"<name>":{...},"RequestId":".."}}. A success can lack it, and
// an error stands in its place under HTTP 200.
func (t *tencent) object(body []byte, name string) ([]byte, error) {
	dec := jsontext.NewDecoder(bytes.NewReader(body))
	answer, err := next(dec, body)
	if err != nil {
		return nil, err
	}
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, malformed("something follows the answer, at byte %d", dec.InputOffset())
	}
	if kind(answer) != "an object" {
		return nil, malformed("the answer is %s, want an object with Response", kind(answer))
	}
	response, err := t.member(answer, "Response", "", "")
	if err != nil {
		return nil, err
	}
	return t.member(response, name, "Response.", "RequestId")
}

// member gives the object of the given name that stands in another one. Beside it only the field named ordinary is
// expected.
func (t *tencent) member(object []byte, want, path, ordinary string) ([]byte, error) {
	var found, failure []byte
	err := members(&t.inner, object, func(field, value []byte) error {
		switch string(field) {
		case want:
			found = value
		case "Error":
			if !isNull(value) {
				failure = value
			}
		case ordinary:
		default:
			t.unknown(0, path+string(field), value)
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case failure != nil:
		return nil, malformed("it is an error: %s", cut(failure, 200))
	case found == nil || found[0] != '{':
		return nil, malformed("%s%s is %s, want an object", path, want, kind(found))
	}
	return found, nil
}

func (t *tencent) unknown(day sms.Day, field string, value []byte) {
	t.notes.add(unknownField, subject([]byte(field)), day, func() string {
		return fmt.Sprintf("the answer has a field %q: %s", cut([]byte(field), maxKey), excerpt(value))
	})
}
