package transform

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"smsetl/internal/pack"
	"smsetl/sms"
)

// Reader is what the answers of one vendor mean: the contract that its folder beside this file fulfils. A vendor whose
// facts are made of messages has no Read, Sums and Locate.
type Reader struct {
	Read func(*Draft, []sms.Payload) error
	// Early gives what reads the answers of a scope one by one while they come, as Read would: the same rows and findings, or an
	// error where only Read can tell. Of an answer's Body no more is known than Size, if that. nil for a vendor whose answers
	// have to be seen together.
	Early  func(*Draft) func(*sms.Payload, io.Reader) error
	Sums   func(*sms.Payload) (sms.Sums, error)
	Locate func(*Draft, []sms.Payload, func(Place)) error
	// Fields lists the fields that each measure is made of: the first less the others. Its keys are names of
	// sms.MeasureNames.
	Fields       map[string][]Field
	ReasonFields func(*sms.Reason) []Field // the same for the messages of a failure reason
	Reasons      []sms.Reason
}

// Vendor is a vendor with what its answers mean.
type Vendor struct {
	sms.Spec
	Reader
}

// Vendors are the vendors by their names. Whoever lists them hands them over.
type Vendors map[sms.Vendor]Vendor

// Batch gives the facts that the answers of one scope hold. Payloads that the extractor refused are ignored, but for
// those whose days lie beyond what the vendor keeps; the others must be answers for the scope's account and datasets,
// over windows inside the scope that leave none of its days out.
//
// A day that one dataset has no answer for any more is Beyond for all of the scope: together they make its facts, so
// what other datasets still hold of it is left out.
//
// A row that cannot be understood, or is of another account, is rejected and the rest believed; a row of a day that its
// answer was not asked for makes the whole answer unbelievable, as does an answer with rows of which none can be
// believed. Facts stand in the order of the payloads and their rows (EngageLab) or of the days (Tencent). Whether two
// of them are about the same thing is not checked. An answer without rows gives no facts and no error.
//
// The error wraps sms.ErrMalformed when the answers cannot be believed and pack.ErrCorrupt when a payload's bytes are
// not those that came from the vendor; any other error is the caller's, who mixed up payloads. With an error the batch
// holds no facts; what was rejected and found is there.
func (v Vendors) Batch(scope sms.Scope, payloads []sms.Payload) (sms.Batch, error) {
	b := &Draft{Batch: sms.Batch{Scope: scope}}
	err := b.read(v[scope.Account.Vendor], payloads)
	if err != nil {
		b.Rows = sms.Rows{}
		if errors.Is(err, pack.ErrCorrupt) {
			b.Rejects, b.Findings = nil, nil // nothing of it came from the vendor
		}
		err = fmt.Errorf("transform: %s: %w", scope, err)
	}
	return b.Batch, err
}

// Sums gives the counts of an answer over all days of its window together, in the words of the facts. What its dataset
// does not count is not reported. Facts are never made of it; it is compared with their sums. EngageLab answers so to
// aggregate_by=1, Tencent always does.
//
// The error wraps sms.ErrMalformed for an answer that is no sum, and pack.ErrCorrupt as that of Batch does.
func (v Vendors) Sums(p sms.Payload) (sms.Sums, error) {
	of := v[p.Account.Vendor]
	if of.Sums == nil {
		return sms.Sums{}, fmt.Errorf("transform: %s does not answer in sums", p.Account.Vendor)
	}
	sums, err := of.Sums(&p)
	if err != nil {
		return sms.Sums{}, fmt.Errorf("transform: answer %s of %s %s for %s: %w", p.Body.Hash.Short(), p.Account, p.Dataset, p.Window, err)
	}
	return sums, nil
}

// Reasons lists the failure reasons of a vendor that have a category, in the vendor's order. Codes that are not listed
// become facts too, with the category sms.Unmapped.
func (v Vendors) Reasons(of sms.Vendor) []sms.Reason { return slices.Clone(v[of].Reasons) }

// Draft is a Batch in the making. A Reader fills it.
type Draft struct{ sms.Batch }

