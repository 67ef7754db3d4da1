package transform

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"smsetl/internal/pack"
	"smsetl/sms"
)

// engageLabSums reads the answer to aggregate_by=1: {"result":{...}}, one object of counts without day and keys. An array that
// holds only such an object is taken too; one of rows is not.
func engageLabSums(p *sms.Payload) (sms.Sums, error) {
	l, ok := engageLabLayouts[p.Dataset]
	if !ok {
		return sms.Sums{}, fmt.Errorf("dataset %q is not understood", p.Dataset)
	}
	body, err := pack.Unpack(p.Body)
	if err != nil {
		return sms.Sums{}, err
	}
	e := &engageLab{batch: &batch{}, payload: p, layout: l}
	e.prepare()
	if err := e.readSum(body); err != nil {
		return sms.Sums{}, err
	}
	return e.sums()
}

// readSum reads the one object of the answer into the row.
func (e *engageLab) readSum(body []byte) error {
	object, err := e.sumObject(body)
	if err != nil {
		return err
	}
	if err := e.stream.takeApartInto(&e.row, e.layout, object); err != nil {
		return err
	}
	known := 0
	for _, value := range e.row.values[firstCount : firstCount+e.layout.counts] {
		if value != nil && !isNull(value) {
			known++
		}
	}
	if known == 0 {
		return malformed("it is not a sum: result is %s, want an object with %s", excerpt(object), strings.Join(e.layout.fields[firstCount:firstCount+e.layout.counts], ", "))
	}
	if f := e.readCounts(e.payload.Window.First()); f != nil {
		return malformed("%s", f.reason)
	}
	return nil
}

// sumObject finds the object with the counts.
func (e *engageLab) sumObject(body []byte) ([]byte, error) {
	dec := jsontext.NewDecoder(bytes.NewReader(body), jsontext.AllowDuplicateNames(true))
	answer, err := next(dec, body)
	if err != nil {
		return nil, err
	}
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, malformed("something follows the answer, at byte %d", dec.InputOffset())
	}
	if answer[0] != '{' {
		return nil, malformed("the answer is %s, want an object with result", kind(answer))
	}
	var env envelope
	var result []byte
	err = members(dec, answer, func(name, value []byte) error {
		switch string(name) {
		case "result":
			if result != nil {
				return malformed("field %q stands twice in the answer", name)
			}
			result = value
		case "code":
			env.code = value
		case "message":
			env.message = value
		}
		return nil
	})
	if err == nil {
		err = env.failure()
	}
	if err != nil {
		return nil, err
	}
	return onlyObject(dec, result)
}

// onlyObject gives the object that result is, or the only one of an array, which then has no day.
func onlyObject(dec *jsontext.Decoder, result []byte) ([]byte, error) {
	notSum := malformed("it is not a sum: result is %s, want one object of counts", kind(result))
	switch {
	case result == nil || result[0] != '{' && result[0] != '[':
		return nil, notSum
	case result[0] == '{':
		return result, nil
	}
	inside := bytes.TrimSpace(result[1 : len(result)-1])
	if len(inside) == 0 || inside[0] != '{' {
		return nil, notSum
	}
	dec.Reset(bytes.NewReader(inside), jsontext.AllowDuplicateNames(true))
	object, err := next(dec, inside)
	if err != nil || len(object) != len(inside) {
		return nil, notSum // more than one
	}
	err = members(dec, object, func(name, value []byte) error {
		if string(name) == "send_date" && !isNone(value) {
			return malformed("it is not a sum: result is a row of %s", excerpt(value))
		}
		return nil
	})
	return object, err
}

// sums says what the counts of the row are in our words, as they are for a row of a day.
func (e *engageLab) sums() (sms.Sums, error) {
	g := sms.Grain{Day: e.payload.Window.First()}
	if e.layout.reasons == nil {
		m := e.measures(&g)
		m.VendorSent = sms.Count{}
		return sms.Sums{Measures: m}, nil
	}
	if err := e.failures(&g); err != nil {
		return sms.Sums{}, err
	}
	s := sms.Sums{Failures: make(map[string]sms.Count)}
	for i, reason := range e.layout.reasons {
		s.Failures[reason.Code] = e.counts[firstCount+i]
	}
	for _, f := range e.Failures {
		s.Failures[f.Reason.Code] = f.Messages
	}
	return s, nil
}
