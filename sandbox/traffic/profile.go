package traffic

// Profile names a use of SMS by a company: which streams an account has.
type Profile string

// The profiles. The zero Profile is Service.
const (
	Service     Profile = "service"     // EngageLab: codes, orders, parcels, bills
	Advertising Profile = "advertising" // EngageLab: campaigns, on few days a week
	Wide        Profile = "wide"        // EngageLab: many templates, one row each and day, for measuring
	Busy        Profile = "busy"        // Tencent: an application in daily use
	Quiet       Profile = "quiet"       // Tencent: an application used on a few days of a year
)

// Types of messages, as EngageLab numbers them.
const (
	domestic      = "0"
	international = "2"
)

// streams gives the streams of a profile. templates counts those of Wide.
func (p Profile) streams(seed uint64, templates int) []Stream {
	switch p {
	case Advertising:
		return advertisingStreams()
	case Wide:
		return wideStreams(templates)
	case Busy:
		return busyStreams()
	case Quiet:
		return []Stream{{
			Daily: 640, Growth: 0.1, Segments: 1.3,
			week: &everyDay, hours: &mailing, season: bursts(seed), risk: direct,
		}}
	default:
		return serviceStreams()
	}
}

func serviceStreams() []Stream {
	s := []Stream{
		{ // login codes
			Template: 10400, Label: 31, Type: international, Daily: 5200, Growth: 0.34, Period: 230, Overlap: 14, Segments: 1,
			week: &everyDay, hours: &roundTheClock, season: plain,
		},
		{ // order confirmed
			Template: 20400, Label: 32, Type: international, Daily: 3100, Growth: 0.28, Period: 310, Overlap: 9, Segments: 1.25,
			week: &shopping, hours: &roundTheClock, season: retail,
		},
		{ // the same template at home
			Template: 20400, Label: 32, Type: domestic, Daily: 310, Growth: 0.12, Period: 310, Overlap: 9, Segments: 1.1,
			week: &shopping, hours: &roundTheClock, season: retail,
		},
		{ // parcel on its way
			Template: 23900, Label: 32, Type: international, Daily: 2600, Growth: 0.28, Period: 275, Overlap: 10, Segments: 1.4,
			week: &shopping, hours: &daytime, season: retail,
		},
		{ // pickup code, never labelled
			Template: 26300, Type: international, Daily: 1450, Growth: 0.5, Segments: 1,
			week: &shopping, hours: &daytime, season: retail,
		},
		{ // bill due
			Template: 28100, Label: 33, Type: international, Daily: 420, Growth: 0.15, Period: 365, Overlap: 5, Segments: 2.1,
			week: &working, hours: &daytime, season: office,
		},
		{ // notices written by hand: a label and no template
			Label: 34, Type: international, Daily: 120, Growth: 0.1, Segments: 1.6,
			week: &working, hours: &daytime, season: office,
		},
		{ // raw sends of the operators: neither
			Type: international, Daily: 17, Growth: 0, Segments: 1,
			week: &working, hours: &daytime, season: plain,
		},
	}
	for i := range s {
		s[i].risk = service
	}
	return s
}

func advertisingStreams() []Stream {
	s := []Stream{
		{ // campaigns: a new template every two weeks
			Template: 40000, Label: 41, Type: international, Daily: 9200, Growth: 0.22, Period: 14, Overlap: 5, Segments: 1.9,
			week: &mailingDays, hours: &mailing, season: offers,
		},
		{ // offers before a feast
			Template: 50000, Label: 42, Type: international, Daily: 15500, Growth: 0.25, Period: 45, Overlap: 0, Segments: 2.2,
			week: &everyDay, hours: &mailing, season: feastOffers,
		},
		{ // win-back, never labelled
			Template: 60000, Type: international, Daily: 900, Growth: 0.1, Period: 120, Overlap: 20, Segments: 1.7,
			week: &wednesdays, hours: &mailing, season: offers,
		},
		{ // surveys: a label and no template
			Label: 43, Type: international, Daily: 160, Growth: 0.1, Segments: 1.5,
			week: &working, hours: &daytime, season: office,
		},
	}
	for i := range s {
		s[i].risk = advertising
	}
	return s
}

func busyStreams() []Stream {
	return []Stream{
		{Daily: 21000, Growth: 0.4, Segments: 1.05, week: &everyDay, hours: &roundTheClock, season: plain, risk: direct},
		{Daily: 11500, Growth: 0.3, Segments: 1.35, week: &shopping, hours: &daytime, season: retail, risk: direct},
	}
}

// wideStreams gives streams that each send on every day, in a single hour, so that a year of thousands of them is
// cheap to compute.
func wideStreams(n int) []Stream {
	s := make([]Stream, n)
	for i := range s {
		s[i] = Stream{
			Template: 100000 + 10*int64(i), Label: 500 + int64(i%40), Type: international,
			Daily: 20 + float64(i%180), Segments: 1.2,
			week: &everyDay, hours: &oneHour, season: plain, risk: service,
		}
	}
	return s
}
