package pgtest

import (
	"context"
	"crypto/rand"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// As gives the URL of the same database for a login of the test's own that is a member of the role, with the settings that a
// login as the role itself has.
func As(t testing.TB, address, role string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	s, name := need(t), "login_"+strings.ToLower(rand.Text()[:10])
	conn, err := pgx.Connect(t.Context(), s.url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	statements := append([]string{`CREATE ROLE ` + name + ` LOGIN PASSWORD 'x' IN ROLE ` + role},
		Rows(t.Context(), t, conn, `
			SELECT format('ALTER ROLE `+name+` SET %s = %L', split_part(set, '=', 1), split_part(set, '=', 2))
			FROM pg_roles, unnest(rolconfig) AS set
			WHERE rolname = '`+role+`'
			UNION ALL
			SELECT format('ALTER ROLE `+name+` CONNECTION LIMIT %s', rolconnlimit)
			FROM pg_roles
			WHERE rolname = '`+role+`'`)...)
	for _, statement := range statements {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if err := s.exec(context.Background(), `DROP ROLE `+name); err != nil {
			t.Error(err)
		}
	})
	u.User = url.UserPassword(name, "x")
	return u.String()
}
