// Package raw keeps what vendors answered, byte for byte and by its hash, and gives it back: by its name, by the load that was
// told it, and by the days that rest on it. Bytes that nobody needs any more are thrown away; the line that says what was asked
// stays.
package raw
