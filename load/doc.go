// Package load brings batches of facts into the warehouse. It talks to Postgres only. What vendors answered is kept by package
// raw, the star is written by package star, and days that files and pushed reports tell of are counted by package messages.
//
// # A load
//
// A load is one try at one scope: Begin takes its number from a sequence before anything is fetched, raw.Keep stores each
// answer as it comes, and Put writes dimensions, facts, history, summaries, findings and the ledger in one transaction, or
// Fail says why there was nothing to write. Begin, raw.Keep and Fail commit by themselves: what they write is evidence and
// harms nobody when the load then fails.
//
// # Who waits for whom
//
// Loads that fill the same facts of the same account take turns, each from before its first read, since
// MERGE is not safe against a second writer of the same key. Everything shared between accounts is written in the order of
// its key. No table lock above ROW EXCLUSIVE is ever taken, so readers never wait and see each day old or new.
package load
