// Package extract holds what every vendor's source needs to ask over HTTP and to bring the answer home byte for byte:
// the policy by which a request is tried again, the limiter that keeps a vendor's rate, the transport that refuses what
// cannot be believed (redirects, answers without an end, bodies over the cap) and the scrubber that keeps secrets out
// of texts.
//
// A vendor is a folder below: address, signing, limits and error codes, and nothing of what a number means.
package extract
