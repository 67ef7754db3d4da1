package plan

import (
	"errors"
	"time"

	"smsetl/sms"
)

// Scopes gives the whole range of a request for each account and group of datasets that it chooses, whatever their days are:
// what an operator decides about. Calls and Time are 0. Every error is the asker's.
func Scopes(request Request, sources []Source, now time.Time) ([]Item, error) {
	if request.From == nil || request.To == nil {
		return nil, errors.New("say which days are meant: the first and the last, both inclusive")
	}
	all, err := choose(request, sources)
	if err != nil {
		return nil, err
	}
	if err := checkRange(request, all, now); err != nil {
		return nil, err
	}
	var items []Item
	for _, c := range all {
		window, err := sms.NewWindow(*request.From, *request.To, c.source.Zone)
		if err != nil {
			return nil, err
		}
		for _, a := range c.accounts {
			for _, group := range c.groups {
				items = append(items, Item{Source: c.source.Name, Scope: sms.Scope{Account: a, Datasets: group, Window: window}})
			}
		}
	}
	return items, nil
}
