// Package job knows the order of the steps that bring one window into the warehouse.
//
// A window is one try of the queue: take a load_id, fetch, keep raw, transform, load, complete; the last two in one
// transaction. The extractor retries a request, the queue retries a window, and nothing else retries. What is due is never
// remembered here: it is derived from the ledger, so running again is always the way to resume.
package job
