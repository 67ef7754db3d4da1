// Package drop watches a folder into which people and programs drop files. It takes each file once it is whole, hands it to whoever
// reads it, and moves it aside with a report next to it. What the files hold it does not know.
//
//	exports/           files are dropped here
//	exports/working/   a file that is being read
//	exports/done/      files that were read, each with its report
//	exports/failed/    files that could not be, each with a report that says why
package drop
