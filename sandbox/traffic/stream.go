package traffic

import "math"

// Key is what one row of a day is unique by. 0 stands for a message without a template or label.
type Key struct {
	Template int64
	Label    int64
	Type     string // the vendor's message type
}

// Stream is one use of SMS: the messages of a kind, over generations of templates.
type Stream struct {
	Template int64  // of generation 0; later ones count up from it; 0 for messages without a template
	Label    int64  // 0 for none
	Type     string // message type
	Daily    float64
	Growth   float64 // a year, as a share; Daily holds at the start of 2025
	// A template lives Period days, and a new one fades in over Overlap days. 0 days: one template for ever.
	Period, Overlap int32
	Segments        float64 // pieces a message, on average
	week            *[7]float64
	hours           *[24]float64
	season          season
	risk            *risk
}

// start2025 is the day on which the growth of every stream stands at 1.
const start2025 Day = 20089

// generation is one template of a stream on a day.
type generation struct {
	number int64
	share  float64 // of the stream's messages
}

// generations gives the templates alive on the day, the newer one second. The second is empty outside an overlap.
func (s *Stream) generations(d Day) (older, newer generation) {
	if s.Period == 0 {
		return generation{0, 1}, generation{}
	}
	// The template's own number shifts the calendar, so that streams do not change on the same day.
	shifted := int64(d) + s.Template%int64(s.Period)
	number := floorDiv(shifted, int64(s.Period))
	first := floorDiv(int64(start2025)-4*365, int64(s.Period))
	age := shifted - number*int64(s.Period)
	current := generation{number - first, 1}
	if age >= int64(s.Overlap) {
		return current, generation{}
	}
	current.share = float64(age+1) / float64(s.Overlap+1)
	return generation{number - first - 1, 1 - current.share}, current
}

// key gives the row key of a generation.
func (s *Stream) key(g generation) Key {
	k := Key{Label: s.Label, Type: s.Type}
	if s.Template != 0 {
		k.Template = s.Template + 7*max(g.number, 0)
	}
	return k
}

// on gives the messages expected on a date.
func (s *Stream) on(d date) float64 {
	years := float64(d.day-start2025) / 365.25
	growth := min(max(math.Pow(1+s.Growth, years), 0.2), 8)
	return s.Daily * growth * s.week[d.weekday] * s.season(d)
}

// Weeks, Sunday first.
var (
	everyDay    = [7]float64{1, 1, 1, 1, 1, 1, 1}
	shopping    = [7]float64{0.86, 1.02, 1.04, 1.03, 1.05, 1.08, 0.95}
	working     = [7]float64{0.24, 1.1, 1.08, 1.06, 1.05, 1, 0.33}
	mailingDays = [7]float64{0, 0, 1, 0, 1.15, 0, 0.7}
	wednesdays  = [7]float64{0, 0, 0, 1, 0, 0, 0}
)

// Days by Beijing hour. Each adds up to 1.
var (
	roundTheClock = share([24]float64{2, 1, 1, 1, 1, 1, 2, 4, 6, 7, 7, 7, 8, 7, 6, 6, 7, 7, 8, 9, 10, 9, 7, 4})
	daytime       = share([24]float64{0, 0, 0, 0, 0, 0, 0, 1, 4, 7, 9, 9, 7, 6, 7, 8, 8, 7, 6, 5, 4, 2, 1, 0})
	mailing       = share([24]float64{0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 10, 6, 1, 0, 0, 3, 4, 0, 0, 2, 0, 0, 0, 0})
	oneHour       = share([24]float64{10: 1})
)

func share(weights [24]float64) [24]float64 {
	var total float64
	for _, w := range weights {
		total += w
	}
	for i := range weights {
		weights[i] /= total
	}
	return weights
}
