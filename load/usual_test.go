package load

import (
	"testing"

	"smsetl/sms"
)

// What is usual for day 28, of messages by day, oldest first; -1 is a day of which nothing is known.
func TestUsual(t *testing.T) {
	days := func(pattern ...int64) usual {
		u := usual{}
		for i := range sms.Day(28) {
			if n := pattern[int(i)%len(pattern)]; n >= 0 {
				u[i] = n
			}
		}
		return u
	}
	late := usual{27: 5, 26: 5, 25: 5}
	for name, test := range map[string]struct {
		u             usual
		median, least int64
		known         bool
	}{
		"nothing":                        {usual{}, 0, 0, false},
		"three days":                     {late, 0, 0, false},
		"as every day":                   {days(100), 100, 100, true},
		"as that weekday":                {days(7, 100, 100, 100, 100, 100, 100), 7, 7, true},
		"every second day":               {days(-1, 100), 100, 100, true},
		"every third day is too little":  {days(-1, -1, 100), 0, 0, false},
		"no weekday known, of two sizes": {days(-1, 10, 10, 10, 300, 300, 300), 10, 10, true},
		"an outlier moves nothing":       {days(90, 100, 110, 100, 100, 5, 100, 9000, 100), 90, 5, true},
		"the days from 28 on do not count": {func() usual {
			u := days(100)
			u[28], u[29], u[-1] = 1, 1, 1
			return u
		}(), 100, 100, true},
	} {
		median, least, known := test.u.of(28)
		if median != test.median || known != test.known || known && least != test.least {
			t.Errorf("%s: %d, %d, %v", name, median, least, known)
		}
	}
}
