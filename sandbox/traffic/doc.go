// Package traffic is the world behind the sandbox's vendors: which messages were sent in which hour, how each of them
// ended, and how much of that is known at a given moment. It knows nothing of HTTP or of a vendor's words.
//
// Everything is a function of the seed and the hour, computed when asked for and never stored. So the same hour reads the
// same from every process and in every order of questions, whichever day a history starts on, and a day in any zone is
// the sum of its own 24 hours.
package traffic
