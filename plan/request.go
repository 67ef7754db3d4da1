package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"smsetl/internal/spelling"
	"smsetl/sms"
)

// Request is what a person or a schedule wants from the vendors. The zero value of each field narrows nothing.
type Request struct {
	From, To    *sms.Day // both inside; without them from the start of the history to yesterday
	Vendors     []string
	Sources     []string
	Accounts    []string // account ids, or vendor/id
	Datasets    []string // one of a group stands for the group
	Refetch     bool     // settled days too, all but the frozen
	NewestFirst bool
	// Sweep takes in settled days that nobody has looked at for a while, in windows of their own.
	Sweep bool
	// Busy are scopes on their way already: none of their days is planned again.
	Busy []sms.Scope
}

// String gives the request as the flags of a command line.
func (request Request) String() string {
	var flags []string
	for _, day := range []struct {
		flag string
		day  *sms.Day
	}{{"--from", request.From}, {"--to", request.To}} {
		if day.day != nil {
			flags = append(flags, day.flag, day.day.String())
		}
	}
	for _, list := range []struct {
		flag  string
		words []string
	}{{"--vendor", request.Vendors}, {"--source", request.Sources}, {"--account", request.Accounts}, {"--dataset", request.Datasets}} {
		for _, word := range list.words {
			flags = append(flags, list.flag, word)
		}
	}
	if request.Refetch {
		flags = append(flags, "--refetch")
	}
	if request.NewestFirst {
		flags = append(flags, "--newest")
	}
	return strings.Join(flags, " ")
}

// chosen is a source with those of its accounts and dataset groups that are asked for.
type chosen struct {
	source   Source
	accounts []sms.Account
	groups   [][]sms.Dataset
}

// Chosen gives the accounts that are asked for, by the names of their sources. Every error is the asker's.
func Chosen(request Request, sources []Source) (map[string][]sms.Account, error) {
	all, err := choose(request, sources)
	if err != nil {
		return nil, err
	}
	accounts := make(map[string][]sms.Account, len(all))
	for _, c := range all {
		accounts[c.source.Name] = c.accounts
	}
	return accounts, nil
}

// asked narrows the sources to those that can be asked. Sources whose files are imported are left alone, and refused when
// they are asked for by name.
func asked(request Request, sources []Source) ([]chosen, error) {
	all, err := choose(request, sources)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(c chosen) bool { return c.source.IsImported }), refuseImported(request, sources)
}

func refuseImported(request Request, sources []Source) error {
	for _, s := range sources {
		if s.IsImported && (slices.Contains(request.Sources, s.Name) || slices.Contains(request.Vendors, string(s.Vendor))) {
			return fmt.Errorf("source %q cannot be asked, because %s has no call for statistics: use etl import %s FILE... --source %s",
				s.Name, s.Vendor, s.Vendor, s.Name)
		}
	}
	return nil
}

// choose narrows the sources to what is asked for. A name that none of them knows is an error that lists those there are.
func choose(request Request, sources []Source) ([]chosen, error) {
	var names, vendorsHere []string
	for _, s := range sources {
		names, vendorsHere = append(names, s.Name), append(vendorsHere, string(s.Vendor))
	}
	if err := checkNames("vendor", request.Vendors, inOrder(vendorsHere)); err != nil {
		return nil, err
	}
	if err := checkNames("source", request.Sources, names); err != nil {
		return nil, err
	}
	var all []chosen
	var accounts, qualified, datasets []string
	for _, s := range sources {
		if !isOneOf(request.Sources, s.Name) || !isOneOf(request.Vendors, string(s.Vendor)) {
			continue
		}
		for _, a := range s.Accounts() {
			accounts, qualified = append(accounts, a.ID), append(qualified, a.String())
		}
		for _, group := range s.Vendor.Groups() {
			for _, d := range group {
				datasets = append(datasets, string(d))
			}
		}
		all = append(all, chosen{s, request.accountsOf(s), request.groupsOf(s.Vendor)})
	}
	given := make([]string, 0, len(request.Accounts))
	for _, a := range request.Accounts {
		if !slices.Contains(qualified, a) {
			given = append(given, a)
		}
	}
	if err := checkNames("account", given, accounts); err != nil {
		return nil, err
	}
	if err := checkNames("dataset", request.Datasets, inOrder(datasets)); err != nil {
		return nil, err
	}
	return all, nil
}

// inOrder gives the words in order, each once.
func inOrder(words []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(words)))
}

// isOneOf says whether the name is asked for; no names ask for all.
func isOneOf(names []string, name string) bool {
	return len(names) == 0 || slices.Contains(names, name)
}

func (request Request) accountsOf(s Source) []sms.Account {
	var accounts []sms.Account
	for _, a := range s.Accounts() {
		if isOneOf(request.Accounts, a.ID) || isOneOf(request.Accounts, a.String()) {
			accounts = append(accounts, a)
		}
	}
	return accounts
}

func (request Request) groupsOf(v sms.Vendor) [][]sms.Dataset {
	var groups [][]sms.Dataset
	for _, group := range v.Groups() {
		named := func(d sms.Dataset) bool { return isOneOf(request.Datasets, string(d)) }
		if slices.ContainsFunc(group, named) {
			groups = append(groups, group)
		}
	}
	return groups
}

func checkNames(kind string, given, known []string) error {
	for _, name := range given {
		if slices.Contains(known, name) {
			continue
		}
		hint := spelling.Suggest(name, known)
		if hint == "" {
			hint = "there is"
			if len(known) > 1 {
				hint = "there are"
			}
			hint += " " + strings.Join(known, ", ")
		}
		return fmt.Errorf("no %s %q: %s", kind, name, hint)
	}
	return nil
}

// checkRange refuses a range that is reversed or not over. A range that reaches into the future is refused and not cut: a
// script that asks for a day that is not over would otherwise believe that it has it.
func checkRange(request Request, all []chosen, now time.Time) error {
	if request.From != nil && request.To != nil && *request.From > *request.To {
		return fmt.Errorf("the range from %s to %s is reversed: the first day must not be after the last", *request.From, *request.To)
	}
	if request.From != nil && *request.From < Earliest {
		return fmt.Errorf("%s is before %s: no vendor has statistics that old", *request.From, Earliest)
	}
	var until *chosen // the source whose day ends last
	for i, c := range all {
		if until == nil || c.source.Yesterday(now) < until.source.Yesterday(now) {
			until = &all[i]
		}
	}
	if until == nil {
		return nil
	}
	last := until.source.Yesterday(now)
	for _, d := range []*sms.Day{request.From, request.To} {
		if d != nil && *d > last {
			return fmt.Errorf("%s is not over yet: the last day that can be asked for is %s, because today is %s for source %s (%s)",
				*d, last, last+1, until.source.Name, until.source.Zone)
		}
	}
	return nil
}
