// Package transform turns a vendor's answers into facts in our words. It is a function of its arguments: no context, no
// clock, no network, no files, no logs, so the same bytes give the same rows in ten years, and any table can be rebuilt
// from the answers kept.
//
// What each vendor's field means stands in tables, in a folder a vendor; the files beside them read that vendor's answers
// and make a Reader. Here is what they share. An answer is believed whole or refused whole; a row that cannot be understood
// is rejected with its reason and place; whatever a person should know becomes a finding.
package transform

// Version is raised whenever the same bytes give other rows than before, so that stored rows can be compared with those
// that a rebuild would give.
const Version = 4
