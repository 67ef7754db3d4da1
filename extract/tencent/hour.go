package tencent

import (
	"time"

	"smsetl/sms"
)

// hour is an hour as the vendor names it, yyyymmddhh, counted from 1970-01-01 00. The vendor says of no hour in which
// zone it is, and neither does this.
type hour int32

const hourForm = "2006010215"

// hourOf gives an hour of a day, from 0; 24 is the first of the next day.
func hourOf(d sms.Day, of int) hour { return hour(d)*24 + hour(of) }

// hourAt gives the hour that it is in a zone.
func hourAt(t time.Time, zone sms.Zone) hour {
	seconds := t.Unix() + int64(zone.Minutes())*60
	if seconds < 0 {
		seconds -= 3599 // rounded down, not towards 1970
	}
	return hour(seconds / 3600)
}

// day gives the day that the hour belongs to.
func (h hour) day() sms.Day {
	if h < 0 {
		h -= 23
	}
	return sms.Day(h / 24)
}

// String gives the hour in the vendor's form.
func (h hour) String() string { return time.Unix(int64(h)*3600, 0).UTC().Format(hourForm) }

// call is one question to the vendor: BeginTime and EndTime as they are sent. Again tells a call from the same one made
// before.
type call struct {
	begin, end hour
	again      bool
	offset     uint64 // of a page of packages
}

// days gives the days that the call names. Its window says nothing of hours.
func (c call) days(zone sms.Zone) sms.Window {
	w, err := sms.NewWindow(c.begin.day(), c.end.day(), zone)
	if err != nil {
		return sms.OneDay(c.begin.day(), zone) // a call turned round, which nobody asks
	}
	return w
}

// dayCall gives the call for whole days, in the reading of EndTime that is set.
func dayCall(w sms.Window, end EndHour) call {
	last := hourOf(w.Last(), 23)
	if end == Exclusive {
		last++
	}
	return call{begin: hourOf(w.First(), 0), end: last}
}
