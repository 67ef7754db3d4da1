package job

import (
	"slices"
	"time"

	"smsetl/load"
	"smsetl/read"
	"smsetl/sms"
	"smsetl/transform"
)

// The causes of a change, as sms.restatements has them.
const (
	firstTold         = "first_told"
	lateDelivery      = "late_delivery"
	vendorRestatement = "vendor_restatement"
	ourMapping        = "our_mapping"
)

// cell tells one row.
func (e *explainer) cell(c *read.Cell, places map[rowKey][]found) ExplainedCell {
	image, there := standing(c)
	out := ExplainedCell{
		Template: c.Template.String(), Label: c.Label.String(), MessageType: c.MessageType.String(), Country: c.Country.String(),
		Stage: string(c.Reason.Stage), Reason: c.Reason.Code, Category: string(c.Reason.Category), IsThere: there,
		Places: []ExplainedPlace{},
	}
	at := map[rowKey]int{}
	for m, measure := range e.measures {
		v := ExplainedValue{Measure: measure, Fields: []ExplainedField{}, History: e.history(c, e.at[m])}
		if there {
			v.Value = pointer(image.Values[e.at[m]])
		}
		fields := e.vendors.MeasureFields(e.q.Account.Vendor, measure)
		if e.failures {
			fields = e.vendors.ReasonFields(e.q.Account.Vendor, c.Reason)
		}
		for _, f := range fields {
			key := rowKey{dataset: f.Dataset, grain: c.Grain}
			if e.warehouse.IsImported(e.q.Account.Vendor) {
				key.reason = c.Reason.Code
			}
			if _, told := at[key]; !told {
				at[key] = len(out.Places)
				for _, p := range places[key] {
					out.Places = append(out.Places, placed(p))
				}
			}
			if len(places[key]) == 0 {
				v.Fields = append(v.Fields, ExplainedField{Dataset: string(f.Dataset), Field: f.Name, Place: -1})
			}
			for i, p := range places[key] {
				field := ExplainedField{Dataset: string(f.Dataset), Field: f.Name, Place: at[key] + i}
				if p.share == nil {
					field.JSON = p.Value(f.Name)
				} else {
					field.Adds = pointer(added(p.share, measure))
				}
				v.Fields = append(v.Fields, field)
			}
		}
		out.Values = append(out.Values, v)
	}
	return out
}

func placed(p found) ExplainedPlace {
	out := ExplainedPlace{
		Dataset: string(p.Dataset), FetchID: p.fetchID, Hash: p.Payload.String(), Position: p.Position, Offset: p.Offset, Row: string(p.Row),
	}
	if p.share != nil {
		out.Rows, out.Repeats, out.Reported = p.share.Rows, p.share.Repeats, p.share.Reported
	}
	return out
}

// added gives what a share adds to a measure.
func added(s *transform.Share, measure string) sms.Count {
	if measure == messagesMeasure {
		return sms.Reported(s.Messages)
	}
	m, _ := s.Measures.Named(measure) // it is one of sms.MeasureNames
	if s.Rows == s.Repeats {
		return sms.Reported(0)
	}
	return m
}

// history tells every value of a row, oldest first. Images in which the value did not change are one.
func (e *explainer) history(c *read.Cell, at int) []PastValue {
	all := []PastValue{}
	for i, image := range c.Images {
		if image.LoadID == 0 { // a mark: there was no row until ReplacedBy
			continue
		}
		v := PastValue{Value: pointer(image.Values[at]), From: moment(e.loads[image.LoadID].LoadedAt), LoadID: image.LoadID}
		v.Change, v.Cause = e.began(c, i)
		if image.ReplacedBy != 0 {
			v.Until = moment(e.loads[image.ReplacedBy].LoadedAt)
		}
		if last := len(all) - 1; last >= 0 && equal(all[last].Value, v.Value) && equalTime(all[last].Until, v.From) {
			all[last].Until = v.Until
		} else {
			all = append(all, v)
		}
		if image.Change == "removed" && (i == len(c.Images)-1 || c.Images[i+1].LoadID == 0) {
			gone := PastValue{From: v.Until, LoadID: image.ReplacedBy, Change: "removed", Cause: e.cause(image.ReplacedBy)}
			if i < len(c.Images)-1 {
				gone.Until = moment(e.loads[c.Images[i+1].ReplacedBy].LoadedAt)
			}
			all = append(all, gone)
		}
	}
	return all
}

// began says how an image came, and by whose doing.
func (e *explainer) began(c *read.Cell, i int) (change, cause string) {
	image := c.Images[i]
	for _, before := range c.Images[:i] {
		if before.ReplacedBy == image.LoadID {
			return before.Change, e.cause(image.LoadID)
		}
	}
	return "first", firstTold
}

// cause says whose doing a change by a load was.
func (e *explainer) cause(loadID int64) string {
	l := e.loads[loadID]
	switch {
	case l.Origin == load.FromReplay:
		return ourMapping
	case slices.Contains(l.RestatedOn, e.q.Day):
		return vendorRestatement
	default:
		return lateDelivery
	}
}

func equal(a, b *int64) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}

func equalTime(a, b *time.Time) bool {
	return a == nil && b == nil || a != nil && b != nil && a.Equal(*b)
}
