package sandbox

import _ "embed"

// Prices is what the vendors ask for: a price list as their customer would keep it, with prices that change in the middle of a month,
// one account's own, and traffic that it has no price for. It is the same every time.
//
//go:embed prices.csv
var Prices string
