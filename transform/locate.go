package transform

import (
	"bytes"
	"fmt"

	"smsetl/sms"
)

// Place is where a vendor's row about facts stands in an answer.
type Place struct {
	Payload  sms.Hash
	Dataset  sms.Dataset
	Grain    sms.Grain // of the facts that are made of it
	Position int64     // index of the row in the answer, from 0
	Offset   int64     // bytes before the row in the unpacked answer
	Row      []byte    // the row's own bytes, a JSON object
}

// Field is a field that a number is made of: which dataset's rows hold it, and its name.
type Field struct {
	Dataset sms.Dataset
	Name    string
}

// Locate gives where the rows about a day stand in the answers of one scope, in the order of the answers. Rows that are
// rejected stand nowhere. A vendor whose facts are not made of such rows has no places.
//
// The errors are those of Batch for answers that cannot be read.
func (v Vendors) Locate(scope sms.Scope, payloads []sms.Payload, day sms.Day) ([]Place, error) {
	of := v[scope.Account.Vendor]
	b := &Draft{Batch: sms.Batch{Scope: scope, Beyond: beyond(payloads)}}
	if of.Locate == nil || b.IsBeyond(day, day) {
		return nil, nil
	}
	var answers []sms.Payload
	for i := range payloads {
		p := &payloads[i]
		if p.Refused != "" || !p.Window.Contains(day) {
			continue
		}
		if err := belongs(scope, p); err != nil {
			return nil, fmt.Errorf("transform: %s: %w", scope, err)
		}
		answers = append(answers, *p)
	}
	var places []Place
	err := of.Locate(b, answers, func(p Place) {
		if p.Grain.Day == day {
			p.Row = bytes.Clone(p.Row)
			places = append(places, p)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("transform: %s: %w", scope, err)
	}
	return places, nil
}

// MeasureFields gives the fields that a delivery measure of a vendor is made of, as sms.metric_support has it in its
// formula; none for one that the vendor does not report.
func (v Vendors) MeasureFields(of sms.Vendor, measure string) []Field { return v[of].Fields[measure] }

// ReasonFields gives the fields that the messages of a failure reason are made of.
func (v Vendors) ReasonFields(of sms.Vendor, reason sms.Reason) []Field {
	if known, ok := v[of]; ok {
		return known.ReasonFields(&reason)
	}
	return nil
}

// Value gives a field of the row as the vendor wrote it, in JSON; empty when the row lacks it.
func (p Place) Value(field string) (found string) {
	Members(p.Row, func(name, value []byte) {
		if string(name) == field {
			found = string(value)
		}
	})
	return found
}

// FieldsOf names fields of one dataset.
func FieldsOf(dataset sms.Dataset, names ...string) []Field {
	all := make([]Field, len(names))
	for i, name := range names {
		all[i] = Field{dataset, name}
	}
	return all
}
