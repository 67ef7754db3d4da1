package load_test

import (
	"os"
	"testing"

	"smsetl/internal/dev/long"
)

func TestMain(m *testing.M) {
	long.Checks(20) // each of them loads into a database
	os.Exit(m.Run())
}
