// Package money is what traffic costs: price lists that people import, vendors' invoices laid beside the warehouse, and what is left
// of prepaid packages. No vendor's statistics hold money, so every price is the customer's own.
//
// Amounts stay decimal text from the file to PostgreSQL's numeric and back, and are never a float.
package money
