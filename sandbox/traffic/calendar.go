package traffic

import (
	"math"
	"time"
)

// monthDay is a date without its year.
type monthDay struct {
	month time.Month
	day   int
}

// The feasts that follow the moon, by year. Other years get the solar feasts alone.
var (
	springFestival = map[int]monthDay{
		2021: {time.February, 12}, 2022: {time.February, 1}, 2023: {time.January, 22}, 2024: {time.February, 10},
		2025: {time.January, 29}, 2026: {time.February, 17}, 2027: {time.February, 6}, 2028: {time.January, 26},
		2029: {time.February, 13}, 2030: {time.February, 3}, 2031: {time.January, 23}, 2032: {time.February, 11},
	}
	dragonBoat = map[int]monthDay{
		2021: {time.June, 14}, 2022: {time.June, 3}, 2023: {time.June, 22}, 2024: {time.June, 10},
		2025: {time.May, 31}, 2026: {time.June, 19}, 2027: {time.June, 9}, 2028: {time.May, 28},
		2029: {time.June, 16}, 2030: {time.June, 5},
	}
	midAutumn = map[int]monthDay{
		2021: {time.September, 21}, 2022: {time.September, 10}, 2023: {time.September, 29}, 2024: {time.September, 17},
		2025: {time.October, 6}, 2026: {time.September, 25}, 2027: {time.September, 15}, 2028: {time.October, 3},
		2029: {time.September, 22}, 2030: {time.September, 12},
	}
)

// date is a day taken apart once, because every stream asks for the parts.
type date struct {
	day     Day
	year    int
	month   time.Month
	dom     int // day of the month, from 1
	doy     int // day of the year, from 1
	weekday time.Weekday
}

func (d Day) date() date {
	t := d.midnight()
	y, m, dom := t.Date()
	return date{d, y, m, dom, t.YearDay(), t.Weekday()}
}

// after gives the days since a feast of the same year, negative before it; ok is false when the year has no such feast.
func (d date) after(feast map[int]monthDay) (days int, ok bool) {
	f, ok := feast[d.year]
	if !ok {
		return 0, false
	}
	return d.doy - dayOfYear(d.year, f.month, f.day), true
}

func dayOfYear(year int, month time.Month, day int) int {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC).YearDay()
}

// isIn says whether the date lies between two dates of its year, both inside.
func (d date) isIn(month time.Month, from, to int) bool {
	return d.month == month && from <= d.dom && d.dom <= to
}

// blackFriday gives the day of November of the fourth Friday, the day after Thanksgiving being near enough.
func (d date) blackFriday() int {
	first := time.Date(d.year, time.November, 1, 0, 0, 0, 0, time.UTC).Weekday()
	return 1 + (int(time.Friday)-int(first)+7)%7 + 21
}

// season is how much a stream sends on a date, where 1 is a plain day.
type season func(date) float64

// plain knows no season.
func plain(date) float64 { return 1 }

// wave is the slow yearly swing of shopping: high in late autumn, low in February.
func (d date) wave() float64 {
	return 1 + 0.09*math.Cos(2*math.Pi*float64(d.doy-325)/365)
}

// retail is the year of orders and parcels.
func retail(d date) float64 {
	f := d.wave()
	if days, ok := d.after(springFestival); ok {
		switch {
		case days >= -1 && days <= 6:
			f *= 0.38 // couriers rest
		case days >= -16 && days < -1:
			f *= 1.25
		}
	}
	switch {
	case d.isIn(time.June, 16, 20):
		f *= 1.7
	case d.isIn(time.October, 1, 7), d.isIn(time.May, 1, 5):
		f *= 0.72
	case d.isIn(time.November, 11, 14):
		f *= 2.3
	case d.isIn(time.November, 1, 10):
		f *= 1.3
	case d.month == time.November && d.dom >= d.blackFriday() && d.dom <= d.blackFriday()+3:
		f *= 1.8
	case d.isIn(time.December, 12, 13):
		f *= 1.5
	case d.isIn(time.December, 15, 22):
		f *= 1.2
	case d.isIn(time.December, 25, 26):
		f *= 0.8
	}
	return f
}

// office is the year of services that rest when people do.
func office(d date) float64 {
	if days, ok := d.after(springFestival); ok && days >= -1 && days <= 6 {
		return 0.3
	}
	if days, ok := d.after(dragonBoat); ok && days >= 0 && days <= 1 {
		return 0.7
	}
	if days, ok := d.after(midAutumn); ok && days >= 0 && days <= 1 {
		return 0.7
	}
	switch {
	case d.isIn(time.October, 1, 7), d.isIn(time.May, 1, 5), d.isIn(time.April, 4, 6):
		return 0.6
	case d.isIn(time.January, 1, 1), d.isIn(time.December, 25, 26):
		return 0.6
	}
	return 1
}

// offers is the year of advertising: loud before a feast, silent after it.
func offers(d date) float64 {
	f := d.wave()
	if feastOffers(d) > 0 {
		f *= 1.6
	}
	if days, ok := d.after(springFestival); ok && days >= 0 && days <= 5 {
		f *= 0.2
	}
	return f
}

// feastOffers is 1 on the days on which offers for a feast go out, else 0.
func feastOffers(d date) float64 {
	for _, feast := range []map[int]monthDay{springFestival, dragonBoat, midAutumn} {
		if days, ok := d.after(feast); ok && (days == -9 || days == -4 || days == -2) {
			return 1
		}
	}
	switch {
	case d.isIn(time.February, 12, 13), d.isIn(time.March, 7, 7), d.isIn(time.May, 19, 19):
		return 1
	case d.isIn(time.June, 15, 18), d.isIn(time.November, 9, 11), d.isIn(time.December, 11, 12):
		return 1
	case d.month == time.November && d.dom >= d.blackFriday()-1 && d.dom <= d.blackFriday():
		return 1
	case d.isIn(time.December, 20, 22):
		return 1
	}
	return 0
}
