package transform

import (
	"bytes"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

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

// locator is how the place of a vendor's numbers is found.
type locator struct {
	locate  func(*batch, []sms.Payload, func(Place)) error
	measure map[string][]Field // by the measures' names in sms.metric_support
	reason  func(*sms.Reason) []Field
}

var locators = map[sms.Vendor]locator{
	sms.EngageLab: {locateEngageLab, engageLabFields, engageLabReasonFields},
	sms.Tencent:   {locateTencent, tencentFields, tencentReasonFields},
	sms.Huawei:    {measure: huaweiFields, reason: huaweiReasonFields}, // no row holds a number: Shares
}

// Locate gives where the rows about a day stand in the answers of one scope, in the order of the answers. Rows that are
// rejected stand nowhere. A vendor whose facts are not made of such rows has no places.
//
// The errors are those of Batch for answers that cannot be read.
func Locate(scope sms.Scope, payloads []sms.Payload, day sms.Day) ([]Place, error) {
	l := locators[scope.Account.Vendor]
	if l.locate == nil {
		return nil, nil
	}
	b := &batch{Batch: sms.Batch{Scope: scope, Beyond: beyond(payloads)}}
	if b.isBeyond(day) {
		return nil, nil // no facts were made of it
	}
	var answers []sms.Payload
	for _, p := range payloads {
		if p.Refused != "" || !p.Window.Contains(day) {
			continue
		}
		if err := belongs(scope, &p); err != nil {
			return nil, fmt.Errorf("transform: %s: %w", scope, err)
		}
		answers = append(answers, p)
	}
	var places []Place
	err := l.locate(b, answers, func(p Place) {
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

// MeasureFields gives the fields that a delivery measure of a vendor is made of, as sms.metric_support says in its formula;
// none for one that the vendor does not report.
func MeasureFields(v sms.Vendor, measure string) []Field { return locators[v].measure[measure] }

// ReasonFields gives the fields that the messages of a failure reason are made of.
func ReasonFields(v sms.Vendor, reason sms.Reason) []Field {
	if l, known := locators[v]; known {
		return l.reason(&reason)
	}
	return nil
}

// Value gives a field of the row as the vendor wrote it, in JSON; empty when the row lacks it.
func (p Place) Value(field string) string {
	var found string
	err := members(new(jsontext.Decoder), p.Row, func(name, value []byte) error {
		if string(name) == field {
			found = string(value)
		}
		return nil
	})
	if err != nil {
		return "" // the row was read when it was located, so it is well formed
	}
	return found
}

// fieldsOf names fields of one dataset.
func fieldsOf(dataset sms.Dataset, names ...string) []Field {
	all := make([]Field, len(names))
	for i, name := range names {
		all[i] = Field{dataset, name}
	}
	return all
}
