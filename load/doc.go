// Package load brings batches of facts into the warehouse and tells what is there. It is the only room, beside the
// migrations, that contains SQL, and it talks to Postgres only.
//
// # A load
//
// A load is one try at one scope: Begin takes its number from a sequence before anything is fetched, Keep stores each
// answer as it comes, and Put writes dimensions, facts, history, summaries, findings and the ledger in one transaction, or
// Fail says why there was nothing to write. Begin, Keep and Fail commit by themselves: what they write is evidence and
// harms nobody when the load then fails.
//
// # Who waits for whom
//
// Loads that fill the same facts of the same account are serialised by an advisory lock taken before the first read, since
// MERGE is not safe against a second writer of the same key. Everything shared between accounts is written in the order of
// its key. No table lock above ROW EXCLUSIVE is ever taken, so readers never wait and see each day old or new.
package load
