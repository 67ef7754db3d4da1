// Package star writes the star: a batch is staged, its names become surrogate keys, and the facts of the days that are believed
// are brought to what it says, with history and summaries. Which days are believed is decided by package load, in whose
// transaction all of this happens.
package star
