// Package confined runs a piece of work as a child of this program that may die of it: the program itself, started once more with a hidden
// argument, with an empty environment and with limits of memory and time of its own. What a stranger's file does to whoever reads it
// then happens to the child. What the work is it does not know.
//
// Linux has what it takes: limits of data and processor time, a child that ends with its parent, and /proc/self/exe, which is this very
// program also after a newer one was put in its place. Elsewhere there is no child (IsSupported), and callers do the work themselves.
package confined
