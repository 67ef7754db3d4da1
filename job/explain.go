package job

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"smsetl/load"
	"smsetl/read"
	"smsetl/sms"
	"smsetl/transform"
)

// messagesMeasure is the measure of failures.
const messagesMeasure = "messages"

// ErrQuestion says that a question makes no sense.
var ErrQuestion = errors.New("no such number")

// ErrNever says that a question names something that the account never had.
var ErrNever = errors.New("never heard of")

// Explain follows a number back to the loads, the answers, their requests and the fields in them, and tells every value that
// it ever had. The error wraps ErrQuestion for a measure or a dataset that there is not, ErrNever for a template, label, message type,
// country or reason that the account never had, load.ErrUnknownAccount for an account.
func Explain(ctx context.Context, wh *load.Warehouse, vendors transform.Vendors, q Question) (Explanation, error) {
	if q.Rows == 0 {
		q.Rows = 20
	}
	e := explainer{q: q, warehouse: wh, vendors: vendors, model: read.New(wh.DB, nil), loads: map[int64]read.Load{}, fetches: map[sms.Hash]int64{}}
	if err := e.readMeasures(ctx); err != nil {
		return Explanation{}, err
	}
	days, err := e.readDays(ctx)
	if err != nil {
		return Explanation{}, err
	}
	cells, err := e.readCells(ctx)
	if err != nil {
		return Explanation{}, err
	}
	e.sum(cells, days)
	cells = e.largest(cells)
	var places map[rowKey][]found
	if wh.IsImported(q.Account.Vendor) {
		places, err = e.observed(ctx, days, cells)
	} else if err = e.readAnswers(ctx, days, cells); err == nil {
		places, err = e.locate(ctx, days)
	}
	if err != nil {
		return Explanation{}, err
	}
	for i := range cells {
		e.out.Cells = append(e.out.Cells, e.cell(&cells[i], places))
	}
	return e.out, nil
}

// explainer is one Explain under way.
type explainer struct {
	q         Question
	warehouse *load.Warehouse
	vendors   transform.Vendors
	model     *read.Model
	failures  bool
	measures  []string // asked for
	at        []int    // where each stands in the images
	loads     map[int64]read.Load
	files     []load.KeptAnswer  // that the day rests on, of a vendor whose facts are counted from messages
	fetches   map[sms.Hash]int64 // answers that the day rests on
	out       Explanation
}

// readMeasures finds out what is asked for and how the vendor makes it.
func (e *explainer) readMeasures(ctx context.Context) error {
	q := e.q
	if all := e.warehouse.Datasets(q.Account.Vendor); q.Dataset != "" && !slices.Contains(all, q.Dataset) {
		return fmt.Errorf("job: %w: the dataset %q is none of %v", ErrQuestion, q.Dataset, all)
	}
	e.out = Explanation{
		Vendor: string(q.Account.Vendor), Account: q.Account.ID, Zone: q.Account.Zone.String(), Date: q.Day.String(),
		Measures: []ExplainedMeasure{}, Days: []ExplainedDay{}, Cells: []ExplainedCell{}, Answers: []ExplainedAnswer{}, Loads: []ExplainedLoad{},
	}
	all := sms.MeasureNames[:]
	e.failures = q.Stage != "" || q.Reason != "" || q.Measure == messagesMeasure
	if e.failures {
		all = []string{messagesMeasure}
	}
	for i, measure := range all {
		if q.Measure == "" || q.Measure == measure {
			e.measures, e.at = append(e.measures, measure), append(e.at, i)
		}
	}
	if len(e.measures) == 0 {
		return fmt.Errorf("job: %w: the measure %q is none of %v, nor %q of failures", ErrQuestion, q.Measure, sms.MeasureNames[:], messagesMeasure)
	}
	supports, err := e.model.Supports(ctx, q.Account.Vendor)
	if err != nil {
		return err
	}
	for _, measure := range e.measures {
		m := ExplainedMeasure{Measure: measure, Unit: "messages"}
		for _, s := range supports {
			if s.Measure == measure || e.failures && s.Measure == string(cmp.Or(q.Stage, sms.Sending))+"_failures" {
				m.Unit, m.Support, m.Formula, m.Note = s.Unit, s.Support, s.Formula, s.Note
			}
		}
		e.out.Measures = append(e.out.Measures, m)
	}
	return nil
}

