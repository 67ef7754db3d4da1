package temper

import "slices"

// Kind says how far a temperament can be trusted.
type Kind int

// The kinds of temperaments.
const (
	Honest  Kind = iota // what is told is what is held, or has been forgotten
	Failing             // for some time nothing is told, and that is said
	Lying               // for some time something is told that is not held
)

// Receipts say when the last result of a message comes.
type Receipts int

// How receipts come.
const (
	InTime Receipts = iota // all within three days
	Late                   // some up to nine days after
	Never                  // some never
)

// Temper is one trait of a vendor.
type Temper struct {
	Name string
	What string // what it does, in one sentence
	Kind Kind

	// Shown says whether evidence at hand shows the lies of a Lying temperament, and Why says what does, or why nothing can.
	Shown bool
	Why   string

	Receipts    Receipts
	History     int  // days of history before the story that it needs; 0 for the usual 30
	TwoRuns     bool // something of it begins or ends between two runs of a morning, 70 minutes apart
	OnEngageLab bool
	OnTencent   bool

	// Group names what the trait is about: two of one group do not go together.
	Group string

	apply func(*nature)
}

// All gives every temperament, in the order of the table.
func All() []Temper { return slices.Concat(honest(), failing(), outages()) }

// Named gives the temperament of a name; ok is false when there is none.
func Named(name string) (t Temper, ok bool) {
	all := All()
	i := slices.IndexFunc(all, func(t Temper) bool { return t.Name == name })
	if i < 0 {
		return Temper{}, false
	}
	return all[i], true
}

// both, engageLab and tencent complete traits by the vendors that can have them.
func both(t Temper) Temper      { t.OnEngageLab, t.OnTencent = true, true; return t }
func engageLab(t Temper) Temper { t.OnEngageLab = true; return t }
func tencent(t Temper) Temper   { t.OnTencent = true; return t }

func honest() []Temper {
	return slices.Concat(traffics(), receipts(), failures(), retentions(), withdrawals(), dialects(), mannersOf())
}

func traffics() []Temper {
	return []Temper{
		both(Temper{Name: "plain", What: "A vendor without a fault.", Group: "plain", apply: func(*nature) {}}),
		both(Temper{
			Name: "new account", What: "The first message is sent on day 40; before it there is nothing.", Group: "life",
			apply: func(n *nature) { n.hasBegin, n.begins = true, 40 },
		}),
		both(Temper{
			Name: "dead account", What: "No message is sent after day 60.", Group: "life",
			apply: func(n *nature) { n.hasEnd, n.ends = true, 60 },
		}),
		both(Temper{
			Name: "old account", What: "The first message was sent 100 days before the history that is asked for.", Group: "life",
			apply: func(n *nature) { n.hasBegin, n.begins = true, -130 },
		}),
		both(Temper{
			Name: "silent Sundays", What: "On every fourth Sunday nothing is sent.", Group: "calendar",
			apply: func(n *nature) { n.quietSunday = 4 },
		}),
		both(Temper{
			Name: "holidays", What: "Every 50 days a week has 5 % of the usual messages.", Group: "calendar",
			apply: func(n *nature) { n.holiday = 50 },
		}),
		both(Temper{
			Name: "bursts", What: "Every 17th day has ten times the usual messages.", Group: "calendar",
			apply: func(n *nature) { n.bursts = 17 },
		}),
		both(Temper{
			Name: "one message a day", What: "Each day has exactly one message.", Group: "volume",
			apply: func(n *nature) { n.oneMessage = true },
		}),
	}
}

func receipts() []Temper {
	return []Temper{
		both(Temper{
			Name: "permanent pending", What: "2 % of the messages never get a receipt.", Receipts: Never, Group: "receipts",
			apply: func(n *nature) { n.never = 0.02 },
		}),
		both(Temper{
			Name: "late receipts", What: "2 % of the messages are reported delivered on day 5 to 9.", Receipts: Late, Group: "receipts",
			apply: func(n *nature) { n.lateGood = 0.02 },
		}),
		both(Temper{
			Name: "late failures", What: "2 % of the messages are reported failed on day 5 to 9.", Receipts: Late, Group: "receipts",
			apply: func(n *nature) { n.lateBad = 0.02 },
		}),
		both(Temper{
			Name: "growing failures", What: "The failures of a day grow evenly from about 176 to about 1,222 on days 1 to 4.", Group: "receipts",
			apply: func(n *nature) { n.growing, n.volume, n.sendFailing = true, n.volume*8, n.sendFailing*2.12 },
		}),
		tencent(Temper{
			Name: "receipts by receipt day", Group: "receipts", Receipts: Never, // a day's messages and its receipts never add up
			What:  "Receipts are counted on the day on which they come, whenever their messages were sent.",
			apply: func(n *nature) { n.byReceipt = true },
		}),
		both(Temper{
			Name: "a day late", What: "A day is told of from the next noon on.", Group: "delay",
			apply: func(n *nature) { n.untilNoon = true },
		}),
	}
}

