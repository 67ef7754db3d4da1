// Package huawei plays the vendor that has no API for statistics: its console, which exports files, and the platform behind it, which
// pushes status reports. It has its own messages and its own truth of them.
package huawei

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Name is the vendor's.
const Name = "huawei"

// ConsoleOptions are the options of a Console. The zero ConsoleOptions are 30 days from 2026-01-01 of two applications.
type ConsoleOptions struct {
	Seed   uint64
	First  string // the first day with messages, yyyy-MM-dd in UTC; "" for 2026-01-01
	Days   int    // 0 for 30
	PerDay int    // messages of an application and day; 0 for 150
	// Delivered is of how many of 100 messages every piece would be delivered; 0 for 82, so that every way to fail is there.
	Delivered int
	// Skewed is of how many of 100 delivered pieces the carrier's clock is behind, so that they are reported before they are sent.
	Skewed int
	Apps   []ConsoleApp
	Site   Site
}

// ConsoleApp is an SMS application.
type ConsoleApp struct {
	Name          string
	International bool // sends all over the world, and not to the Chinese mainland
}

// Site is what a site of the vendor allows. They differ: 24 hours of the last 60 days, or 7 days of the last 90.
type Site struct {
	Window  time.Duration // the longest stretch of one export; 0 for 24 hours
	History time.Duration // how far back; 0 for 60 days
	Rows    int           // rows of an export; more of them are cut off; 0 for 10,000
}

// Console plays Huawei's console and platform over a fixed world of messages. It is immutable.
type Console struct {
	o        ConsoleOptions
	first    time.Time
	messages []consoleMessage // by the time of sending
}

// consoleMessage is a message as it really went, its number and text included.
type consoleMessage struct {
	app       int
	id        string
	number    string // E.164 without +
	dial, iso string
	text      string
	template  string
	signature string // "" for international ones
	kind      int    // 1 code, 2 promotion, 3 notice
	sentAt    time.Time
	pieces    []consolePiece
}

// consolePiece is a piece of a message and its end.
type consolePiece struct {
	status     string
	source     int       // 1 made up by the platform, 2 the SMS centre, 3 the platform refused it
	reportedAt time.Time // of a real report; zero when none ever comes
}

const consoleDay = 24 * time.Hour

// expireAfter is when the platform makes up EXPIRED for a piece without a report.
const expireAfter = 72 * time.Hour

// NewConsole gives a console. It panics when First is not a day, since only a programmer writes it.
func NewConsole(o ConsoleOptions) *Console {
	if o.First == "" {
		o.First = "2026-01-01"
	}
	if o.Days == 0 {
		o.Days = 30
	}
	if o.PerDay == 0 {
		o.PerDay = 150
	}
	if o.Delivered == 0 {
		o.Delivered = 82
	}
	if o.Apps == nil {
		o.Apps = []ConsoleApp{{Name: "harbor-home"}, {Name: "harbor-world", International: true}}
	}
	if o.Site.Window == 0 {
		o.Site.Window = consoleDay
	}
	if o.Site.History == 0 {
		o.Site.History = 60 * consoleDay
	}
	if o.Site.Rows == 0 {
		o.Site.Rows = 10_000
	}
	first, err := time.Parse(time.DateOnly, o.First)
	if err != nil {
		panic("huawei: " + err.Error())
	}
	c := &Console{o: o, first: first}
	dice := rand.New(rand.NewPCG(o.Seed, 0x487561776569))
	for app := range o.Apps {
		for range o.Days * o.PerDay {
			c.messages = append(c.messages, c.send(dice, app, len(c.messages)))
		}
	}
	slices.SortFunc(c.messages, func(a, b consoleMessage) int {
		if by := a.sentAt.Compare(b.sentAt); by != 0 {
			return by
		}
		return strings.Compare(a.id, b.id)
	})
	return c
}

// First gives the first instant of the world, and Last the first behind it.
func (c *Console) First() time.Time { return c.first }

// Last gives the first instant behind the world's messages.
func (c *Console) Last() time.Time { return c.first.Add(time.Duration(c.o.Days) * consoleDay) }

// Len gives the number of messages.
func (c *Console) Len() int { return len(c.messages) }

// abroad are destinations of international messages: dial code, ISO code, how the rest of a number looks.
var abroad = []struct{ dial, iso, rest string }{
	{"49", "DE", "1512#######"}, {"33", "FR", "6########"}, {"44", "GB", "7400######"}, {"65", "SG", "9#######"}, {"852", "HK", "6#######"},
	{"1", "US", "202555####"}, {"1", "CA", "416555####"}, {"7", "KZ", "701#######"}, {"971", "AE", "50#######"}, {"66", "TH", "8########"},
}

// texts are what messages say. None of them may be found in a warehouse.
var consoleTexts = []string{
	"Your verification code is %06d, it is valid for five minutes.", "【海港】您的验证码是%06d，五分钟内有效。",
	"Parcel %06d waits for you at counter seven.", "【海港】包裹%06d已到站，请尽快领取。", "Only today: %06d points for every order!",
}

