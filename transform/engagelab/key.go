package engagelab

import (
	"bytes"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"

	"smsetl/sms"
	"smsetl/transform"
)

// grain reads what the row is about, and checks that it is what was asked for; ok is false when the row is rejected.
func (a *answer) grain() (g sms.Grain, ok bool) {
	if !a.readDay() || !a.readAccount() {
		return g, false
	}
	g.Day, g.Country = a.day, sms.NotReported
	for i, to := range [...]*sms.Key{&g.Template, &g.Label, &g.MessageType} {
		if *to, ok = a.key(fieldTemplate + i); !ok {
			return g, false
		}
	}
	return g, true
}

// readDay reads send_date.
func (a *answer) readDay() bool {
	value := a.row.values[fieldDay]
	if !bytes.Equal(value, a.dayText) || value == nil {
		day, why := parseDay(value)
		if why != "" {
			return a.rejectf(transform.RejectedRow, "send_date", "%s", why)
		}
		a.dayText, a.dayRead = append(a.dayText[:0], value...), day
	}
	a.day = a.dayRead
	if w := a.payload.Window; !w.Contains(a.day) {
		return a.rejectf(strayRow, "send_date", "day %s lies outside the window %s", a.day, w)
	}
	return true
}

// timeForm is what may follow a day: a time, with a zone or without.
var timeForm = regexp.MustCompile(`^[T ]([01][0-9]|2[0-4]):[0-5][0-9](:[0-6][0-9]([.,][0-9]+)?)? ?(Z|UTC|[+-][0-9]{2}(:?[0-9]{2})?)?$`)

// parseDay reads a day. Of a day with a time the day as it is written counts: the vendor was told in which zone to
// count days.
func parseDay(value []byte) (sms.Day, string) {
	const form = len("2006-01-02")
	if value == nil {
		return 0, "send_date is missing"
	}
	if value[0] == '"' {
		written := transform.Text(value)
		if len(written) > form && timeForm.Match(written[form:]) {
			written = written[:form]
		}
		if day, err := sms.ParseDay(string(written)); err == nil {
			return day, ""
		}
	}
	return 0, fmt.Sprintf("send_date is %s, want a day as \"yyyy-MM-dd\"", transform.Excerpt(value))
}

// readAccount checks that the row is one of the scope's account.
func (a *answer) readAccount() bool {
	value := a.row.values[fieldAccount]
	switch id := a.Scope.Account.ID; {
	case value != nil && isName(value) && string(nameOf(value)) == id:
		return true
	case isNone(value) && a.isOurs:
		a.Note(missingUser, string(a.payload.Dataset), a.day, func() string {
			return fmt.Sprintf("%s has no sms_user on %s: taken for %s, who asked without a filter of users",
				a.payload.Dataset, a.day, id)
		})
		return true
	case isNone(value):
		return a.rejectf(transform.RejectedRow, "sms_user", "sms_user is missing")
	case !isName(value):
		return a.rejectf(transform.RejectedRow, "sms_user", "sms_user is %s, want a name", transform.Excerpt(value))
	default:
		return a.rejectf(foreignRow, transform.Subject(nameOf(value)), "sms_user is %s, want %q", transform.Excerpt(value), id)
	}
}

// asksForItself says whether the answer is about nobody but its account: the vendor answers for the one who asks when
// no user is named. The printed samples of process_failed and send_failed have no sms_user.
func asksForItself(p *sms.Payload) bool {
	u, err := url.Parse(p.Request.URL)
	if err != nil {
		return false
	}
	query, err := url.ParseQuery(u.RawQuery)
	users := query["sms_users"]
	return err == nil && (len(users) == 0 || len(users) == 1 && users[0] == p.Account.ID)
}

// key reads a template, label or message type; ok is false when the row is rejected for it.
func (a *answer) key(field int) (key sms.Key, ok bool) {
	value, name := a.row.values[field], a.row.layout.fields[field]
	if value == nil {
		a.missing(name)
		return sms.None, true
	}
	if key, ok := a.keys[field][string(value)]; ok {
		return key, true
	}
	if field != fieldMessageType && isZeroNumber(value) {
		key = sms.None // no template and no label has the id 0; 0 is a message type: domestic
	} else {
		var why string
		if key, why = parseKey(value); why != "" {
			return key, a.rejectf(transform.RejectedRow, name, "%s %s", name, why)
		}
	}
	if a.keys[field] == nil {
		a.keys[field] = make(map[string]sms.Key)
	}
	a.keys[field][string(value)] = key
	return key, true
}

// parseKey gives the key that a JSON value writes, or why it is none. 2 and "2" are the same key.
func parseKey(value []byte) (sms.Key, string) {
	if isNone(value) {
		return sms.None, ""
	}
	if !isName(value) {
		return sms.Key{}, fmt.Sprintf("is %s, want a name or a number", transform.Excerpt(value))
	}
	name := nameOf(value)
	switch {
	case len(name) > transform.MaxKey:
		return sms.Key{}, fmt.Sprintf("is longer than %d bytes: %s", transform.MaxKey, transform.Excerpt(value))
	case slices.Contains(name, 0):
		return sms.Key{}, fmt.Sprintf("holds a NUL: %s", transform.Excerpt(value))
	}
	return sms.Named(string(name)), ""
}

// isNone says whether a value stands for nothing: missing, null, blank, or "None", as the product that EngageLab
// descends from wrote it.
func isNone(value []byte) bool {
	if value == nil || transform.IsNull(value) {
		return true
	}
	if value[0] != '"' {
		return false
	}
	name := bytes.TrimSpace(transform.Text(value))
	return len(name) == 0 || bytes.EqualFold(name, []byte("none")) || bytes.EqualFold(name, []byte("null"))
}

// nameOf gives the name that a string or a number writes. An identifier that a server wrote as 7.0 for once is still 7.
func nameOf(value []byte) []byte {
	name := transform.Text(value)
	if value[0] != '"' && bytes.ContainsAny(name, ".eE") {
		if n, why := transform.Whole(name); why == "" {
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

// isZeroNumber says whether the value is 0 in any spelling of a number.
func isZeroNumber(value []byte) bool {
	n, why := transform.Count(value)
	return why == "" && n == sms.Reported(0)
}