func failures() []Temper {
	return []Temper{
		both(Temper{
			Name: "few failures", What: "One message in 500 fails.", Group: "failures",
			apply: func(n *nature) { n.sendFailing, n.procFailing = n.sendFailing*0.02, n.procFailing*0.02 },
		}),
		both(Temper{
			Name: "no failures", What: "No message ever fails; the failure calls have no rows.", Group: "failures",
			apply: func(n *nature) { n.sendFailing, n.procFailing = 0, 0 },
		}),
		engageLab(Temper{
			Name: "silent failure calls", What: "Messages fail, and the failure calls never tell of one.", Group: "failures",
			apply: func(n *nature) { n.noReasons = true },
		}),
	}
}

func retentions() []Temper {
	keeps := func(how Forgetting) func(*nature) {
		return func(n *nature) { n.keeps, n.forgotten = 25, how }
	}
	return []Temper{
		engageLab(Temper{
			Name: "retention, silent", What: "Of days older than 25 days there are no rows.", Group: "retention", apply: keeps(Silently),
		}),
		both(Temper{
			Name: "retention, refusing", What: "Windows with a day older than 25 days are refused.", Group: "retention", apply: keeps(Refusing),
		}),
		both(Temper{
			Name: "retention, zeros", What: "Days older than 25 days are told as zeros.", Group: "retention", apply: keeps(AsZeros),
		}),
	}
}

func withdrawals() []Temper {
	return []Temper{
		both(Temper{
			Name: "fraud corrections", What: "Every 37 days five days that are 11 to 15 days old lose 60 % of their messages, in all datasets.",
			Group: "withdrawal", apply: func(n *nature) { n.fraud = 37 },
		}),
		engageLab(Temper{
			Name: "deleted template", What: "On day 45 a template with more than half of the messages vanishes from all days.",
			Group: "withdrawal", apply: func(n *nature) { n.deleted = 45 },
		}),
		engageLab(Temper{
			Name: "merged templates", What: "On day 45 the rows of one template become those of another one; the totals stay.",
			Group: "withdrawal", apply: func(n *nature) { n.merged = 45 },
		}),
		engageLab(Temper{
			Name: "deleted label", What: "On day 45 a label is deleted, and its rows have none; the totals stay.",
			Group: "withdrawal", apply: func(n *nature) { n.labelDeleted = 45 },
		}),
	}
}

// dialects are ways to write the same numbers.
func dialects() []Temper {
	all := []Temper{
		{Name: "no sms_user", What: "Rows of the failure calls do not name the account.", apply: func(n *nature) { n.dialect.noUser = true }},
		{Name: "no count", What: "Answers do not count their rows.", apply: func(n *nature) { n.dialect.noCount = true }},
		{
			Name: "null for empty", What: "No message fails, and an empty answer is a null with a count of 0.",
			apply: func(n *nature) { n.dialect.nullForEmpty, n.sendFailing, n.procFailing = true, 0, 0 },
		},
		{Name: "dates with a time", What: "send_date is a day at 00:00:00.", apply: func(n *nature) { n.dialect.dateWithTime = true }},
		{Name: "two rows of one key", What: "Some keys have two rows, which add up to the check sum.", apply: func(n *nature) { n.dialect.twoRows = true }},
		{
			Name: "pages by total", What: "Of a window of more than 30 days the first half is told, with a total of all rows.", History: 60,
			apply: func(n *nature) { n.dialect.pagesOver = 30 },
		},
		{
			Name: "forms of no label", What: "No label is written as null, as an empty text, as 0 or not at all, by the day of asking.",
			apply: func(n *nature) { n.dialect.labelForms = true },
		},
		{Name: "code 0", What: "A code of 0 stands beside the rows.", apply: func(n *nature) { n.dialect.codeZero = true }},
		{Name: "counts as text", What: "Every count is a text.", apply: func(n *nature) { n.dialect.countsAsText = true }},
		{Name: "counts as floats", What: "Every count has a decimal point: 12.0.", apply: func(n *nature) { n.dialect.countsAsFloats = true }},
		{Name: "never sent", What: "The field sent is never there.", apply: func(n *nature) { n.dialect.noSent = true }},
		{Name: "extra fields", What: "Rows and envelope have fields that no page names.", apply: func(n *nature) { n.dialect.extraFields = true }},
		{Name: "no percentages", What: "The percentages are never there.", apply: func(n *nature) { n.dialect.noPercent = true }},
	}
	for i, t := range all {
		t.Group = "dialect"
		all[i] = engageLab(t)
	}
	return all
}

func mannersOf() []Temper {
	return []Temper{
		engageLab(Temper{
			Name: "89 days at most", What: "A window of 90 days is refused, one of 89 is taken.", History: 200, Group: "manners",
			apply: func(n *nature) { n.manners.longest = 89 },
		}),
		both(Temper{
			Name: "rate limit", What: "Every 7th call is one too many: 429 with Retry-After 1, or RequestLimitExceeded.", Group: "manners",
			apply: func(n *nature) { n.manners.limitEvery = 7 },
		}),
		both(Temper{
			Name: "HTTP 500", What: "Every 5th call meets HTTP 500.", Group: "manners", apply: func(n *nature) { n.manners.failEvery = 5 },
		}),
	}
}

func failing() []Temper {
	return []Temper{both(Temper{
		Name: "revoked credentials", What: "Every 30 days, from 03:30 on, the credentials are refused for two days.",
		Kind: Failing, TwoRuns: true, Group: "credentials",
		apply: func(n *nature) { n.manners.revoked = 30 },
	})}
}
