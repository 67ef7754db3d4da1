package sms

import "time"

// Outcome is how far a message has come. Every message is requested; one that is not processing_failed was accepted.
type Outcome uint8

// The outcomes of a message or of one piece of it. The zero Outcome says that a source tells of no outcome at all.
const (
	OutcomePending          Outcome = iota + 1 // handed on, no result yet
	OutcomeProcessingFailed                    // the vendor decided not to hand it on
	OutcomeDelivered                           // reached the handset
	OutcomeSendFailed                          // the carrier reported it as failed
)

// IsFinal says whether the outcome is a result that later news does not take back.
func (o Outcome) IsFinal() bool { return o > OutcomePending }

// String gives the outcome as the measure that counts it is called.
func (o Outcome) String() string {
	switch o {
	case OutcomePending:
		return "pending"
	case OutcomeProcessingFailed:
		return "processing_failed"
	case OutcomeDelivered:
		return "delivered"
	case OutcomeSendFailed:
		return "send_failed"
	default:
		return "(not told)"
	}
}

// StatusSource is who made a status up, as the vendor numbers it: 1 the SMS platform itself, 2 the SMS centre of the carrier,
// 3 the vendor's platform, which never handed the message on. 0: not told.
type StatusSource uint8

// The sources of a status (https://support.huaweicloud.com/api-msgsms/sms_05_0003.html, field source).
const (
	SourceNotReported StatusSource = 0
	SourceMadeUp      StatusSource = 1
	SourceCarrier     StatusSource = 2
	SourcePlatform    StatusSource = 3
)

// Origin is the door through which news of a message came in.
type Origin string

// The origins of news.
const (
	FromExport Origin = "export" // a row of a file that somebody exported from the vendor's console
	FromPush   Origin = "push"   // a status report that the vendor pushed
)

// Message is what one row of an export or one pushed report tells about one message, or about one piece of a long one. It
// never holds a phone number or the message's text.
//
// Several of them make a message: newer exports, a report for each piece, repeats. What they say together is a fold over
// them (transform.Known); none of them alone is a fact.
type Message struct {
	Account Account // the application it was sent with; ID "" when the source does not tell
	// ID is the vendor's own id of the message, or 32 hex digits derived from a keyed hash of the recipient's number where the
	// source has no id (IsDerived). Unique within a source.
	ID        string
	IsDerived bool
	Piece     int // number of the piece, from 1; 0 when this is about the whole message
	Pieces    int // pieces of the message; 0 when not told

	SentAt time.Time // the instant at which it was sent, UTC; zero when not told
	Grain            // day of SentAt in the account's zone, template, label, type, country; Day 0 when SentAt is not told

	Outcome Outcome
	Code    string       // the vendor's status code, such as DELIVRD or MK:0001; "" when not told
	Reason  *Reason      // why it failed; nil when it did not. From a table, shared between messages
	Source  StatusSource // who made the status up
	Charged Count        // pieces billed, of this piece or of the whole message

	ReportedAt time.Time // the instant of the status, UTC; zero when not told
	SeenAt     time.Time // when the vendor said so: the export was made or the report came in
	Origin     Origin
	// IsHint marks news that anybody could have sent: an unsigned push. It fills in what is not known and never outranks
	// what is.
	IsHint bool
	Extend string // what the sender gave along to be echoed in pushes; "" unless it is kept by configuration

	Payload  Hash  // the stored answer it stands in
	Position int64 // index of its row in that answer, from 0
}
