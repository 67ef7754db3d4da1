package transform

import (
	"errors"
	"io"
	"slices"

	"smsetl/sms"
)

// Early is a batch that is made while its answers come, before anybody knows whether they can be believed. It can be had when
// everything was usual; for all else the answers are read once more from what was kept of them, by Vendors.Batch.
type Early struct {
	draft   Draft
	vendor  Vendor
	read    func(*sms.Payload, io.Reader) error
	answers []*sms.Payload
	spoiled bool
}

// Early begins a batch of the scope; nil where the vendor's answers are not read by themselves.
func (v Vendors) Early(scope sms.Scope) *Early {
	e := &Early{draft: Draft{Batch: sms.Batch{Scope: scope}}, vendor: v[scope.Account.Vendor]}
	if e.vendor.Early == nil {
		return nil
	}
	e.read = e.vendor.Early(&e.draft)
	return e
}

// Read reads the next answer. Its bytes come from the reader; of p.Body no more is looked at than Size, if anybody knows it. What
// is known of it afterwards may be put into p until Batch is asked.
func (e *Early) Read(p *sms.Payload, from io.Reader) {
	if e.spoiled {
		return
	}
	e.spoiled = true // unless this comes to its end: it may crash
	e.answers = append(e.answers, p)
	e.spoiled = e.read(p, from) != nil
}

// Spoil gives the batch up.
func (e *Early) Spoil() { e.spoiled, e.draft, e.answers = true, Draft{}, nil }

// errOther says that other answers were read.
var errOther = errors.New("these answers were not read while they came")

// Batch gives what Vendors.Batch would give for the payloads. ok is false where that has to be asked: these are not the answers
// that were read, or something about them was not usual.
func (e *Early) Batch(payloads []sms.Payload) (batch sms.Batch, ok bool) {
	if e == nil || e.spoiled {
		return sms.Batch{}, false
	}
	same := e.vendor
	same.Read = func(_ *Draft, answers []sms.Payload) error {
		if !slices.EqualFunc(answers, e.answers, isSame) {
			return errOther
		}
		return nil
	}
	err := e.draft.read(same, payloads)
	return e.draft.Batch, err == nil && len(e.draft.Rejects) == 0 && len(e.draft.Beyond) == 0
}

func isSame(a sms.Payload, b *sms.Payload) bool {
	return a.Dataset == b.Dataset && a.Window == b.Window && a.Request == b.Request && a.Body.Hash == b.Body.Hash
}
