// Package explain follows a number back: to the loads that wrote it, the vendor's answers, their requests and the fields in them.
package explain

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"smsetl/load"
	"smsetl/read"
	"smsetl/sms"
	"smsetl/transform"
)

// messagesMeasure is the measure of failures.
const messagesMeasure = "messages"

var (
	// ErrQuestion says that a question makes no sense.
	ErrQuestion = errors.New("no such number")
	// ErrNever says that a question names something that the account never had.
	ErrNever = errors.New("never heard of")
)

// Number explains the number that the question is about, with every value that it ever had. The error wraps ErrQuestion for a measure
// or a dataset that there is not, ErrNever for a template, label, message type, country or reason that the account never had,
// load.ErrUnknownAccount for an account.
func Number(ctx context.Context, wh *load.Warehouse, q Question) (Explanation, error) {
	if q.Rows == 0 {
		q.Rows = 20
	}
	e := explainer{
		q: q, warehouse: wh, model: read.New(wh.DB, nil), loads: map[int64]read.Load{}, current: map[int64]bool{},
		fetches: map[sms.Hash]int64{}, places: map[rowKey][]found{},
	}
	for _, step := range []func(context.Context) error{
		e.readMeasures, e.readDays, e.readCells, e.readObservations, e.readLoads, e.readAnswers, e.locate,
	} {
		if err := step(ctx); err != nil {
			return Explanation{}, err
		}
	}
	for i := range e.cells {
		e.out.Cells = append(e.out.Cells, e.cell(&e.cells[i]))
	}
	return e.out, nil
}

// explainer is one explanation under way.
type explainer struct {
	q            Question
	warehouse    *load.Warehouse
	model        *read.Model
	failures     bool
	at           []int       // where the value of each measure stands in the images
	cells        []read.Cell // the largest of the rows
	loads        map[int64]read.Load
	current      map[int64]bool     // the loads whose answers the day rests on
	observations []load.KeptAnswer  // that the day rests on, of a vendor whose facts are counted from messages
	fetches      map[sms.Hash]int64 // answers that the day rests on
	places       map[rowKey][]found
	out          Explanation
}

// readMeasures finds out what is asked for and how the vendor makes it.
func (e *explainer) readMeasures(ctx context.Context) error {
	q := e.q
	if all := slices.Concat(q.Account.Vendor.Groups()...); q.Dataset != "" && !slices.Contains(all, q.Dataset) {
		return fmt.Errorf("explain: %w: the dataset %q is none of %v", ErrQuestion, q.Dataset, all)
	}
	e.out = Explanation{Account: q.Account, Zone: q.Account.Zone.String(), Date: q.Day}
	supports, err := e.model.Supports(ctx, q.Account.Vendor)
	if err != nil {
		return err
	}
	all, stage := sms.MeasureNames[:], cmp.Or(q.Stage, sms.Sending)
	e.failures = q.Stage != "" || q.Reason != "" || q.Measure == messagesMeasure
	if e.failures {
		all = []string{messagesMeasure}
	}
	for i, measure := range all {
		if q.Measure != "" && q.Measure != measure {
			continue
		}
		m := Measure{Support: read.Support{Unit: "messages"}}
		for _, s := range supports {
			if s.Measure == measure || e.failures && s.Measure == string(stage)+"_failures" {
				m.Support = s
			}
		}
		m.Measure = measure
		e.at, e.out.Measures = append(e.at, i), append(e.out.Measures, m)
	}
	if len(e.at) == 0 {
		return fmt.Errorf("explain: %w: the measure %q is none of %v, nor %q of failures",
			ErrQuestion, q.Measure, sms.MeasureNames[:], messagesMeasure)
	}
	return nil
}

// readDays reads the states of the day, of the datasets that the rows are made of.
func (e *explainer) readDays(ctx context.Context) error {
	lines, err := e.model.DayLines(ctx, e.q.Account, e.q.Day)
	e.out.Days = slices.DeleteFunc(lines, func(d read.DayLine) bool { return !e.isAbout(d.Dataset) })
	for _, d := range e.out.Days {
		e.loads[d.BelievedBy], e.loads[d.AnsweredBy] = read.Load{}, read.Load{}
		e.current[d.AnsweredBy] = true
	}
	return err
}

// isAbout says whether a dataset fills the rows asked for.
func (e *explainer) isAbout(d sms.Dataset) bool {
	if e.q.Dataset != "" {
		return d == e.q.Dataset
	}
	f := d.Facts()
	if !e.failures {
		return f.Delivery
	}
	return f.Processing && e.q.Stage != sms.Sending || f.Sending && e.q.Stage != sms.Processing
}

// confirmed gives the line of the day that was confirmed last.
func (e *explainer) confirmed() read.DayLine {
	var last read.DayLine
	for _, d := range e.out.Days {
		if d.ConfirmedAt.After(last.ConfirmedAt) {
			last = d
		}
	}
	return last
}