// readDays tells the states of the day, of the datasets that the rows are made of.
func (e *explainer) readDays(ctx context.Context) ([]read.DayLine, error) {
	lines, err := e.model.DayLines(ctx, e.q.Account, e.q.Day)
	if err != nil {
		return nil, err
	}
	var about []read.DayLine
	for _, d := range lines {
		if !e.isAbout(d.Dataset) {
			continue
		}
		about = append(about, d)
		e.loads[d.BelievedBy], e.loads[d.AnsweredBy] = read.Load{}, read.Load{}
		e.out.Days = append(e.out.Days, ExplainedDay{
			Dataset: string(d.Dataset), State: string(d.State), Reason: d.Reason, Since: d.Since, Pending: pointer(d.Pending),
			LoadedAt: moment(d.LoadedAt), ConfirmedAt: moment(d.ConfirmedAt), Version: d.Version, BelievedBy: d.BelievedBy, AnsweredBy: d.AnsweredBy,
		})
	}
	return about, nil
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

// standing gives the image that holds now; ok is false for a row that is there no more.
func standing(c *read.Cell) (image read.Image, ok bool) {
	last := c.Images[len(c.Images)-1]
	return last, last.ReplacedBy == 0
}

// sum adds up the rows that are there. A whole day that was answered for and has no row had nothing; of a part of it without a row
// there is no number.
func (e *explainer) sum(cells []read.Cell, days []read.DayLine) {
	for i := range cells {
		image, there := standing(&cells[i])
		if !there {
			continue
		}
		e.out.Rows++
		for m, at := range e.at {
			if n, reported := image.Values[at].Value(); reported {
				total := &e.out.Measures[m].Total
				if *total == nil {
					*total = new(int64)
				}
				**total += n
			}
		}
	}
	isAnswered := len(days) > 0 && !slices.ContainsFunc(days, func(d read.DayLine) bool { return d.BelievedBy == 0 })
	if e.out.Rows > 0 {
		return
	}
	if e.out.Missing = e.missing(len(cells) > 0, isAnswered); e.out.Missing != "" {
		return
	}
	for m := range e.out.Measures {
		if e.out.Measures[m].Support != "not_reported" {
			e.out.Measures[m].Total = new(int64)
		}
	}
}

// largest gives the rows to tell one by one.
func (e *explainer) largest(cells []read.Cell) []read.Cell {
	size := func(c *read.Cell) int64 {
		image, there := standing(c)
		if !there {
			return -1
		}
		return image.Values[e.at[0]].Or(0)
	}
	slices.SortStableFunc(cells, func(a, b read.Cell) int { return cmp.Compare(size(&b), size(&a)) })
	return cells[:min(len(cells), e.q.Rows)]
}

// readLoads reads every load that the rows and the ledger name.
func (e *explainer) readLoads(ctx context.Context, cells []read.Cell) error {
	for i := range cells {
		for _, image := range cells[i].Images {
			e.loads[image.LoadID], e.loads[image.ReplacedBy] = read.Load{}, read.Load{}
		}
	}
	delete(e.loads, 0)
	lines, err := e.model.Loads(ctx, slices.Sorted(maps.Keys(e.loads)))
	if err != nil {
		return err
	}
	for _, l := range lines {
		e.loads[l.LoadID] = l
		if _, known := e.loads[l.RawOf]; !known && l.RawOf != 0 {
			e.loads[l.RawOf] = read.Load{} // asked nobody itself: its answers are that load's
			more, err := e.model.Loads(ctx, []int64{l.RawOf})
			if err != nil {
				return err
			}
			lines = append(lines, more...)
		}
	}
	slices.SortFunc(lines, func(a, b read.Load) int { return cmp.Compare(a.LoadID, b.LoadID) })
	for _, l := range lines {
		e.loads[l.LoadID] = l
		e.out.Loads = append(e.out.Loads, ExplainedLoad{
			LoadID: l.LoadID, RunID: l.RunID, Command: l.Command, Host: l.Host, Program: l.Program, Origin: l.Origin, RawOf: l.RawOf,
			Outcome: l.Outcome, Window: l.Window, StartedAt: l.StartedAt, LoadedAt: moment(l.LoadedAt), Version: l.Version,
		})
	}
	return nil
}

// rowKey names a vendor's row. The reason is that of rows which are counted by it.
type rowKey struct {
	dataset sms.Dataset
	grain   sms.Grain
	reason  string
}

// mostPushes is how many pushes are told one by one.
const mostPushes = 20

// found is a place with the answer that it is in.
type found struct {
	transform.Place

	fetchID int64
	share   *transform.Share // of rows that are counted; nil for one that holds a number
}

// observed tells the loads and answers of a day that is counted from messages, and which rows of which files its numbers are summed from:
// those that were known when it was confirmed.
func (e *explainer) observed(ctx context.Context, days []read.DayLine, cells []read.Cell) (places map[rowKey][]found, err error) {
	var last read.DayLine
	for _, d := range days {
		if d.ConfirmedAt.After(last.ConfirmedAt) {
			last = d
		}
	}
	of := load.Observed{Account: e.q.Account, First: e.q.Day, Last: e.q.Day, ListenedBy: last.AnsweredBy}
	err = e.warehouse.Observe(ctx, of, func(ctx context.Context, o *load.Observations) error {
		for _, a := range o.Files {
			e.loads[a.LoadID] = read.Load{}
		}
		o.Until(last.ConfirmedAt)
		e.files = o.Files
		if err := e.readAnswers(ctx, days, cells); err != nil {
			return err
		}
		places, err = e.share(ctx, o)
		return err
	})
	return places, err
}

// readAnswers tells the loads of the rows, and the answers about the day to all of them.
func (e *explainer) readAnswers(ctx context.Context, days []read.DayLine, cells []read.Cell) error {
	if err := e.readLoads(ctx, cells); err != nil {
		return err
	}
	current := map[int64]bool{}
	for _, d := range days {
		current[d.AnsweredBy] = true
	}
	for _, a := range e.files {
		current[a.LoadID] = true
	}
	for _, l := range slices.Sorted(maps.Keys(e.loads)) {
		answers, err := e.warehouse.KeptAnswers(ctx, load.Which{LoadID: l, Day: e.q.Day})
		if err != nil {
			return err
		}
		for _, a := range answers {
			if a.Refused != "" || !e.isAbout(a.Dataset) && !e.warehouse.IsImported(e.q.Account.Vendor) {
				continue
			}
			e.out.Answers = append(e.out.Answers, answered(a, current[l]))
			if current[l] {
				e.fetches[a.Body.Hash] = a.FetchID
			}
		}
	}
	return nil
}

// locate finds the rows in the answers that the day rests on.
func (e *explainer) locate(ctx context.Context, days []read.DayLine) (map[rowKey][]found, error) {
	places := map[rowKey][]found{}
	current := map[int64]bool{}
	for _, d := range days {
		current[d.AnsweredBy] = true
	}
	for _, l := range slices.Sorted(maps.Keys(current)) {
		if l == 0 {
			continue
		}
		kept, err := e.warehouse.KeptOf(ctx, l, e.q.Day)
		if errors.Is(err, load.ErrPruned) {
			continue // the answers say when
		}
		if err != nil {
			return nil, err
		}
		rows, err := e.vendors.Locate(kept.Scope, kept.Payloads, e.q.Day)
		if err != nil {
			return nil, err
		}
		for _, p := range rows {
			places[rowKey{dataset: p.Dataset, grain: p.Grain}] = []found{{Place: p, fetchID: e.fetches[p.Payload]}}
		}
	}
	return places, nil
}

// share finds which rows of which files the numbers are summed from, the newest file first, and tells the newest pushes about them.
func (e *explainer) share(ctx context.Context, o *load.Observations) (map[rowKey][]found, error) {
	places := map[rowKey][]found{}
	files := slices.Clone(e.files)
	slices.SortStableFunc(files, func(a, b load.KeptAnswer) int { return b.FetchedAt.Compare(a.FetchedAt) })
	read, pushes := map[sms.Hash]bool{}, map[sms.Hash]*ExplainedPush{}
	shares := transform.NewShares(CurrentMapping(e.vendors).basisOf(ctx, e.q.Account, o), e.q.Day, func(m *sms.Message) {
		if pushes[m.Payload] == nil {
			pushes[m.Payload] = &ExplainedPush{Hash: m.Payload.String(), ReceivedAt: m.SeenAt, IsSigned: !m.IsHint}
		}
		pushes[m.Payload].Reports++
	})
	for i := range files {
		a := &files[i]
		if read[a.Body.Hash] {
			continue // the same rows once more
		}
		read[a.Body.Hash] = true
		payload, err := o.Payload(ctx, a)
		if errors.Is(err, load.ErrPruned) {
			continue // the answers say when
		}
		if err != nil {
			return nil, err
		}
		all, err := shares.Read(&payload)
		if err != nil {
			return nil, err
		}
		for i := range all {
			key := rowKey{dataset: all[i].Dataset, grain: all[i].Grain, reason: all[i].Reason.Code}
			places[key] = append(places[key], found{Place: all[i].Place, fetchID: e.fetches[a.Body.Hash], share: &all[i]})
		}
	}
	for _, p := range slices.SortedFunc(maps.Values(pushes), func(a, b *ExplainedPush) int {
		return cmp.Or(b.ReceivedAt.Compare(a.ReceivedAt), cmp.Compare(a.Hash, b.Hash))
	}) {
		if len(e.out.Pushes) < mostPushes {
			e.out.Pushes = append(e.out.Pushes, *p)
		}
	}
	return places, nil
}

func answered(a load.KeptAnswer, isCurrent bool) ExplainedAnswer {
	return ExplainedAnswer{
		FetchID: a.FetchID, LoadID: a.LoadID, Dataset: string(a.Dataset), Window: a.Window.String(), Method: a.Request.Method, URL: a.Request.URL,
		Action: a.Request.Action, Body: a.Request.Body, FetchedAt: a.FetchedAt, Status: a.Status, RequestID: a.RequestID,
		Hash: a.Body.Hash.String(), Size: a.Body.Size, PrunedAt: moment(a.PrunedAt), IsCurrent: isCurrent,
	}
}

func pointer(c sms.Count) *int64 {
	n, reported := c.Value()
	if !reported {
		return nil
	}
	return &n
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
