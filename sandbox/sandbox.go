package sandbox

import (
	"time"

	"smsetl/sandbox/traffic"
)

// The vendors that the sandbox plays, as truth and counters name them.
const (
	EngageLab = "engagelab"
	Tencent   = "tencent"
)

// Options of a sandbox. The zero Options are a good demonstration: 400 days, two EngageLab users, one Tencent secret
// with a busy and a quiet application.
type Options struct {
	Seed uint64
	// Now is the source of the virtual clock; nil for the wall clock.
	Now func() time.Time
	// Wall is the clock of limits and signatures; nil for time.Now.
	Wall func() time.Time
	// First and Last day with messages, yyyy-MM-dd in +08:00, both inside. No First: Days before the present day. No
	// Last: traffic never ends.
	First, Last string
	// Days of history before the present day when First is empty; 0 for 400.
	Days int

	Users   []User   // of EngageLab; nil for DefaultUsers
	Secrets []Secret // of Tencent; nil for DefaultSecrets

	Ports     Ports // to listen on; 0 for any
	Latency   time.Duration
	Jitter    time.Duration // added to Latency, by chance between none and all of it
	NoGzip    bool          // never compress, even when asked
	EngageLab EngageLabRules
	Tencent   TencentRules
}

// User is an EngageLab sms_user with its key: one source of a schedule.
type User struct {
	Source    string // name in schedules.yaml
	SMSUser   string
	Key       string
	Profile   traffic.Profile
	Templates int // of profile Wide
}

// Secret is a Tencent secret with the applications it may see: one source of a schedule.
type Secret struct {
	Source string // name in schedules.yaml
	ID     string
	Key    string
	Apps   []App
}

// App is a Tencent SdkAppId.
type App struct {
	ID      string
	Profile traffic.Profile
	Denied  bool // known, but the secret may not see it
}

// SentReading says what EngageLab's field `sent` counts: its documents allow two readings (vendors' pages, 1.4).
type SentReading int

// The readings of `sent`.
const (
	SentHandedOn SentReading = iota // H1: delivered + send_failed + wait_result
	SentQueued                      // H2: still queued; such messages are then not in wait_result
)

// EngageLabRules are what EngageLab leaves open or may change.
type EngageLabRules struct {
	PerSecond     int           // calls a user may make of a dataset in any second; 0 for no limit, as documented
	CacheFor      time.Duration // answers are repeated this long per parameter set; the vendor says 10 minutes elsewhere
	Sent          SentReading
	AbsentKey     string // JSON in place of a missing template or label; "" for null
	QuotedCounts  bool   // counts as strings, as the vendor's ancestor sent them
	NoNames       bool   // nobody may list templates and labels
	RudeNames     bool   // listings with rows that lack a name or an id, or repeat one
	WholeCustomer bool   // without a filter, rows of every user, not only of the one who asks
}

// TencentRules are what Tencent leaves open or may change.
type TencentRules struct {
	PerSecond         int  // calls a secret may make of an action in any second; 0 for 10, as documented
	StrictRate        bool // refused calls count against the limit too
	ExclusiveEnd      bool // EndTime names the first hour outside
	UTCDay            bool // hours are UTC hours, not Beijing's
	ClampToYesterday  bool // nothing is told of the present day
	RefuseEmpty       bool // EndTime has to be after BeginTime, as the English page says
	VirtualTimestamps bool // signatures are dated by the virtual clock
	NoPackages        bool // the secrets have no right to ask for prepaid packages
}

// DefaultUsers gives the EngageLab users of the demonstration.
func DefaultUsers() []User {
	return []User{
		{Source: "engagelab-service", SMSUser: "harbor_service", Key: "sandbox-key-service", Profile: traffic.Service},
		{Source: "engagelab-offers", SMSUser: "harbor_offers", Key: "sandbox-key-offers", Profile: traffic.Advertising},
	}
}

