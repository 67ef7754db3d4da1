package read

import (
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"smsetl/internal/db"
	"smsetl/internal/dev/pgtest"
)

// Whatever a page might try, the database refuses to write.
func TestPagesCannotWrite(t *testing.T) {
	t.Parallel()
	d, err := db.Open(t.Context(), pgtest.New(t), db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	err = New(d, time.Now).snapshot(t.Context(), "trying", func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), `DELETE FROM etl.run`)
		return err
	})
	if refused, ok := errors.AsType[*pgconn.PgError](err); !ok || refused.Code != "25006" {
		t.Errorf("got %v, want the refusal of a read-only transaction", err)
	}
}
