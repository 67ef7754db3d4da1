package plan

import (
	"cmp"
	"errors"
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
	Datasets    []string // one of a vendor stands for all of them
	Refetch     bool     // settled days too, all but the frozen
	NewestFirst bool
	// Sweep takes in settled days that nobody has looked at for a while, in windows of their own.
	Sweep bool
	// Busy are scopes on their way already: none of their days is planned again.
	Busy []sms.Scope
}

// String gives the request as the flags of a command line.
func (r Request) String() string {
	var flags []string
	add := func(flag string, words ...string) {
		for _, word := range words {
			flags = append(flags, flag+" "+word)
		}
	}
	if r.From != nil {
		add("--from", r.From.String())
	}
	if r.To != nil {
		add("--to", r.To.String())
	}
	add("--vendor", r.Vendors...)
	add("--source", r.Sources...)
	add("--account", r.Accounts...)
	add("--dataset", r.Datasets...)
	if r.Refetch {
		flags = append(flags, "--refetch")
	}
	if r.NewestFirst {
		flags = append(flags, "--newest")
	}
	return strings.Join(flags, " ")
}

// choice is a source with those of its accounts that are requested. isOther says that others than its datasets are.
type choice struct {
	Source
	accounts []sms.Account
	isOther  bool
}

// loaded gives the accounts whose datasets are requested.
func (c *choice) loaded() []sms.Account {
	if c.isOther {
		return nil
	}
	return c.accounts
}

// Accounts gives the accounts that are requested, by the names of their sources. Every error is the caller's: a name
// that none of the sources knows, with those there are.
func Accounts(r Request, sources []Source) (map[string][]sms.Account, error) {
	choices, err := choose(r, sources)
	accounts := make(map[string][]sms.Account, len(choices))
	for _, c := range choices {
		accounts[c.Name] = c.accounts
	}
	return accounts, err
}

// Scopes gives the whole range of a request for each account that it chooses, whatever its
// days are: what an operator decides about. Calls and Time are 0. Every error is the caller's.
func Scopes(r Request, sources []Source, now time.Time) ([]Item, error) {
	if r.From == nil || r.To == nil {
		return nil, errors.New("say which days are meant: the first and the last, both inclusive")
	}
	choices, err := choose(r, sources)
	if err != nil {
		return nil, err
	}
	if err := checkRange(r, choices, now); err != nil {
		return nil, err
	}
	var items []Item
	for _, c := range choices {
		window, err := sms.NewWindow(*r.From, *r.To, c.Zone)
		if err != nil {
			return nil, err
		}
		for _, a := range c.loaded() {
			items = append(items, Item{Source: c.Name, Scope: sms.Scope{Account: a, Datasets: c.Datasets, Window: window}})
		}
	}
	return items, nil
}

// requestable narrows the sources to those whose vendors answer requests. Sources whose files are imported are left
// alone, and refused when they are requested by name.
func requestable(r Request, sources []Source) ([]choice, error) {
	choices, err := choose(r, sources)
	if err != nil {
		return nil, err
	}
	for _, s := range sources {
		if s.IsImported && (slices.Contains(r.Sources, s.Name) || slices.Contains(r.Vendors, string(s.Vendor))) {
			const why = "source %q cannot be asked, because %s has no call for statistics: use etl import %s FILE... --source %s"
			return nil, fmt.Errorf(why, s.Name, s.Vendor, s.Vendor, s.Name)
		}
	}
	return slices.DeleteFunc(choices, func(c choice) bool { return c.IsImported }), nil
}

// choose narrows the sources to what is requested. A name that none of them knows is an error that lists those there
// are.
func choose(r Request, sources []Source) ([]choice, error) {
	var choices []choice
	var names, vendors, accounts, qualified, datasets []string
	for _, s := range sources {
		names, vendors = append(names, s.Name), append(vendors, string(s.Vendor))
		if !isOneOf(r.Sources, s.Name) || !isOneOf(r.Vendors, string(s.Vendor)) {
			continue
		}
		c := choice{Source: s}
		for _, a := range s.Accounts() {
			accounts, qualified = append(accounts, a.ID), append(qualified, a.String())
			if isOneOf(r.Accounts, a.ID) || isOneOf(r.Accounts, a.String()) {
				c.accounts = append(c.accounts, a)
			}
		}
		c.isOther = !slices.ContainsFunc(s.Datasets, func(d sms.Dataset) bool { return isOneOf(r.Datasets, string(d)) })
		for _, d := range s.Datasets {
			datasets = append(datasets, string(d))
		}
		choices = append(choices, c)
	}
	isQualified := func(a string) bool { return slices.Contains(qualified, a) }
	unqualified := slices.DeleteFunc(slices.Clone(r.Accounts), isQualified)
	return choices, cmp.Or(
		checkNames("vendor", r.Vendors, inOrder(vendors)),
		checkNames("source", r.Sources, names),
		checkNames("account", unqualified, accounts),
		checkNames("dataset", r.Datasets, inOrder(datasets)),
	)
}

// inOrder gives the words in order, each once.
func inOrder(words []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(words)))
}

// isOneOf says whether the name is requested; no names request all.
func isOneOf(names []string, name string) bool {
	return len(names) == 0 || slices.Contains(names, name)
}

func checkNames(kind string, given, known []string) error {
	i := slices.IndexFunc(given, func(name string) bool { return !slices.Contains(known, name) })
	if i < 0 {
		return nil
	}
	hint := spelling.Suggest(given[i], known)
	switch {
	case hint != "":
	case len(known) > 1:
		hint = "there are " + strings.Join(known, ", ")
	default:
		hint = "there is " + strings.Join(known, ", ")
	}
	return fmt.Errorf("no %s %q: %s", kind, given[i], hint)
}

// checkRange refuses a range that is reversed or not over. A range that reaches into the future is refused and not
// cut: a script that requests a day that is not over would otherwise believe that it has it.
func checkRange(r Request, choices []choice, now time.Time) error {
	switch {
	case r.From != nil && r.To != nil && *r.From > *r.To:
		return fmt.Errorf("the range from %s to %s is reversed: the first day must not be after the last", *r.From, *r.To)
	case r.From != nil && *r.From < Earliest:
		return fmt.Errorf("%s is before %s: no vendor has statistics that old", *r.From, Earliest)
	case len(choices) == 0:
		return nil
	}
	// The source whose day ends last.
	last := slices.MinFunc(choices, func(a, b choice) int { return cmp.Compare(a.Yesterday(now), b.Yesterday(now)) })
	for _, d := range []*sms.Day{r.From, r.To} {
		if d != nil && *d > last.Yesterday(now) {
			const what = "%s is not over yet: the last day that can be asked for is %s, " +
				"because today is %s for source %s (%s)"
			return fmt.Errorf(what, *d, last.Yesterday(now), last.Yesterday(now)+1, last.Name, last.Zone)
		}
	}
	return nil
}
