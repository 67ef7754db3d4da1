// Package db is the way to Postgres that every room with SQL shares: the pool and how it waits for a server, the kinds of
// errors, and how our words travel in parameters and columns. It holds no table's name but those of the accounts
// and of the turns.
package db
