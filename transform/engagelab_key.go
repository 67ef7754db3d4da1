package transform

import (
	"bytes"
	"fmt"
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

func parseDay(value []byte) (sms.Day, string) {
	if value == nil {
		return 0, "send_date is missing"
	}
	if value[0] == '"' {
		if day, err := sms.ParseDay(string(text(value))); err == nil {
			return day, ""
		}
	}
	return 0, fmt.Sprintf("send_date is %s, want a day as \"yyyy-MM-dd\"", excerpt(value))
}

// readAccount checks that the row is one of the scope's account.
func (e *engageLab) readAccount() *fault {
	value := e.row.values[fieldAccount]
	if value == nil {
		return &fault{rejectedRow, "sms_user", "sms_user is missing"}
	}
	if !isName(value) {
		return &fault{rejectedRow, "sms_user", fmt.Sprintf("sms_user is %s, want a name", excerpt(value))}
	}
	if user := nameOf(value); string(user) != e.Scope.Account.ID {
		return &fault{foreignRow, subject(user), fmt.Sprintf("sms_user is %s, want %q", excerpt(value), e.Scope.Account.ID)}
	}
	return nil
}

// key reads a template, label or message type, or says why it is none.
func (e *engageLab) key(field int, day sms.Day) (sms.Key, string) {
	value := e.row.values[field]
	if value == nil {
		e.missing(e.layout.fields[field], day)
		return sms.Unknown, ""
	}
	if key, ok := e.keys[string(value)]; ok {
		return key, ""
	}
	key, why := parseKey(value)
	if why == "" {
		e.keys[string(value)] = key
	}
	return key, why
}

// parseKey gives the key that a JSON value writes. 2 and "2" are the same key; "None" is how the product that EngageLab
// descends from wrote that there is none.
func parseKey(value []byte) (sms.Key, string) {
	if isNull(value) {
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
	case string(name) == "None":
		return sms.None, ""
	}
	return sms.Named(string(name)), ""
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
