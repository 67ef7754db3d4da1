package pgtest

import (
	"os"
	"os/exec"
	"regexp"
	"testing"
)

// random is what newer versions of pg_dump write, another word each time, for psql only.
var random = regexp.MustCompile(`(?m)^\\(un)?restrict .*\n`)

// Dump gives what pg_dump writes of a database, as statements. Without pg_dump a test is skipped, and fails where CI=true.
func Dump(t testing.TB, url string, arguments ...string) string {
	t.Helper()
	program, err := exec.LookPath("pg_dump")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("pg_dump is not installed")
		}
		t.Skip("pg_dump is not installed")
	}
	dump := exec.CommandContext(t.Context(), program, append([]string{"--no-owner", url}, arguments...)...)
	dump.Stderr = os.Stderr
	out, err := dump.Output()
	if err != nil {
		t.Fatal(err)
	}
	return random.ReplaceAllString(string(out), "")
}
