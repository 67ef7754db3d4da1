// Package temper is a library of vendor temperaments: small worlds that behave as real vendors do, honestly or not, so that
// the rules that believe or doubt an answer can be judged against the truth.
//
// A [World] is one account of one vendor. It is a pure function of its seed, its temperaments, the day asked for and the
// moment of asking: it keeps no state and has no clock, so the same question at the same moment has the same answer. [World.Truth]
// says what the vendor really holds, and [World.Observe] what it says of it, through outages, retention and lies. A [Vendor] serves a
// world over HTTP, in the dialect of EngageLab or Tencent.
//
// Days of a story are counted from [Options.First], which is day 0. All times are of +08:00.
package temper
