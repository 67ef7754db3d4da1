package read

import (
	"context"
	"fmt"
	"strings"
	"time"

	"smsetl/internal/db"
)

// Health is how the database is.
type Health struct {
	Version string    // of the server: "15.18"
	Now     time.Time // the server's clock
	// Missing names what this role may not do and a load needs.
	Missing []string
	// Advice is statements for an administrator: who else may come in, and analysts' logins that may take every connection.
	Advice []string
}

// Health asks the server how it is, and whether this role may do what loads need.
func (m *Model) Health(ctx context.Context) (Health, error) {
	h, err := db.One[Health](ctx, m.db, statement("health"))
	return h, failed("how the database is", err)
}

// Grants is an error that names what is missing; nil when nothing is.
func (h Health) Grants() error {
	if len(h.Missing) == 0 {
		return nil
	}
	return fmt.Errorf("this role lacks %s", strings.Join(h.Missing, ", "))
}
