// Package rules holds no code: its tests fail when a package knows more than its room may. They read the source of the whole
// module, so that a broken rule is found by `go test ./...` and not by a reviewer.
package rules
