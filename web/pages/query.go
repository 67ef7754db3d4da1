package pages

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"smsetl/read"
	"smsetl/sms"
)

// inputError says what is wrong with an address, and what would be right.
type inputError struct {
	status int
	title  string
	text   string
	form   *form // to mend it with; nil for none
}

func (b *inputError) Error() string { return b.text }

func bad(form string, arguments ...any) error {
	return &inputError{status: http.StatusBadRequest, title: "Invalid address", text: fmt.Sprintf(form, arguments...)}
}

func unknown(form string, arguments ...any) error {
	return &inputError{status: http.StatusNotFound, title: "Not found", text: fmt.Sprintf(form, arguments...)}
}

// query reads the parameters of an address. The first mistake is kept, and what a page did not ask for is one.
type query struct {
	values url.Values
	asked  map[string]bool
	err    error
}

func newQuery(values url.Values) *query { return &query{values: values, asked: map[string]bool{}} }

func (q *query) wrong(form string, arguments ...any) {
	if q.err == nil {
		q.err = bad(form, arguments...)
	}
}

// text gives a parameter, empty when it is not there.
func (q *query) text(name string) string {
	q.asked[name] = true
	all := q.values[name]
	if len(all) == 0 {
		return ""
	}
	if len(all) > 1 {
		q.wrong("%s is given %d times: want it once", name, len(all))
	}
	const most = 200
	if len(all[0]) > most || strings.ContainsFunc(all[0], func(r rune) bool { return r < ' ' || r == '\uFFFD' }) {
		q.wrong("%s is not a text of at most %d bytes without control characters", name, most)
		return ""
	}
	return all[0]
}

// day gives a parameter that is a day, or otherwise.
func (q *query) day(name string, otherwise sms.Day) sms.Day {
	text := q.text(name)
	if text == "" {
		return otherwise
	}
	day, err := sms.ParseDay(text)
	if err != nil || day < sms.Date(2000, 1, 1) || day > sms.Date(2100, 12, 31) {
		q.wrong("%s is %q: want a day of this century such as 2026-01-31", name, text)
		return otherwise
	}
	return day
}

// year gives a parameter that is a year, or otherwise.
func (q *query) year(name string, otherwise int) int {
	text := q.text(name)
	if text == "" {
		return otherwise
	}
	year, err := strconv.Atoi(text)
	if err != nil || year < 2000 || year > 2100 {
		q.wrong("%s is %q: want a year such as 2026", name, text)
		return otherwise
	}
	return year
}

// oneOf gives a parameter that is one of a few words, or empty.
func (q *query) oneOf(name string, words ...string) string {
	text := q.text(name)
	if text != "" && !slices.Contains(words, text) {
		q.wrong("%s is %q: want %s, or nothing", name, text, strings.Join(words, " or "))
	}
	return text
}

// stage gives the parameter of that name; empty for both.
func (q *query) stage() sms.Stage {
	return sms.Stage(q.oneOf("stage", string(sms.Processing), string(sms.Sending)))
}

// done gives the first mistake.
func (q *query) done() error {
	for _, name := range slices.Sorted(maps.Keys(q.values)) {
		if !q.asked[name] {
			q.wrong("this page has no parameter %q: want one of %s", name, strings.Join(slices.Sorted(maps.Keys(q.asked)), ", "))
		}
	}
	return q.err
}

// format is the form in which a table is asked for.
type format struct{ kind, table string }

func (q *query) format() format { return format{q.oneOf("format", "csv", "json"), q.text("table")} }

// matching gives the accounts of a vendor and a name. Empty names match all.
func matching(accounts []read.KnownAccount, vendor sms.Vendor, account string) []read.KnownAccount {
	return slices.DeleteFunc(slices.Clone(accounts), func(a read.KnownAccount) bool {
		return vendor != "" && a.Vendor != vendor || account != "" && a.Account != account
	})
}

// known reports whether there is such a vendor and account, unless there is a mistake before. Empty names are.
func (q *query) known(vendor sms.Vendor, account string, accounts []read.KnownAccount) error {
	vendors, _ := namesOf(accounts)
	switch {
	case len(matching(accounts, vendor, account)) > 0:
	case vendor != "" && !slices.Contains(vendors, string(vendor)):
		q.wrong("vendor is %q: want one of %s", vendor, strings.Join(vendors, ", "))
	case account != "":
		q.wrong("there is no account %q of this vendor: choose one from the list", account)
	}
	return q.err
}

// namesOf gives the names of vendors and of accounts.
func namesOf(accounts []read.KnownAccount) (vendors, names []string) {
	for _, a := range accounts {
		vendors, names = append(vendors, string(a.Vendor)), append(names, a.Account)
	}
	slices.Sort(names)
	return slices.Compact(vendors), slices.Compact(names)
}

// accountDay reads vendor, account and date, which have to be there. The vendor may be left out where one account has
// the name.
func (q *query) accountDay(accounts []read.KnownAccount) (read.KnownAccount, sms.Day, error) {
	vendor, name, date := sms.Vendor(q.text("vendor")), q.text("account"), q.day("date", 0)
	if date == 0 {
		q.wrong("date is missing: want a day such as 2026-01-31")
	}
	if name == "" {
		q.wrong("account is missing: want its name")
	}
	if err := q.known(vendor, name, accounts); err != nil {
		return read.KnownAccount{}, 0, err
	}
	found := matching(accounts, vendor, name)
	if len(found) != 1 {
		return read.KnownAccount{}, 0, bad("account %q belongs to several vendors: add the vendor", name)
	}
	return found[0], date, nil
}

// href makes an address of a path and pairs of names and values, of which the last one of a name counts. Empty values are left out.
func href(path string, pairs ...string) string {
	values := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	maps.DeleteFunc(values, func(_ string, all []string) bool { return all[0] == "" })
	if len(values) == 0 {
		return path
	}
	return path + "?" + values.Encode()
}

// pathOf makes an address of a day of an account, with more pairs of names and values.
func pathOf(path string, vendor sms.Vendor, account string, day sms.Day, pairs ...string) string {
	return href(path, append(pairs, "vendor", string(vendor), "account", account, "date", day.String())...)
}
