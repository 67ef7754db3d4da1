package explain

import (
	"smsetl/read"
	"smsetl/sms"
	"smsetl/transform/huawei"
)

// firstTold is the cause of a row's first value; the others are those of sms.restatements.
const firstTold = "first_told"

// cell explains one row.
func (e *explainer) cell(c *read.Cell) Cell {
	image, isThere := present(c)
	out := Cell{
		Template: c.Template.String(), Label: c.Label.String(), MessageType: c.MessageType.String(), Country: c.Country.String(),
		Stage: c.Reason.Stage, Reason: c.Reason.Code, Category: c.Reason.Category, IsThere: isThere,
	}
	at := map[rowKey]int{}
	for m, measure := range e.out.Measures {
		v := Value{Measure: measure.Measure, History: e.history(c, e.at[m])}
		if isThere {
			v.Value = image.Values[e.at[m]]
		}
		fields := e.vendors.MeasureFields(e.q.Account.Vendor, measure.Measure)
		if e.failures {
			fields = e.vendors.ReasonFields(e.q.Account.Vendor, c.Reason)
		}
		for _, f := range fields {
			key := rowKey{dataset: f.Dataset, grain: c.Grain}
			if e.warehouse.IsImported(e.q.Account.Vendor) {
				key.reason = c.Reason.Code
			}
			places := e.places[key]
			if _, isListed := at[key]; !isListed {
				at[key] = len(out.Places)
				for _, p := range places {
					out.Places = append(out.Places, placed(p))
				}
			}
			if len(places) == 0 {
				v.Fields = append(v.Fields, Field{Dataset: f.Dataset, Field: f.Name, Place: -1})
			}
			for i, p := range places {
				field := Field{Dataset: f.Dataset, Field: f.Name, Place: at[key] + i}
				if p.share == nil {
					field.JSON = p.Value(f.Name)
				} else {
					field.Adds = added(p.share, measure.Measure)
				}
				v.Fields = append(v.Fields, field)
			}
		}
		out.Values = append(out.Values, v)
	}
	return out
}

func placed(p found) Place {
	out := Place{
		Dataset: p.Dataset, FetchID: p.fetchID, Hash: p.Payload.String(), Position: p.Position, Offset: p.Offset, Row: string(p.Row),
	}
	if p.share != nil {
		out.Rows, out.Repeats, out.Reported = p.share.Rows, p.share.Repeats, p.share.Reported
	}
	return out
}

// added gives what a share adds to a measure.
func added(s *huawei.Share, measure string) sms.Count {
	if measure == messagesMeasure {
		return sms.Reported(s.Messages)
	}
	m, _ := s.Measures.Named(measure) // it is one of sms.MeasureNames
	if s.Rows == s.Repeats {
		return sms.Reported(0)
	}
	return m
}

// history lists every value of a row, oldest first. Images in which the value did not change are one.
func (e *explainer) history(c *read.Cell, at int) (all []Past) {
	for i, image := range c.Images {
		if image.LoadID == 0 { // it stands for the absence of a row until ReplacedBy
			continue
		}
		v := Past{
			Value: image.Values[at], From: e.loadedAt(image.LoadID), Until: e.loadedAt(image.ReplacedBy), LoadID: image.LoadID,
			Change: "first", Cause: firstTold,
		}
		for _, before := range c.Images[:i] {
			if before.ReplacedBy == image.LoadID {
				v.Change, v.Cause = before.Change, before.Cause
				break
			}
		}
		if last := len(all) - 1; last >= 0 && all[last].Value == v.Value && all[last].Until.Equal(v.From) {
			all[last].Until = v.Until
		} else {
			all = append(all, v)
		}
		if image.Change == "removed" && (i == len(c.Images)-1 || c.Images[i+1].LoadID == 0) {
			gone := Past{From: v.Until, LoadID: image.ReplacedBy, Change: "removed", Cause: image.Cause}
			if i < len(c.Images)-1 {
				gone.Until = e.loadedAt(c.Images[i+1].ReplacedBy)
			}
			all = append(all, gone)
		}
	}
	return all
}
