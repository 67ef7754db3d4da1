// Package migrations is the warehouse's schema: numbered SQL files, embedded, that golang-migrate applies, and River's own
// migrations after them.
//
// Three schemas come of it: sms (the star and its views, all that an analyst sees), etl (ledger, runs, loads, raw answers,
// rejects, findings, history) and river (the queue). The version in force stands in etl.schema_migration.
//
// # Files
//
// Up to the first release the files read as the schema: each holds one part of it, with every view and function once. A down
// file undoes its up file, every table and column carries a COMMENT with the unit first, and every constraint has a name. Files never hold BEGIN or COMMIT: Postgres runs a file as one transaction, and an error inside an
// explicit one would leave the session aborted with the migration lock still held.
package migrations
