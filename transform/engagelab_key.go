package transform

import (
	"bytes"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"

	"smsetl/sms"
)

// maxKey is the longest name of a template, label or message type that is believed, in bytes. EngageLab's are numbers.
const maxKey = 200

// grain reads what the row is about, and checks that it is what was asked for.
func (e *engageLab) grain() (sms.Grain, *fault) {
	g := sms.Grain{Country: sms.NotReported}
	e.day = 0 // what a fault found before the day is known carries
	f := e.readDay()
	if f == nil {
		f = e.readAccount()
	}
	if f != nil {
		return g, f
	}
	g.Day = e.day
	for i, to := range [...]*sms.Key{&g.Template, &g.Label, &g.MessageType} {
		field := fieldTemplate + i
		key, why := e.key(field, g.Day)
		if why != "" {
			return g, &fault{rejectedRow, e.layout.fields[field], e.layout.fields[field] + " " + why}
		}
		*to = key
	}
	return g, nil
}

// readDay reads send_date into e.day.
func (e *engageLab) readDay() *fault {
	value := e.row.values[fieldDay]
	if !bytes.Equal(value, e.dayText) || value == nil {
		day, why := parseDay(value)
		if why != "" {
			return &fault{rejectedRow, "send_date", why}
		}
		e.dayText, e.dayRead = append(e.dayText[:0], value...), day
	}
	e.day = e.dayRead
	if w := e.payload.Window; !w.Contains(e.day) {
		return &fault{strayRow, "send_date", fmt.Sprintf("day %s lies outside the window %s", e.day, w)}
	}
	return nil
}

// timeForm is what may follow a day: a time, with a zone or without.
var timeForm = regexp.MustCompile(`^[T ]([01][0-9]|2[0-4]):[0-5][0-9](:[0-6][0-9]([.,][0-9]+)?)? ?(Z|UTC|[+-][0-9]{2}(:?[0-9]{2})?)?$`)

// parseDay reads a day. Of a day with a time the day as it is written counts: the vendor was told in which zone to count days.
func parseDay(value []byte) (sms.Day, string) {
	const form = len("2006-01-02")
	if value == nil {
		return 0, "send_date is missing"
	}
	if value[0] == '"' {
		written := text(value)
		if len(written) > form && timeForm.Match(written[form:]) {
			written = written[:form]
		}
		if day, err := sms.ParseDay(string(written)); err == nil {
			return day, ""
		}
	}
	return 0, fmt.Sprintf("send_date is %s, want a day as \"yyyy-MM-dd\"", excerpt(value))
}

// readAccount checks that the row is one of the scope's account.
func (e *engageLab) readAccount() *fault {
	value := e.row.values[fieldAccount]
	switch {
	case value != nil && isName(value) && string(nameOf(value)) == e.Scope.Account.ID:
		return nil
	case isNone(value) && e.isOurs:
		e.notes.add(missingUser, string(e.payload.Dataset), e.day, func() string {
			return fmt.Sprintf("%s has no sms_user on %s: taken for %s, who asked without a filter of users", e.payload.Dataset, e.day, e.Scope.Account.ID)
		})
		return nil
	case isNone(value):
		return &fault{rejectedRow, "sms_user", "sms_user is missing"}
	case !isName(value):
		return &fault{rejectedRow, "sms_user", fmt.Sprintf("sms_user is %s, want a name", excerpt(value))}
	}
	return &fault{foreignRow, subject(nameOf(value)), fmt.Sprintf("sms_user is %s, want %q", excerpt(value), e.Scope.Account.ID)}
}

// asksForItself says whether the answer is about nobody but its account: the vendor answers for the one who asks when no user
// is named. The printed samples of process_failed and send_failed have no sms_user.
func asksForItself(p *sms.Payload) bool {
	u, err := url.Parse(p.Request.URL)
	if err != nil {
		return false
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return false
	}
	users := query["sms_users"]
	return len(users) == 0 || len(users) == 1 && users[0] == p.Account.ID
}

// key reads a template, label or message type, or says why it is none.
func (e *engageLab) key(field int, day sms.Day) (sms.Key, string) {
	value := e.row.values[field]
	if value == nil {
		e.missing(e.layout.fields[field], day)
		return sms.None, ""
	}
	known := e.keys
	if field == fieldMessageType {
		known = e.types
	}
	if key, ok := known[string(value)]; ok {
		return key, ""
	}
	if field != fieldMessageType && isZeroNumber(value) {
		known[string(value)] = sms.None // no template and no label has the id 0; 0 is a message type: domestic
		return sms.None, ""
	}
	key, why := parseKey(value)
	if why == "" {
		known[string(value)] = key
	}
	return key, why
}

// parseKey gives the key that a JSON value writes. 2 and "2" are the same key.
func parseKey(value []byte) (sms.Key, string) {
	if isNone(value) {
		return sms.None, ""
	}
	if !isName(value) {
		return sms.Key{}, fmt.Sprintf("is %s, want a name or a number", excerpt(value))
	}
	name := nameOf(value)
	switch {
	case len(name) > maxKey:
		return sms.Key{}, fmt.Sprintf("is longer than %d bytes: %s", maxKey, excerpt(value))
	case slices.Contains(name, 0):
		return sms.Key{}, fmt.Sprintf("holds a NUL: %s", excerpt(value))
	}
	return sms.Named(string(name)), ""
}

// isNone says whether a value says that there is none: missing, null, blank, or "None", as the product that EngageLab descends
// from wrote it.
func isNone(value []byte) bool {
	if value == nil || isNull(value) {
		return true
	}
	if value[0] != '"' {
		return false
	}
	name := bytes.TrimSpace(text(value))
	return len(name) == 0 || bytes.EqualFold(name, []byte("none")) || bytes.EqualFold(name, []byte("null"))
}

// nameOf gives the name that a string or a number writes. An identifier that a server wrote as 7.0 for once is still 7.
func nameOf(value []byte) []byte {
	name := text(value)
	if value[0] != '"' && bytes.ContainsAny(name, ".eE") {
		if n, why := whole(name); why == "" {
			return strconv.AppendInt(nil, n, 10)
		}
	}
	return name
}

// isName says whether the value is a string or a number.
func isName(value []byte) bool {
	c := value[0]
	return c == '"' || c == '-' || c >= '0' && c <= '9'
}
