// Package sms is the vocabulary of the pipeline: what every room means by a vendor, a day, a window, a count, a fact
// and an answer. It knows nothing of JSON, SQL, HTTP or logs, and imports only the standard library.
//
// A word that two rooms say is a type here, with one comment that gives its unit and meaning. The COMMENT in the
// migrations and docs/glossary.md say the same.
package sms