func (b *Draft) read(v Vendor, payloads []sms.Payload) error {
	if v.Read == nil {
		return fmt.Errorf("vendor %q is not understood", b.Scope.Account.Vendor)
	}
	if len(b.Scope.Datasets) == 0 {
		return errors.New("the scope names no dataset")
	}
	b.Beyond = beyond(payloads)
	var answers []sms.Payload
	for i := range payloads {
		p := &payloads[i]
		if p.Refused != "" && !p.Beyond {
			continue
		}
		if err := belongs(b.Scope, p); err != nil {
			return err
		}
		if p.Refused == "" && !b.IsBeyond(p.Window.First(), p.Window.Last()) {
			answers = append(answers, *p)
		}
	}
	for _, dataset := range b.Scope.Datasets {
		if err := b.covers(dataset, answers); err != nil {
			return err
		}
	}
	return v.Read(b, answers)
}

// belongs gives an error for a payload that is no answer to the scope. That is never the vendor's fault: somebody mixed
// up payloads.
func belongs(scope sms.Scope, p *sms.Payload) error {
	switch w := p.Window; {
	case p.Account != scope.Account:
		return fmt.Errorf("answer %s was asked for %s (%s)", p.Body.Hash.Short(), p.Account, p.Account.Zone)
	case !slices.Contains(scope.Datasets, p.Dataset):
		return fmt.Errorf("answer %s is of dataset %s", p.Body.Hash.Short(), p.Dataset)
	case w.Zone() != scope.Window.Zone():
		return fmt.Errorf("answer %s counts days in zone %s, the scope in %s", p.Body.Hash.Short(), w.Zone(), scope.Window.Zone())
	case !scope.Window.Contains(w.First()) || !scope.Window.Contains(w.Last()):
		return fmt.Errorf("answer %s was asked for %s, which is not inside the scope", p.Body.Hash.Short(), w)
	}
	return nil
}

// covers gives an error for a day of the scope that no answer of the dataset was asked for. A load replaces every day
// of its scope that is not beyond, so a day without an answer would be emptied.
func (b *Draft) covers(dataset sms.Dataset, answers []sms.Payload) error {
	for day := range b.Scope.Window.Days() {
		isAbout := func(p sms.Payload) bool { return p.Dataset == dataset && p.Window.Contains(day) }
		if !b.IsBeyond(day, day) && !slices.ContainsFunc(answers, isAbout) {
			return Malformed("no answer of %s covers day %s", dataset, day)
		}
	}
	return nil
}

// The text of a rejected row is cut, and beyond so many rows left out: its place in the stored answer finds it again.
// A whole answer of another account's rows would otherwise be held in memory a second time.
const (
	maxRowText  = 500
	maxRowTexts = 1000
)

// Reject keeps a vendor row that is not believed.
func (b *Draft) Reject(r sms.Reject, row []byte) { reject(&b.Rejects, r, row) }

func reject(all *[]sms.Reject, r sms.Reject, row []byte) {
	if len(*all) < maxRowTexts {
		r.Row = strings.ToValidUTF8(Cut(row, maxRowText), "?")
	}
	*all = append(*all, r)
}

// beyond gives the days that the vendor refuses to answer for because they lie before what it keeps: oldest first, and
// in one window where they touch.
func beyond(payloads []sms.Payload) (merged []sms.Window) {
	var all []sms.Window
	for i := range payloads {
		if payloads[i].Beyond && payloads[i].Refused != "" {
			all = append(all, payloads[i].Window)
		}
	}
	slices.SortFunc(all, func(a, b sms.Window) int { return cmp.Compare(a.First(), b.First()) })
	for _, w := range all {
		last := len(merged) - 1
		if last < 0 || w.First() > merged[last].Last()+1 {
			merged = append(merged, w)
		} else if w.Last() > merged[last].Last() {
			merged[last], _ = sms.NewWindow(merged[last].First(), w.Last(), w.Zone()) // sorted, so it is not reversed
		}
	}
	return merged
}

// IsBeyond says whether the vendor keeps none of the days any more.
func (b *Draft) IsBeyond(first, last sms.Day) bool {
	return slices.ContainsFunc(b.Beyond, func(w sms.Window) bool { return w.Contains(first) && w.Contains(last) })
}
