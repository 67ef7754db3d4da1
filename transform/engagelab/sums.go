package engagelab

import (
	"bytes"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"smsetl/sms"
	"smsetl/transform"
)

// sums reads the answer to aggregate_by=1: {"result":{...}}, one object of counts without day and keys. An
// array that holds only such an object is taken too; one of rows is not.
func sums(p *sms.Payload) (sms.Sums, error) {
	e := &reader{Draft: &transform.Draft{}}
	e.forget()
	a, err := e.newAnswer(p)
	if err != nil {
		return sms.Sums{}, err
	}
	body, err := transform.Document(p, "result")
	if err != nil {
		return sms.Sums{}, err
	}
	transform.Members(body, func(name, value []byte) { a.envelope[string(name)] = value })
	if err := a.envelope.failure(); err != nil {
		return sms.Sums{}, err
	}
	if err := a.readSum(a.envelope["result"]); err != nil {
		return sms.Sums{}, err
	}
	return a.sums()
}

// readSum reads the one object that result is or holds into the row.
func (a *answer) readSum(result []byte) error {
	object, isArray := bytes.CutPrefix(result, []byte("["))
	if isArray {
		object = bytes.TrimSpace(object[:len(object)-1])
	}
	if len(object) == 0 || object[0] != '{' || !jsontext.Value(object).IsValid() { // two objects are not one valid value
		return transform.Malformed("it is not a sum: result is %s, want one object of counts", transform.Kind(result))
	}
	a.row.parse(object)
	if day := a.row.values[fieldDay]; isArray && !isNone(day) {
		return transform.Malformed("it is not a sum: result is a row of %s", transform.Excerpt(day))
	}
	counts := a.row.layout.fields[firstCount : firstCount+a.row.layout.counts]
	isKnown := func(value []byte) bool { return value != nil && !transform.IsNull(value) }
	if !slices.ContainsFunc(a.row.values[firstCount:firstCount+len(counts)], isKnown) {
		return transform.Malformed("it is not a sum: result is %s, want an object with %s",
			transform.Excerpt(object), strings.Join(counts, ", "))
	}
	a.day = a.payload.Window.First()
	if !a.readCounts() {
		return transform.Malformed("%s", a.Rejects[0].Reason)
	}
	return nil
}

// sums gives the counts of the row in the words of the facts.
func (a *answer) sums() (s sms.Sums, err error) {
	if a.row.layout.reasons == nil {
		s.Measures = a.measures()
		s.VendorSent = sms.Count{}
		return s, nil
	}
	if err := a.failures(&sms.Grain{Day: a.day}); err != nil {
		return s, err
	}
	s.Failures = make(map[string]sms.Count)
	for i, reason := range a.row.layout.reasons {
		s.Failures[reason.Code] = a.counts[firstCount+i]
	}
	for _, f := range a.Failures {
		s.Failures[a.Reasons[f.Reason].Code] = f.Messages
	}
	return s, nil
}
