package tencent

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"

	"smsetl/sms"
	"smsetl/transform"
)

// reader reads the answers of one Tencent scope.
type reader struct {
	*transform.Draft
	isSum bool // sums over several days are wanted. Facts are made of single days and of zeros only
}

// read reads the answers in pairs of the same window. An answer is one sum over its window, so a window of
// several days can be cut into days only when every sum in it is zero.
func read(b *transform.Draft, payloads []sms.Payload) error {
	t := &reader{Draft: b}
	pairs, err := pairs(payloads)
	if err != nil {
		return err
	}
	for _, pair := range pairs {
		counts := make(numbers)
		for _, p := range pair {
			if err := t.read(p, counts); err != nil {
				return fmt.Errorf("answer %s of %s for %s: %w", p.Body.Hash.Short(), p.Dataset, p.Window, err)
			}
		}
		for day := range pair[0].Window.Days() {
			if !t.IsBeyond(day, day) {
				t.facts(day, counts)
			}
		}
	}
	return nil
}

// sums gives of SendStatus what was requested, accepted and billed, of CallbackStatus what came of it. A missing
// count is malformed.
func sums(p *sms.Payload) (s sms.Sums, err error) {
	want, ok := statistics[p.Dataset]
	if !ok {
		return s, fmt.Errorf("dataset %q is not understood", p.Dataset)
	}
	t, counts := &reader{Draft: &transform.Draft{}, isSum: true}, make(numbers)
	if err := t.read(p, counts); err != nil {
		return s, err
	}
	for _, f := range want.counts {
		if !counts[f].IsReported() {
			return s, transform.Malformed("%s is not reported", f.Name)
		}
	}
	s.Measures = t.measures(0, counts)
	if p.Dataset == sms.CallbackStatus {
		s.Failures = make(map[string]sms.Count)
		for i := range reasons {
			s.Failures[reasons[i].Code] = t.messages(0, counts, &reasons[i])
		}
	}
	return s, nil
}

// locate finds the one object of each answer, which stands for each day of its window.
func locate(b *transform.Draft, payloads []sms.Payload, found func(transform.Place)) error {
	t := &reader{Draft: b}
	for i := range payloads {
		p := &payloads[i]
		object, offset, err := t.object(p)
		if err != nil {
			return fmt.Errorf("answer %s: %w", p.Body.Hash.Short(), err)
		}
		for day := range p.Window.Days() {
			found(transform.Place{Payload: p.Body.Hash, Dataset: p.Dataset, Grain: grainOf(day), Offset: offset, Row: object})
		}
	}
	return nil
}

// pairs puts the answers of the same window together, the send status first, oldest window first. That no day lacks an
// answer is known by now; here a day with two pairs is refused, which would be stored twice.
func pairs(payloads []sms.Payload) (sorted [][2]*sms.Payload, err error) {
	datasets := [2]sms.Dataset{sms.SendStatus, sms.CallbackStatus}
	byWindow := make(map[sms.Window][2]*sms.Payload)
	for i := range payloads {
		p := &payloads[i]
		pair, side := byWindow[p.Window], 0
		if p.Dataset == sms.CallbackStatus {
			side = 1
		}
		if pair[side] != nil {
			return nil, transform.Malformed("two answers of %s are for %s, want one", p.Dataset, p.Window)
		}
		pair[side] = p
		byWindow[p.Window] = pair
	}
	windows := slices.SortedFunc(maps.Keys(byWindow), func(a, b sms.Window) int {
		return cmp.Or(cmp.Compare(a.First(), b.First()), cmp.Compare(a.Last(), b.Last()))
	})
	for i, w := range windows {
		pair := byWindow[w]
		for side, p := range pair {
			if p == nil {
				return nil, transform.Malformed("%s has an answer of %s and none of %s", w, datasets[1-side], datasets[side])
			}
		}
		if i > 0 && w.First() <= windows[i-1].Last() {
			return nil, transform.Malformed("day %s is covered by two pairs of answers, want one", w.First())
		}
		sorted = append(sorted, pair)
	}
	return sorted, nil
}

// read adds the numbers of an answer to counts.
func (t *reader) read(p *sms.Payload, counts numbers) error {
	object, _, err := t.object(p)
	if err != nil {
		return err
	}
	want, first := statistics[p.Dataset], p.Window.First()
	values := make(map[string][]byte)
	transform.Members(object, func(name, value []byte) {
		values[string(name)] = value
		if !slices.Contains(want.counts, transform.Field{Dataset: p.Dataset, Name: string(name)}) {
			t.unknown(first, want.object+"."+string(name), value)
		}
	})
	known := 0
	for _, f := range want.counts {
		value, name := values[f.Name], want.object+"."+f.Name
		n, why := transform.Count(value)
		switch {
		case why != "":
			reason := fmt.Sprintf("%s is %s: %s", name, transform.Excerpt(value), why)
			t.Reject(sms.Reject{Payload: p.Body.Hash, Reason: reason}, object)
			return transform.Malformed("%s", reason)
		case value == nil:
			t.Note(transform.MissingField, name, first, func() string {
				return fmt.Sprintf("the answer of %s has no %s: stored as not reported", first, name)
			})
		case transform.IsNull(value):
			t.Note(transform.NullCount, name, first, func() string {
				return fmt.Sprintf("%s is null on %s: stored as not reported", name, first)
			})
		}
		if value != nil {
			known++
		}
		if days := p.Window.Len(); days > 1 && n != sms.Reported(0) && !t.isSum {
			return transform.Malformed("%s is %s over %d days, want 0 or an answer for each day", name, n, days)
		}
		counts[f] = n
	}
	if known == 0 {
		return transform.Malformed("%s is %s, want counts", want.object, transform.Excerpt(object))
	}
	return nil
}

// object finds the object with the counts in {"Response":{"<name>":{...},"RequestId":".."}}, and the byte of the answer
// that it starts at. A success can lack it, and an error stands in its place under HTTP 200.
func (t *reader) object(p *sms.Payload) (object []byte, offset int64, err error) {
	answer, err := transform.Document(p, "Response")
	if err != nil {
		return nil, 0, err
	}
	response, err := t.member(answer, "Response", "", "")
	if err != nil {
		return nil, 0, err
	}
	object, err = t.member(response, statistics[p.Dataset].object, "Response.", "RequestId")
	return object, int64(bytes.Index(answer, object)), err
}

// member gives the object of the given name that stands in another one. Beside it only the field named ordinary is
// expected.
func (t *reader) member(object []byte, want, path, ordinary string) ([]byte, error) {
	var found, failure []byte
	transform.Members(object, func(name, value []byte) {
		switch string(name) {
		case want:
			found = value
		case "Error":
			if !transform.IsNull(value) {
				failure = value
			}
		case ordinary:
		default:
			t.unknown(0, path+string(name), value)
		}
	})
	switch {
	case failure != nil:
		return nil, transform.Malformed("it is an error: %s", transform.Cut(failure, 200))
	case found == nil || found[0] != '{':
		return nil, transform.Malformed("%s%s is %s, want an object", path, want, transform.Kind(found))
	}
	return found, nil
}

func (t *reader) unknown(day sms.Day, field string, value []byte) {
	t.Note(transform.UnknownField, transform.Subject([]byte(field)), day, func() string {
		return fmt.Sprintf("the answer has a field %q: %s", transform.Cut([]byte(field), transform.MaxKey), transform.Excerpt(value))
	})
}
