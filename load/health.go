package load

import (
	"context"
	_ "embed"
	"fmt"
	"strings"
	"time"
)

//go:embed sql/health.sql
var healthQuery string

// Health is how the warehouse is.
type Health struct {
	Version string    // of the server: "15.18"
	Now     time.Time // the server's clock
	// Grants names what this role may not do and a load needs; nil when nothing is missing.
	Grants error
	// RestsTriggers says that loads write with the foreign key triggers at rest, which makes large first loads several times
	// faster: GRANT SET ON PARAMETER session_replication_role gives it.
	RestsTriggers bool
}

// Health asks the server how it is, and whether this role may do what loads need.
func (w *Warehouse) Health(ctx context.Context) (Health, error) {
	h := Health{RestsTriggers: w.restsTriggers}
	var missing []string
	if err := w.pool.QueryRow(ctx, healthQuery).Scan(&h.Version, &h.Now, &missing); err != nil {
		return Health{}, failed("asking how the database is", err)
	}
	if len(missing) > 0 {
		h.Grants = fmt.Errorf("this role lacks %s", strings.Join(missing, ", "))
	}
	return h, nil
}