// send makes a message.
func (c *Console) send(dice *rand.Rand, app, number int) consoleMessage {
	m := consoleMessage{app: app, kind: 1 + dice.IntN(3)}
	m.id = fmt.Sprintf("%08x-%04x-%04x-%012x_%d", dice.Uint32(), dice.IntN(1<<16), dice.IntN(1<<16), dice.Uint64()>>16, number)
	m.sentAt = c.first.Add(time.Duration(dice.Int64N(int64(c.o.Days)*86400)) * time.Second)
	m.text = fmt.Sprintf(consoleTexts[dice.IntN(len(consoleTexts))], dice.IntN(1_000_000))
	m.template = fmt.Sprintf("%032x", 0xabcd00+m.kind*16+dice.IntN(3))
	if c.o.Apps[app].International {
		to := abroad[dice.IntN(len(abroad))]
		m.dial, m.iso, m.number = to.dial, to.iso, to.dial+fill(dice, to.rest)
	} else {
		m.dial, m.iso, m.number = "86", "CN", "86"+fill(dice, []string{"138########", "159########", "199########"}[dice.IntN(3)])
		m.signature = []string{"海港", "Harbor", "海港, 商城"}[dice.IntN(3)]
	}
	total := 1
	if dice.IntN(4) == 0 {
		total = 2 + dice.IntN(3)
	}
	end := c.end(dice, &m)
	for i := range total {
		piece := end
		// Pieces travel alone: one of many can be lost or late.
		if i > 0 && end.source != 3 && dice.IntN(12) == 0 {
			piece = c.end(dice, &m)
			if piece.source == 3 {
				piece = consolePiece{status: "UNDELIV", source: 2, reportedAt: m.sentAt.Add(time.Minute)}
			}
		}
		if !piece.reportedAt.IsZero() && piece.source != 3 {
			piece.reportedAt = piece.reportedAt.Add(time.Duration(dice.IntN(90)) * time.Second)
		}
		m.pieces = append(m.pieces, piece)
	}
	return m
}

// fill puts digits in place of #.
func fill(dice *rand.Rand, form string) string {
	out := []byte(form)
	for i, b := range out {
		if b == '#' {
			out[i] = byte('0' + dice.IntN(10))
		}
	}
	return string(out)
}

// The statuses that are no delivery: of carriers, and of the platform, which does not hand such a message on.
var (
	carrierStatuses  = []string{"UNDELIV", "REJECTD", "DELETED", "UNKNOWN", "EXPIRED", "MK:0001", "MN:0012", "MA:0051", "MB:1041", "LT:0001", "MI:0024", "24", "1", "BLACK", "KEYWORD", "MILIMIT", "CTLIMIT", "DJ:0255", "QQ:0042"}
	platformStatuses = []string{"E200018", "E200024", "E200027", "E200032", "E200034", "E200051", "E000628", "E999999", "UNDELIV"}
)

// end draws how a piece of a message ends.
func (c *Console) end(dice *rand.Rand, m *consoleMessage) consolePiece {
	late := time.Duration(dice.IntN(170)) * time.Second
	switch n := dice.IntN(100); {
	case n < 6:
		late = time.Duration(3+dice.IntN(70*60)) * time.Minute // up to three days
	case n < 14:
		late = time.Duration(3+dice.IntN(200)) * time.Minute
	}
	good, bad := c.o.Delivered, 100-c.o.Delivered
	switch n := dice.IntN(100); {
	case n < good && c.o.Skewed > 0 && dice.IntN(100) < c.o.Skewed:
		return consolePiece{"DELIVRD", 2, m.sentAt.Add(-2 * time.Minute)}
	case n < good:
		return consolePiece{"DELIVRD", 2, m.sentAt.Add(late)}
	case n < good+bad*10/18:
		return consolePiece{carrierStatuses[dice.IntN(len(carrierStatuses))], 2, m.sentAt.Add(late)}
	case n < good+bad*14/18:
		return consolePiece{platformStatuses[dice.IntN(len(platformStatuses))], 3, m.sentAt.Add(time.Second)}
	default:
		return consolePiece{source: 1} // nothing ever comes
	}
}

// at gives what the platform knows of a piece at a moment: the status ("" for none yet), who made it up, and when a report came
// (zero for one that is made up).
func (p *consolePiece) at(sentAt, at time.Time) (status string, source int, reportedAt time.Time) {
	switch {
	case !p.reportedAt.IsZero() && !p.reportedAt.After(at):
		return p.status, p.source, p.reportedAt
	case p.reportedAt.IsZero() && !at.Before(sentAt.Add(expireAfter)):
		return "EXPIRED", 1, time.Time{}
	default:
		return "", 0, time.Time{}
	}
}

// Private yields every phone number, in each spelling that a file, a person or a program could give it, and every text. None of
// them may ever be found in a warehouse, a log or an error.
func (c *Console) Private() iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range c.messages {
			m := &c.messages[i]
			for _, spelling := range append(spellings(m), m.text) {
				if !yield(spelling) {
					return
				}
			}
		}
	}
}

// spellings gives the ways to write a number.
func spellings(m *consoleMessage) []string {
	national := m.number[len(m.dial):]
	spaced := national
	if len(national) > 7 {
		spaced = national[:3] + " " + national[3:7] + " " + national[7:]
	}
	dashed := strings.ReplaceAll(spaced, " ", "-")
	wide := strings.Map(func(r rune) rune { return r - '0' + '０' }, m.number)
	return []string{m.number, "+" + m.number, "00" + m.number, national, "+" + m.dial + " " + spaced, "+" + m.dial + "-" + dashed, wide}
}
