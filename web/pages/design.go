package pages

import (
	"context"

	"smsetl/sms"
	"smsetl/web/pages/mark"
	"smsetl/web/pages/sheet"
)

// design is how pages look and what their signs mean: every part of them once.
func (s *site) design(context.Context, *query) (view, error) {
	v := view{Title: "How to read these pages", Lead: "Every sign, word and part of the pages, once."}
	keys := section{ID: "states", Heading: "States of a day", Lines: []line{{Text: "Final is pale; what needs somebody is loud. The letter says the same as the colour."}}}
	for _, m := range mark.All {
		keys.Keys = append(keys.Keys, mark.Of(m.State).Key())
	}
	keys.Table = sheet.Of("coverage.letters", mark.All, func(m mark.Mark) []sheet.Cell { return sheet.Row(m.Letter, m.State, m.About) })
	numbers := section{ID: "numbers", Heading: "Numbers", Table: sheet.Of("design.numbers", numbersInWords, func(n [2]string) []sheet.Cell { return sheet.Row(n[0], n[1]) })}
	words := section{ID: "words", Heading: "Words", Table: sheet.Of("design.words", words, func(w [2]string) []sheet.Cell { return sheet.Row(w[0], w[1]) })}
	parts := section{ID: "parts", Heading: "Parts", Facts: []line{{Text: "A fact", Link: "1 234"}, {Text: "One that leads on", Link: "Overview", Href: "/"}},
		Nav: []line{{Link: "A step", Href: "/design"}, {Link: "Where one is", Href: "/design", IsHere: true}}, Bars: []bar{{Label: "12 of 56 windows done", Done: 12, All: 56}},
		Lines: []line{{Text: "A sentence, which may lead on.", Link: "Like this", Href: "/"}, {Text: "A sentence about what is wrong.", Bad: true}}}
	v.Sections = []section{numbers, keys, words, parts}
	return v, nil
}

// numbersInWords say how numbers are written.
var numbersInWords = [][2]string{
	{"0", "The vendor reported none."},
	{"–", "The vendor does not report it, the day is not loaded, or there is nothing to divide by. It is never 0."},
	{sheet.Percent(.9622), "Delivered of requested: the sums are divided, rates are never averaged."},
	{sheet.Against(-.48), "A change of a rate in points, against other days; final days alone. Below a quarter of a point it stays grey."},
	{"a hollow point, a grey day", "It may still change. No line leads to it, because that might not be a real rise or fall."},
	{"a gap in a line", "Nothing is known of the day. No line is drawn across it."},
}

// words are those of the pages, with the views' own behind them.
var words = [][2]string{
	{"Requested", "Messages that we asked the vendor to send."},
	{"Delivered", "Messages that reached the handset."},
	{"Failed", "Messages that the vendor did not hand on (processing) or the carrier could not deliver (sending)."},
	{"Pending", "Handed on, and the result is still open. It counts as not delivered until it is known."},
	{"Not accounted for", "What is left of the requested when the parts that the vendor reports are taken away."},
	{"Account day", "One day of one account. A dataset day is one day of one of its statistics."},
	{"Window", "Consecutive days that one call asks the vendor for."},
	{"Run", "One command that loads something, by hand or by a schedule."},
	{"Load", "One attempt at one window."},
	{"Not accepted", "An answer was not believed (" + sheet.Spaced(sms.Quarantined) + "); the values stored before stay."},
}
