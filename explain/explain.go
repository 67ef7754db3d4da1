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

	"smsetl/job"
	"smsetl/load"
	"smsetl/load/messages"
	"smsetl/load/raw"
	"smsetl/read"
	"smsetl/sms"
	"smsetl/transform"
	"smsetl/transform/huawei"
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
func Number(ctx context.Context, wh *load.Warehouse, vendors transform.Vendors, q Question) (Explanation, error) {
	q.Rows = cmp.Or(q.Rows, 20)
	e := explainer{
		q: q, warehouse: wh, vendors: vendors, model: read.New(wh.DB, nil), loads: map[int64]read.Load{}, current: map[int64]bool{},
		fetches: map[sms.Hash]int64{}, places: map[rowKey][]found{},
	}
	steps := []func(context.Context) error{e.readMeasures, e.readDays, e.readCells, e.readAnswers, e.locate}
	if wh.IsImported(q.Account.Vendor) {
		steps = append(steps[:3], e.observe)
	}
	for _, step := range steps {
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
	q         Question
	warehouse *load.Warehouse
	vendors   transform.Vendors
	model     *read.Model
	failures  bool
	at        []int       // where the value of each measure stands in the images
	cells     []read.Cell // the largest of the rows
	loads     map[int64]read.Load
	current   map[int64]bool     // the loads whose answers the day rests on
	fetches   map[sms.Hash]int64 // answers that the day rests on
	places    map[rowKey][]found
	out       Explanation
}

// readMeasures finds out what is asked for and how the vendor makes it.
func (e *explainer) readMeasures(ctx context.Context) error {
	q := e.q
	if all := e.warehouse.Datasets(q.Account.Vendor); q.Dataset != "" && !slices.Contains(all, q.Dataset) {
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
	f := e.warehouse.Facts(d)
	if !e.failures {
		return f.Delivery
	}
	return f.Processing && e.q.Stage != sms.Sending || f.Sending && e.q.Stage != sms.Processing
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

// observe reads the loads and answers of a day that is counted from messages, and which rows of which files its numbers are summed from:
// those that were known when it was confirmed.
func (e *explainer) observe(ctx context.Context) error {
	var last read.DayLine
	for _, d := range e.out.Days {
		if d.ConfirmedAt.After(last.ConfirmedAt) {
			last = d
		}
	}
	of := messages.Observed{Account: e.q.Account, First: e.q.Day, Last: e.q.Day, ListenedBy: last.AnsweredBy}
	return messages.Observe(ctx, e.warehouse.DB, of, func(ctx context.Context, o *messages.Observations) error {
		for _, a := range o.Files {
			e.loads[a.LoadID] = read.Load{}
		}
		o.Until(last.ConfirmedAt)
		for _, a := range o.Files {
			e.current[a.LoadID] = true
		}
		if err := e.readAnswers(ctx); err != nil {
			return err
		}
		return e.locateShares(ctx, o)
	})
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

// readAnswers lists the loads of the rows, and the answers about the day to all of them.
func (e *explainer) readAnswers(ctx context.Context) error {
	if err := e.readLoads(ctx); err != nil {
		return err
	}
	for _, l := range slices.Sorted(maps.Keys(e.loads)) {
		answers, err := raw.List(ctx, e.warehouse.DB, raw.Which{LoadID: l, Day: e.q.Day})
		if err != nil {
			return err
		}
		for _, a := range answers {
			if a.Refused != "" || !e.isAbout(a.Dataset) && !e.warehouse.IsImported(e.q.Account.Vendor) {
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
	share   *huawei.Share // of rows that are counted; nil for one that holds a number
}

// locate finds the rows in the answers that the day rests on. Of those that were thrown away the answers say when.
func (e *explainer) locate(ctx context.Context) error {
	for _, l := range slices.Sorted(maps.Keys(e.current)) {
		kept, err := raw.AnswersOf(ctx, e.warehouse.DB, l, e.q.Day)
		if errors.Is(err, raw.ErrPruned) {
			continue
		}
		if err != nil {
			return err
		}
		rows, err := e.vendors.Locate(kept.Scope, kept.Payloads, e.q.Day)
		if err != nil {
			return err
		}
		for _, p := range rows {
			e.places[rowKey{dataset: p.Dataset, grain: p.Grain}] = []found{{Place: p, fetchID: e.fetches[p.Payload]}}
		}
	}
	return nil
}

// mostPushes is how many pushes are listed.
const mostPushes = 20

// locateShares finds which rows of which files the numbers are summed from, the newest file first, and the newest pushes about them.
func (e *explainer) locateShares(ctx context.Context, o *messages.Observations) error {
	files, isRead := slices.Clone(o.Files), map[sms.Hash]bool{}
	slices.SortStableFunc(files, func(a, b raw.Answer) int { return b.FetchedAt.Compare(a.FetchedAt) })
	pushes := map[sms.Hash]Push{}
	shares := huawei.NewShares(job.CurrentMapping(e.vendors).Basis(ctx, e.q.Account, o), e.q.Day, func(m *sms.Message) {
		reports := pushes[m.Payload].Reports + 1
		pushes[m.Payload] = Push{Hash: m.Payload.String(), ReceivedAt: m.SeenAt, IsSigned: !m.IsHint, Reports: reports}
	})
	for i := range files {
		hash := files[i].Body.Hash
		if isRead[hash] {
			continue // the same rows once more
		}
		isRead[hash] = true
		payload, err := o.Payload(ctx, &files[i])
		if errors.Is(err, raw.ErrPruned) {
			continue
		}
		if err != nil {
			return err
		}
		all, err := shares.Read(&payload)
		if err != nil {
			return err
		}
		for i := range all {
			key := rowKey{dataset: all[i].Dataset, grain: all[i].Grain, reason: all[i].Reason.Code}
			e.places[key] = append(e.places[key], found{Place: all[i].Place, fetchID: e.fetches[hash], share: &all[i]})
		}
	}
	e.out.Pushes = slices.SortedFunc(maps.Values(pushes), func(a, b Push) int {
		return cmp.Or(b.ReceivedAt.Compare(a.ReceivedAt), cmp.Compare(a.Hash, b.Hash))
	})
	e.out.Pushes = e.out.Pushes[:min(len(e.out.Pushes), mostPushes)]
	return nil
}

// loadedAt is when readers began to see what a load wrote; zero when nobody knows, and for no load.
func (e *explainer) loadedAt(loadID int64) time.Time { return e.loads[loadID].LoadedAt }
