package ledger_test

import (
	"os"
	"testing"

	"smsetl/internal/dev/long"
)

func TestMain(m *testing.M) {
	long.Checks(20) // each of them fills a database
	os.Exit(m.Run())
}
