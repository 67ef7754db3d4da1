package load_test

import (
	"context"
	"crypto/rand"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"smsetl/internal/dev/pgtest"
	"smsetl/load"
	"smsetl/read"
)

// writes are what no page may do, whatever a mistake in it asks for.
var writes = []string{
	`INSERT INTO sms.dim_label (account_key, code) VALUES (1, 'mine')`,
	`UPDATE sms.fact_delivery_daily SET delivered = 0`,
	`DELETE FROM etl.coverage`,
	`TRUNCATE etl.finding`,
	`UPDATE river.river_job SET state = 'cancelled'`,
	`CREATE TABLE public.mine (n int)`,
	`CREATE TEMPORARY TABLE mine (n int)`,
	`DROP VIEW sms.delivery_daily`,
	`SELECT 1 FROM sms.dim_account FOR UPDATE`,
}

// A reader's sessions are refused twice: by their transactions and, when these are opened for writing, by their role.
func TestReaderCannotWrite(t *testing.T) {
	t.Parallel()
	reader := readerOf(t, pgtest.New(t), "sms_loader", zap.NewNop())
	for _, statement := range writes {
		if code := refusal(t, reader, `SELECT 1`, statement); code != "25006" {
			t.Errorf("%s: %q, want 25006", statement, code)
		}
		if strings.Contains(statement, "TEMPORARY") {
			continue // everybody's right, and nobody else sees it
		}
		if code := refusal(t, reader, `SET TRANSACTION READ WRITE`, statement); code != "42501" {
			t.Errorf("%s in a transaction that may write: %q, want 42501", statement, code)
		}
	}
	for setting, want := range map[string]string{"role": "sms_pages", "statement_timeout": "20s", "application_name": "etl pages"} {
		var got string
		if err := reader.Pool().QueryRow(t.Context(), `SELECT current_setting($1)`, setting).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %q, want %q, %v", setting, got, want, err)
		}
	}
}

// A loader's sessions become readers; those of a role that may not are told of once, and cannot write all the same.
func TestReaderOfOtherRoles(t *testing.T) {
	t.Parallel()
	address := pgtest.New(t)
	for _, c := range []struct {
		name, of, role string
		warnings       int
	}{
		{"a loader", "sms_loader", "sms_pages", 0},
		{"somebody else", "", "none", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			core, logs := observer.New(zapcore.WarnLevel)
			reader := readerOf(t, address, c.of, zap.New(core))
			for range 2 {
				reader.Pool().Reset()
				if code := refusal(t, reader, `SELECT 1`, `DELETE FROM etl.coverage`); code != "25006" {
					t.Errorf("%q, want 25006", code)
				}
			}
			var role string
			if err := reader.Pool().QueryRow(t.Context(), `SHOW role`).Scan(&role); err != nil || role != c.role {
				t.Errorf("role %q, want %q, %v", role, c.role, err)
			}
			if told := logs.FilterMessageSnippet("GRANT sms_pages").Len(); told != c.warnings {
				t.Errorf("told %d times, want %d", told, c.warnings)
			}
			if _, err := read.New(reader.DB, time.Now).Accounts(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// readerOf opens a reader as a login of the test's own. Of nobody, the login may read and write all that the owner may, but is no
// member of anything else.
func readerOf(t *testing.T, address, of string, log *zap.Logger) *load.Warehouse {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	name := "reader_" + strings.ToLower(rand.Text()[:10])
	conn, err := pgx.Connect(context.Background(), address)
	if err != nil {
		t.Fatal(err)
	}
	exec := func(sql string) {
		t.Helper()
		if _, err := conn.Exec(context.Background(), sql); err != nil {
			t.Error(err)
		}
	}
	exec(`CREATE ROLE ` + name + ` LOGIN PASSWORD 'x'`)
	t.Cleanup(func() {
		exec(`DROP OWNED BY ` + name)
		exec(`DROP ROLE ` + name)
		conn.Close(context.Background())
	})
	if of == "" {
		exec(`GRANT USAGE ON SCHEMA sms, etl, river TO ` + name)
		exec(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA sms, etl, river TO ` + name)
	} else {
		exec(`GRANT ` + of + ` TO ` + name)
	}
	u.User = url.UserPassword(name, "x")
	wh, err := load.Open(t.Context(), u.String(), load.Options{Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(wh.Close)
	reader, err := wh.Reader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(reader.Close)
	return reader
}

// refusal gives the code with which the second statement of a transaction is refused.
func refusal(t *testing.T, reader *load.Warehouse, before, statement string) string {
	t.Helper()
	tx, err := reader.Pool().Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.Background()) }()
	if _, err := tx.Exec(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	_, err = tx.Exec(t.Context(), statement)
	if refused, is := errors.AsType[*pgconn.PgError](err); is {
		return refused.Code
	}
	if err != nil {
		return err.Error()
	}
	return ""
}