// readCells reads the rows that are asked for, sums them and keeps the largest.
func (e *explainer) readCells(ctx context.Context) error {
	q := read.CellQuery{
		Account: e.q.Account, Day: e.q.Day, Failures: e.failures, Template: e.q.Template, Label: e.q.Label,
		MessageType: e.q.MessageType, Country: e.q.Country, Stage: e.q.Stage, Reason: e.q.Reason,
	}
	never, err := e.model.NeverHad(ctx, q)
	if err != nil {
		return err
	}
	if len(never) > 0 {
		unknown := e.q.names(func(kind string) bool { return slices.Contains(never, kind) })
		return fmt.Errorf("explain: %w: no %s for this account and day, nor for any other day of it",
			ErrNever, strings.Join(unknown, ", no "))
	}
	cells, err := e.model.Cells(ctx, q)
	if err != nil {
		return err
	}
	e.sum(cells)
	size := func(c *read.Cell) int64 {
		if image, isThere := present(c); isThere {
			return image.Values[e.at[0]].Or(0)
		}
		return -1
	}
	slices.SortStableFunc(cells, func(a, b read.Cell) int { return cmp.Compare(size(&b), size(&a)) })
	e.cells = cells[:min(len(cells), e.q.Rows)]
	return nil
}

// present gives the image that holds now; ok is false for a row that was removed.
func present(c *read.Cell) (image read.Image, ok bool) {
	last := c.Images[len(c.Images)-1]
	return last, last.ReplacedBy == 0
}

// sum adds up the rows that are there. A whole day that was answered for and has no row had nothing; of a part of it without a row
// there is no number.
func (e *explainer) sum(cells []read.Cell) {
	for i := range cells {
		image, isThere := present(&cells[i])
		if !isThere {
			continue
		}
		e.out.Rows++
		for m, at := range e.at {
			if n, isReported := image.Values[at].Value(); isReported {
				e.out.Measures[m].Total = sms.Reported(e.out.Measures[m].Total.Or(0) + n)
			}
		}
	}
	if e.out.Rows > 0 {
		return
	}
	e.out.Missing = e.missing(len(cells) > 0)
	for m := range e.out.Measures {
		if e.out.Missing == "" && e.out.Measures[m].Support.Support != "not_reported" {
			e.out.Measures[m].Total = sms.Reported(0)
		}
	}
}

// missing says why there is no row; empty when the whole day had nothing.
func (e *explainer) missing(wasThere bool) string {
	names := e.q.names(func(string) bool { return true })
	isOpen := len(e.out.Days) == 0 || slices.ContainsFunc(e.out.Days, func(d read.DayLine) bool { return d.BelievedBy == 0 })
	switch {
	case wasThere:
		return "the rows were removed: a later answer did not have them"
	case isOpen:
		return "no answer about this day was believed yet"
	case len(names) == 1:
		return "no " + names[0] + " for this account and day"
	case len(names) > 1:
		return "no row of this account and day has " + strings.Join(names, ", ")
	default:
		return ""
	}
}

// readObservations lists what a day rests on that is counted from messages: every answer that had some of them until the day was
// confirmed.
func (e *explainer) readObservations(ctx context.Context) error {
	if !e.q.Account.Vendor.IsImported() {
		return nil
	}
	confirmed := e.confirmed().ConfirmedAt
	all, err := e.warehouse.Tellings(ctx, e.q.Account, e.q.Day, e.q.Day)
	for _, a := range all {
		e.loads[a.LoadID] = read.Load{}
		if a.Told(confirmed) {
			e.observations, e.current[a.LoadID] = append(e.observations, a), true
		}
	}
	return err
}

// readLoads reads every load that the rows and the ledger name, and those whose answers these understood.
func (e *explainer) readLoads(ctx context.Context) error {
	for i := range e.cells {
		for _, image := range e.cells[i].Images {
			e.loads[image.LoadID], e.loads[image.ReplacedBy] = read.Load{}, read.Load{}
		}
	}
	delete(e.loads, 0)
	delete(e.current, 0)
	for wanted := slices.Sorted(maps.Keys(e.loads)); len(wanted) > 0; {
		lines, err := e.model.Loads(ctx, wanted)
		if err != nil {
			return err
		}
		e.out.Loads, wanted = append(e.out.Loads, lines...), nil
		for _, l := range lines {
			e.loads[l.LoadID] = l
			if _, isKnown := e.loads[l.RawOf]; !isKnown && l.RawOf != 0 {
				e.loads[l.RawOf] = read.Load{}
				wanted = append(wanted, l.RawOf)
			}
		}
	}
	slices.SortFunc(e.out.Loads, func(a, b read.Load) int { return cmp.Compare(a.LoadID, b.LoadID) })
	return nil
}

