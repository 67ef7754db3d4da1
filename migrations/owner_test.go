package migrations_test

import (
	"context"
	"crypto/rand"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/dev/pgtest"
	"smsetl/migrations"
)

// A user who owns the database and nothing else can migrate up and down: it may neither make nor drop roles.
func TestPlainOwner(t *testing.T) {
	t.Parallel()
	address, err := url.Parse(pgtest.Empty(t))
	if err != nil {
		t.Fatal(err)
	}
	database := pgx.Identifier{strings.TrimPrefix(address.Path, "/")}.Sanitize()
	role := "owner_" + strings.ToLower(rand.Text()[:8])
	server := pgtest.Server(t)
	query(t, server, `CREATE ROLE `+role+` LOGIN PASSWORD 'x'`)
	owner := query(t, server, `SELECT current_user::text`)
	query(t, server, `ALTER DATABASE `+database+` OWNER TO `+role)
	t.Cleanup(func() {
		conn, err := pgx.Connect(context.Background(), server)
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close(context.Background())
		if _, err := conn.Exec(context.Background(), `ALTER DATABASE `+database+` OWNER TO `+pgx.Identifier{owner}.Sanitize()); err != nil {
			t.Error(err)
		}
		if _, err := conn.Exec(context.Background(), `DROP ROLE `+role); err != nil {
			t.Error(err)
		}
	})
	address.User = url.UserPassword(role, "x")
	up(t, address.String())
	status, err := migrations.Status(t.Context(), address.String())
	if err != nil || status.Current() != nil {
		t.Errorf("%+v, %v", status, err)
	}
	if err := migrations.Down(t.Context(), address.String(), 0); err != nil {
		t.Error(err)
	}
}
