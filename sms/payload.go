package sms

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

// Scope is what one load asks for and replaces: the facts that the datasets fill, for one account, on every day of the window.
type Scope struct {
	Account  Account
	Datasets []Dataset // all of Spec.Datasets, or some where one is asked for by itself
	Window   Window
}

// String gives the scope as logs and errors name it: "engagelab/marketing stats_day 2026-01-01/2026-03-31".
func (s Scope) String() string {
	names := make([]string, len(s.Datasets))
	for i, d := range s.Datasets {
		names[i] = string(d)
	}
	return s.Account.String() + " " + strings.Join(names, "+") + " " + s.Window.String()
}

// Hash is the SHA-256 of an answer's bytes as the vendor sent them, after HTTP content decoding. It is the answer's address.
type Hash [sha256.Size]byte

// String gives the hash in lower-case hex.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// Short gives the head of the hash, enough to find an answer among the stored ones.
func (h Hash) Short() string { return h.String()[:12] }

// Body is a vendor's answer, byte for byte, packed with zstd. Package pack makes and reads it.
type Body struct {
	Packed []byte // the bytes as a zstd frame; nil when IsKept
	Size   int64  // bytes unpacked
	Hash   Hash   // of the bytes unpacked
	// Chunks are 16 bytes for each whole MiB: the head of the SHA-256 of all bytes up to its end. They find out where two
	// answers part. nil where nobody has counted them.
	Chunks []byte
	IsKept bool // the bytes are stored under the hash already, and were not packed again
}

// Request is what was asked, as it can be shown to anybody: it never holds a credential.
type Request struct {
	Method string // GET, POST
	URL    string // with its query, without user or password
	Action string // Tencent's X-TC-Action; empty elsewhere
	Body   string // what was posted; empty for a GET
}

// Purpose is what an answer was asked for, or brought for.
type Purpose string

// The purposes. Only rows of an answer ForLoad become facts; the others are kept as evidence. The zero Purpose is ForLoad.
const (
	ForLoad      Purpose = "load"
	ForSum       Purpose = "sum"       // a sum over the window, to be compared with rows
	ForSearch    Purpose = "search"    // to find the first day that the vendor answers for
	ForProbe     Purpose = "probe"     // to find out how the vendor reads a window
	ForReconcile Purpose = "reconcile" // to be compared with what is stored
	ForReference Purpose = "reference" // a statistics page, to be compared with messages
)

// Payload is one answer of a vendor with everything needed to understand it again years later.
type Payload struct {
	Account   Account
	Dataset   Dataset
	Window    Window // the days that were asked for
	Request   Request
	FetchedAt time.Time
	Status    int    // HTTP status
	RequestID string // the vendor's own, where it gives one
	Body      Body
	Purpose   Purpose
	// Refused tells people why the answer is not transformed: its Purpose, or what made the extractor not believe it. Such
	// a payload is evidence, and kept. Empty for an answer to be understood, which is ForLoad.
	Refused string
	// Beyond says, of a refused answer, that the vendor takes no question about these days because they lie before what it keeps.
	Beyond bool
}