// readAnswers lists the answers about the day to all these loads.
func (e *explainer) readAnswers(ctx context.Context) error {
	for _, l := range slices.Sorted(maps.Keys(e.loads)) {
		answers, err := e.warehouse.KeptAnswers(ctx, load.Which{LoadID: l, Day: e.q.Day})
		if err != nil {
			return err
		}
		for _, a := range answers {
			if a.Refused != "" || !e.isAbout(a.Dataset) && !e.q.Account.Vendor.IsImported() {
				continue
			}
			e.out.Answers = append(e.out.Answers, Answer{
				FetchID: a.FetchID, LoadID: a.LoadID, Dataset: a.Dataset, Window: a.Window.String(), Method: a.Request.Method,
				URL: a.Request.URL, Action: a.Request.Action, Body: a.Request.Body, FetchedAt: a.FetchedAt, Status: a.Status,
				RequestID: a.RequestID, Hash: a.Body.Hash.String(), Size: a.Body.Size, PrunedAt: a.PrunedAt, IsCurrent: e.current[l],
			})
			if e.current[l] {
				e.fetches[a.Body.Hash] = a.FetchID
			}
		}
	}
	return nil
}

// rowKey names a vendor's row. The reason is that of rows which are counted by it.
type rowKey struct {
	dataset sms.Dataset
	grain   sms.Grain
	reason  string
}

// found is a place with the answer that it is in.
type found struct {
	transform.Place

	fetchID int64
	share   *transform.Share // of rows that are counted; nil for one that holds a number
}

// locate finds the rows in the answers that the day rests on. Of those that were thrown away the answers say when.
func (e *explainer) locate(ctx context.Context) error {
	if e.q.Account.Vendor.IsImported() {
		return e.locateShares(ctx)
	}
	for _, l := range slices.Sorted(maps.Keys(e.current)) {
		kept, err := e.warehouse.KeptOf(ctx, l, e.q.Day)
		if errors.Is(err, load.ErrPruned) {
			continue
		}
		if err != nil {
			return err
		}
		rows, err := transform.Locate(kept.Scope, kept.Payloads, e.q.Day)
		if err != nil {
			return err
		}
		for _, p := range rows {
			e.places[rowKey{dataset: p.Dataset, grain: p.Grain}] = []found{{Place: p, fetchID: e.fetches[p.Payload]}}
		}
	}
	return nil
}

// locateShares finds which rows of which files the numbers are summed from, the newest file first.
func (e *explainer) locateShares(ctx context.Context) error {
	slices.SortStableFunc(e.observations, func(a, b load.KeptAnswer) int { return b.FetchedAt.Compare(a.FetchedAt) })
	isRead := map[sms.Hash]bool{}
	shares := transform.NewShares(e.q.Account, e.q.Day)
	if err := e.readReports(ctx, shares); err != nil {
		return err
	}
	for _, a := range e.observations {
		if isRead[a.Body.Hash] {
			continue // the same rows once more
		}
		isRead[a.Body.Hash] = true
		body, err := e.warehouse.Body(ctx, a.Body.Hash)
		if errors.Is(err, load.ErrPruned) {
			continue
		}
		if err != nil {
			return err
		}
		a.Payload.Body = body
		all, err := shares.Read(&a.Payload)
		if err != nil {
			return err
		}
		for i := range all {
			key := rowKey{dataset: all[i].Dataset, grain: all[i].Grain, reason: all[i].Reason.Code}
			e.places[key] = append(e.places[key], found{Place: all[i].Place, fetchID: e.fetches[body.Hash], share: &all[i]})
		}
	}
	return nil
}

// mostPushes is how many pushes are listed.
const mostPushes = 20

// readReports gives the shares the reports that the day rests on, and the explanation the pushes that they came in.
func (e *explainer) readReports(ctx context.Context, shares *transform.Shares) error {
	last := e.confirmed()
	heard, err := e.warehouse.HeardOf(ctx, e.q.Account, e.q.Day, last.AnsweredBy, last.ConfirmedAt)
	if err != nil {
		return err
	}
	shares.Hear(heard.Listened, heard.Reports)
	at := map[sms.Hash]int{}
	for _, m := range slices.Backward(heard.Reports) {
		i, isListed := at[m.Payload]
		if !isListed && len(e.out.Pushes) == mostPushes {
			continue
		}
		if !isListed {
			i = len(e.out.Pushes)
			at[m.Payload] = i
			e.out.Pushes = append(e.out.Pushes, Push{Hash: m.Payload.String(), ReceivedAt: m.SeenAt, IsSigned: !m.IsHint})
		}
		e.out.Pushes[i].Reports++
	}
	return nil
}

// loadedAt is when readers began to see what a load wrote; zero when nobody knows, and for no load.
func (e *explainer) loadedAt(loadID int64) time.Time { return e.loads[loadID].LoadedAt }
