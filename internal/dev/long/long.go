// Package long is the flag -long of the tests: `go test ./...` is over within minutes, and `go test ./... -long`, which CI
// runs, lasts. `-long=whole` adds what is made by hand: a whole year, and the whole fleet of vendors.
//
// Every package with tests knows the flag, so that it can be given to all of them at once; a test of internal/rules says so.
package long

import (
	"errors"
	"flag"
	"os"
	"strconv"
	"testing"
)

// level is what the flag says: 0 without it, 1 for -long, 2 for -long=whole.
type level int

var wanted = func() *level {
	l := new(level)
	flag.Var(l, "long", "run the long tests too; -long=whole lets them last as long as they can")
	return l
}()

// String gives the flag's value.
func (l *level) String() string { return [...]string{"false", "true", "whole"}[*l] }

// Set takes the flag's value. A flag without one has "true".
func (l *level) Set(text string) error {
	for _, value := range []level{0, 1, 2} {
		if value.String() == text {
			*l = value
			return nil
		}
	}
	return errors.New("want true, false or whole")
}

// IsBoolFlag lets the flag stand without a value.
func (l *level) IsBoolFlag() bool { return true }

// Wanted says whether long tests are to run.
func Wanted() bool { return *wanted > 0 }

// IsWhole says whether they are to last as long as they can.
func IsWhole() bool { return *wanted > 1 }

// Or gives how much of something a test does: few, or many with -long.
func Or(few, many int) int {
	if Wanted() {
		return many
	}
	return few
}

// Some gives the first few of what a test goes through, or all with -long.
func Some[T any](few int, all []T) []T { return all[:Or(min(few, len(all)), len(all))] }

// Checks lets rapid try each property of a package `few` times where nobody asked for long tests or said how often. It is for
// TestMain, before the tests run.
func Checks(few int) {
	flag.Parse()
	isSaid := false
	flag.Visit(func(f *flag.Flag) { isSaid = isSaid || f.Name == "rapid.checks" })
	if Wanted() || isSaid {
		return
	}
	if err := flag.Set("rapid.checks", strconv.Itoa(few)); err != nil {
		panic(err) // the package has no properties
	}
}

// Skip skips a long test where nobody asked for it; why is what makes it long. CI asks for every test.
func Skip(t testing.TB, why string) {
	t.Helper()
	switch {
	case Wanted():
	case os.Getenv("CI") == "true":
		t.Fatal("CI skips nothing: run go test with -long")
	default:
		t.Skip("a long test, which needs -long: " + why)
	}
}
