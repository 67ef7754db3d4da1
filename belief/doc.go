// Package belief decides what an answer of a vendor is worth. It is given evidence and gives decisions with their reasons; it
// reads no clock, no table and no network, so the same rules run in the program and in simulations of thousands of vendor-years.
//
// Evidence counts in this order: what the vendor says elsewhere at the same time (failures by reason against totals, its own
// sums against rows), neighbouring days of the same age, the same question answered again on another day, what was stored
// before, and what is usual. Four things follow:
//
//   - What the vendor's other answers confirm is believed at once, however surprising it is.
//   - Silence never removes by being repeated. A settled day that holds messages is emptied only when older and younger days
//     of the same answers still have theirs, on several days of asking, or by an operator.
//   - An answer that empties or scales everything it is asked for is an outage, and no evidence about any day.
//   - Days without messages from the oldest edge inward are days that the vendor no longer keeps, or that lie before the account.
package belief