// DefaultSecrets gives the Tencent secret of the demonstration. Its third application is out of its reach and stands in no
// schedule.
func DefaultSecrets() []Secret {
	return []Secret{{
		Source: "tencent-main", ID: "AKIDsandbox0000000000000000000000000", Key: "sandbox-secret-key-00000000000000",
		Apps: []App{
			{ID: "1400006874", Profile: traffic.Busy},
			{ID: "1400012345", Profile: traffic.Quiet},
			{ID: "1400099999", Profile: traffic.Quiet, Denied: true},
		},
	}}
}

// beijing is the zone in which both vendors count days unless told otherwise, in hours east of UTC.
const beijing = 8

// account is what statistics are kept apart for: an sms_user or an SdkAppId.
type account struct {
	vendor  string
	id      string
	denied  bool
	traffic *traffic.Account
}

// Sandbox plays the vendors. Make it with New; its methods may be called from any goroutine.
type Sandbox struct {
	o        Options
	clock    clock
	accounts []*account
	first    traffic.Day // of the history
	script   script
	faults   faultBox
	counts   counter
	arrivals arrivals
	answers  cache
	bomb     func() []byte // the small body that unpacks to a large one

	elsewhere string // where redirects point; set by Listen
}

// New gives a sandbox. It panics when First or Last is not a day, since only a programmer writes them.
func New(o Options) *Sandbox {
	if o.Wall == nil {
		o.Wall = time.Now
	}
	if o.Now == nil {
		o.Now = o.Wall
	}
	if o.Days == 0 {
		o.Days = 400
	}
	if o.Users == nil {
		o.Users = DefaultUsers()
	}
	if o.Secrets == nil {
		o.Secrets = DefaultSecrets()
	}
	if o.Tencent.PerSecond == 0 {
		o.Tencent.PerSecond = 10
	}
	if o.EngageLab.AbsentKey == "" {
		o.EngageLab.AbsentKey = "null"
	}
	s := &Sandbox{o: o, elsewhere: "http://localhost:1/", bomb: bomb()}
	s.clock.source = o.Now
	s.first = traffic.DayAt(s.Now(), beijing) - traffic.Day(o.Days)
	if o.First != "" {
		s.first = mustDay(o.First)
	}
	last := traffic.Day(1 << 20)
	if o.Last != "" {
		last = mustDay(o.Last)
	}
	s.populate(last)
	return s
}

// populate makes the accounts. An account's number decides its traffic, so options keep their order to keep their truth.
func (s *Sandbox) populate(last traffic.Day) {
	number := uint64(0)
	add := func(vendor, id string, denied bool, p traffic.Profile, templates int) {
		number++
		s.accounts = append(s.accounts, &account{
			vendor: vendor, id: id, denied: denied,
			traffic: traffic.NewAccount(s.o.Seed, number, p, templates, s.first, last),
		})
	}
	for _, u := range s.o.Users {
		add(EngageLab, u.SMSUser, false, u.Profile, u.Templates)
	}
	number = 1000 // users can be added without moving the applications
	for _, secret := range s.o.Secrets {
		for _, app := range secret.Apps {
			p := app.Profile
			if p == "" {
				p = traffic.Busy
			}
			add(Tencent, app.ID, app.Denied, p, 0)
		}
	}
}

func mustDay(day string) traffic.Day {
	d, err := traffic.ParseDay(day)
	if err != nil {
		panic("sandbox: " + err.Error())
	}
	return d
}

// First gives the first day of the history, yyyy-MM-dd.
func (s *Sandbox) First() string { return s.first.String() }

// account gives an account by its name; nil when there is none.
func (s *Sandbox) account(vendor, id string) *account {
	for _, a := range s.accounts {
		if a.vendor == vendor && a.id == id {
			return a
		}
	}
	return nil
}

// tencentOffset is the zone of Tencent's hours, in hours east of UTC.
func (s *Sandbox) tencentOffset() int {
	if s.o.Tencent.UTCDay {
		return 0
	}
	return beijing
}
