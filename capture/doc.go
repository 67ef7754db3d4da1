// Package capture is what a first contact with a vendor leaves behind: each answer to a fixed set of questions as a
// file without credentials, names and ids, and what the answers say about the assumptions that the program rests on. It
// knows no network: the extractors ask (see extract.Question), and package sandbox plays a folder of it as a vendor.
package capture
