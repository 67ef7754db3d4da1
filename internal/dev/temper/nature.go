package temper

// nature is what the temperaments of a world add up to. The zero nature is a vendor without a fault.
type nature struct {
	// What is sent.
	volume      float64 // times the usual volume; 0 for 1
	oneMessage  bool
	begins      int // the story's day of the first message, when hasBegin
	hasBegin    bool
	ends        int // the story's day after which nothing is sent, when hasEnd
	hasEnd      bool
	quietSunday int // every n-th Sunday nothing is sent
	holiday     int // every n days a week at 5 %
	bursts      int // every n days one of ten times the volume
	sendFailing float64
	procFailing float64

	// When results come.
	never     float64 // share of the messages handed on that never get a receipt
	lateGood  float64 // share whose delivery is told at an age of 5 to 9 days
	lateBad   float64 // share whose failure is told at an age of 5 to 9 days
	growing   bool    // failures come slowly, evenly over four days
	byReceipt bool    // receipts are counted on the day on which they come
	untilNoon bool    // yesterday is told from the next noon on
	noReasons bool    // the failure calls tell nothing

	// What is withdrawn.
	fraud        int // every n days a correction of five days
	deleted      int // the story's day on which a template is deleted, when above 0
	merged       int // the story's day on which a template is merged into another one, when above 0
	labelDeleted int // the story's day on which a label is deleted, when above 0

	// What is forgotten.
	keeps     int // days; 0 for all
	forgotten Forgetting

	outage outage

	dialect dialect
	manners manners
}

// Forgetting is how a vendor answers for days that it keeps no longer.
type Forgetting int

// The ways to have forgotten a day.
const (
	Silently Forgetting = iota // no row
	Refusing                   // an error for the whole window
	AsZeros                    // rows of zeros
)

// dialect is how answers are written.
type dialect struct {
	noUser         bool // no sms_user in rows of the failure calls
	noCount        bool
	nullForEmpty   bool // {"result":null,"count":0}
	dateWithTime   bool
	twoRows        bool // two rows of one key
	labelForms     bool // no label as null, "", 0 or left out, by the day of asking
	codeZero       bool
	countsAsText   bool
	countsAsFloats bool
	noSent         bool
	extraFields    bool
	noPercent      bool
	pagesOver      int // windows of more days are told in part; 0 for none
}

// manners are how questions are treated.
type manners struct {
	longest    int // the longest window in days; 0 for 90
	limitEvery int // every n-th call is one too many
	failEvery  int // every n-th call meets HTTP 500
	revoked    int // every n days the credentials are refused for two days
}

// outage is a fault that comes again and again.
type outage struct {
	first, every int   // the story's days on which it begins
	from, length int64 // seconds: after midnight, and how long
	lie          Lie
	rowsOnly     bool // the rows of the delivery statistics alone are wrong; sums and failure calls are right
}

// Lie is how an outage answers.
type Lie int

// The answers of an outage.
const (
	NoLie  Lie = iota
	Empty      // no row
	Zeros      // rows of zeros
	Nulls      // rows without numbers
	Half       // half of every number
	Double     // twice every number
	Stale      // the answer of 24 hours before, which lacks the newest day
)

// at gives the lie that is told at a moment.
func (o *outage) at(m moment, first Day) Lie {
	if o.lie == NoLie {
		return NoLie
	}
	if since := o.since(m, first); since < 0 || since >= o.length {
		return NoLie
	}
	return o.lie
}

// since gives how long ago the outage, or the last one that there was, began, in seconds; less than 0 before the first one.
func (o *outage) since(m moment, first Day) int64 {
	since := int64(m) - (int64(first)+int64(o.first))*secondsADay - o.from
	if since < 0 || o.every == 0 {
		return since
	}
	return since % (int64(o.every) * secondsADay)
}

// isOld says that an outage tells what a vendor tells who is a day late every day: after its first day nothing tells the two apart.
func (o *outage) isOld(m moment, first Day) bool {
	return o.at(m, first) == Stale && !o.rowsOnly && o.since(m, first) >= secondsADay
}
