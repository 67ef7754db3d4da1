package metabase

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"smsetl/sms"
)

// Connection is how Metabase reaches the warehouse: the address as seen from Metabase, and the login it reads with.
type Connection struct {
	host, dbname, user, password, sslMode string
	port                                  int
}

// ParseConnection reads a PostgreSQL URL such as postgres://sms_analyst:password@warehouse:5432/sms?sslmode=require. Its errors
// show nothing of it.
func ParseConnection(address string) (Connection, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return Connection{}, fmt.Errorf("metabase: %w: want postgres://user:password@host:port/database", sms.ErrRefused)
	}
	password, _ := u.User.Password()
	c := Connection{host: u.Hostname(), port: 5432, dbname: strings.TrimPrefix(u.Path, "/"), user: u.User.Username(), password: password}
	if c.host == "" || c.dbname == "" || c.user == "" || c.password == "" {
		return Connection{}, fmt.Errorf("metabase: %w: host, database, user or password is missing: want postgres://user:password@host:port/database", sms.ErrRefused)
	}
	if u.Port() != "" {
		if c.port, err = strconv.Atoi(u.Port()); err != nil {
			return Connection{}, fmt.Errorf("metabase: %w: the port is not a number", sms.ErrRefused)
		}
	}
	switch mode := u.Query().Get("sslmode"); mode {
	case "", "disable", "allow", "prefer": // Metabase has no "perhaps"
	case "require", "verify-ca", "verify-full":
		c.sslMode = mode
	default:
		return Connection{}, fmt.Errorf("metabase: %w: sslmode %q is none of disable, require, verify-ca, verify-full", sms.ErrRefused, mode)
	}
	return c, nil
}

// User gives the login's name.
func (c Connection) User() string { return c.user }

// String gives what may be shown.
func (c Connection) String() string {
	return fmt.Sprintf("%s@%s:%d/%s", c.user, c.host, c.port, c.dbname)
}

// GoString gives what may be shown.
func (c Connection) GoString() string { return c.String() }

// details are the connection in Metabase's words.
type details struct {
	Host           string `json:"host"`
	Port           int    `json:"port"`
	Database       string `json:"dbname"`
	User           string `json:"user"`
	Password       string `json:"password,omitempty"` // Metabase gives it back as stars
	SSL            bool   `json:"ssl"`
	SSLMode        string `json:"ssl-mode,omitempty"`
	SchemaFilter   string `json:"schema-filters-type"`
	SchemaPatterns string `json:"schema-filters-patterns"`
}

func (c Connection) details() details {
	return details{
		Host: c.host, Port: c.port, Database: c.dbname, User: c.user, Password: c.password, SSL: c.sslMode != "", SSLMode: c.sslMode,
		SchemaFilter: "inclusion", SchemaPatterns: "sms",
	}
}

// leadsTo says whether a stored connection is the one that is meant. Passwords cannot be compared. Metabase tries TLS first when
// it adds a database, and keeps it where that works, so TLS that nobody asked for is no difference.
func (d details) leadsTo(meant details) bool {
	d.Password, meant.Password = "", ""
	if !meant.SSL {
		d.SSL, d.SSLMode = false, ""
	}
	return d == meant
}

// database is a connection as Metabase has it.
type database struct {
	ID          int             `json:"id"`
	Name        string          `json:"name"`
	Engine      string          `json:"engine"`
	Description string          `json:"description"`
	Details     json.RawMessage `json:"details"`             // of other engines they have other forms
	SyncStatus  string          `json:"initial_sync_status"` // incomplete, complete or aborted
	Tables      []table         `json:"tables"`
}

func (d database) details() (c details) {
	_ = json.Unmarshal(d.Details, &c) // what has another form leads elsewhere
	return c
}

type newDatabase struct {
	Name           string  `json:"name"`
	Engine         string  `json:"engine"`
	Details        details `json:"details"`
	IsFullSync     bool    `json:"is_full_sync"`
	AutoRunQueries bool    `json:"auto_run_queries"`
}

type databaseUpdate struct {
	Description string   `json:"description,omitempty"`
	Details     *details `json:"details,omitempty"`
}

const engine = "postgres"

// database finds the connection or adds it, and sees to it that it leads where it is meant to. The id is 0 in a rehearsal that
// would have to add it.
func (b *bootstrap) database(ctx context.Context) (id int, err error) {
	var all struct {
		Data []database `json:"data"`
	}
	if err := b.client.get(ctx, "/api/database", &all); err != nil {
		return 0, err
	}
	found, marked, err := b.ourDatabase(all.Data)
	if err != nil {
		return 0, err
	}
	wanted := b.settings.Warehouse.details()
	described := b.mark("database", "0").after("SMS delivery statistics of every vendor, read as " + b.settings.Warehouse.User() + ".")
	change := Change{"database", b.settings.Name, Updated, b.settings.Warehouse.String()}
	if found == nil {
		change.Did, b.isNew = Created, true
		found = &database{} // in a rehearsal
		if err := b.change(ctx, change, "POST", "/api/database", newDatabase{b.settings.Name, engine, wanted, true, true}, found); err != nil {
			return 0, err
		}
		return found.ID, b.write(ctx, "PUT", fmt.Sprintf("/api/database/%d", found.ID), databaseUpdate{Description: described}, nil)
	}
	update := databaseUpdate{}
	if found.Description == "" { // of a run that broke off, as it has our name and leads where ours does
		update.Description = described
	}
	if b.settings.SetPassword || !found.details().leadsTo(wanted) {
		update.Details = &wanted
	}
	switch {
	case update != (databaseUpdate{}):
		return found.ID, b.change(ctx, change, "PUT", fmt.Sprintf("/api/database/%d", found.ID), update, nil)
	case marked:
		b.note("database", found.Name, Unchanged, "")
	default:
		b.note("database", found.Name, Kept, "it was described by hand")
	}
	return found.ID, nil
}

// ourDatabase looks for the connection: by its mark, else by name and place, as a run that broke off may have left it.
func (b *bootstrap) ourDatabase(all []database) (found *database, marked bool, err error) {
	for i := range all {
		if _, m, ok := readMark(b.settings.Name, all[i].Description); ok && m.thing == "database" {
			return &all[i], true, nil
		}
	}
	for i := range all {
		if all[i].Name != b.settings.Name {
			continue
		}
		if all[i].Engine == engine && all[i].details().leadsTo(b.settings.Warehouse.details()) {
			return &all[i], false, nil
		}
		return nil, false, fmt.Errorf("metabase: %w: it already has a database called %q, which leads elsewhere and was not made by etl: choose another name", sms.ErrRefused, b.settings.Name)
	}
	return nil, false, nil
}

// settling is how long a sync that was asked for may still be told as the failed one before it.
const settling = 10 * time.Second

// tables waits until Metabase knows every table and column of the warehouse. It asks for a sync where one is missing; the first
// one begins by itself when the database is added.
func (b *bootstrap) tables(ctx context.Context, id int) ([]table, error) {
	since := time.Now()
	asked := b.isNew
	grace := min(settling, b.settings.SyncTimeout)
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		var now database
		if err := b.client.get(ctx, fmt.Sprintf("/api/database/%d/metadata?include_hidden=true", id), &now); err != nil {
			return nil, err
		}
		missing := b.missing(now.Tables)
		switch {
		case missing == "":
			if asked {
				b.note("sync", b.settings.Name, Updated, "Metabase has read the warehouse's catalog")
			}
			return now.Tables, nil
		case b.settings.DryRun:
			b.note("sync", b.settings.Name, Updated, "Metabase does not know "+missing)
			return now.Tables, nil
		case !asked && now.SyncStatus != "incomplete":
			if err := b.write(ctx, "POST", fmt.Sprintf("/api/database/%d/sync_schema", id), struct{}{}, nil); err != nil {
				return nil, err
			}
		case now.SyncStatus == "aborted" && (b.isNew || time.Since(since) >= grace):
			return nil, fmt.Errorf("metabase: %w: the sync of %q has failed: Admin settings > Tools > Tasks has the reason; can %s be reached from Metabase?", sms.ErrTemporary, b.settings.Name, b.settings.Warehouse)
		case time.Since(since) >= b.settings.SyncTimeout:
			return nil, fmt.Errorf("metabase: %w: after %s the sync of %q has not come to %s: run this again, or give it longer", sms.ErrTemporary, b.settings.SyncTimeout, b.settings.Name, missing)
		}
		asked = true
		b.settings.Progress(fmt.Sprintf("Waiting for Metabase's sync, which has not come to %s.", missing))
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
	}
}

// missing names the first table or column of the warehouse that Metabase does not know, and how many more there are; "" for none.
func (b *bootstrap) missing(known []table) string {
	var all []string
	for _, r := range b.settings.Relations {
		t := findTable(known, r.Name)
		if t == nil {
			all = append(all, "sms."+r.Name)
			continue
		}
		for _, c := range r.Columns {
			if t.field(c.Name) == nil {
				all = append(all, "sms."+r.Name+"."+c.Name)
			}
		}
	}
	if len(all) > 1 {
		return fmt.Sprintf("%s and %d more", all[0], len(all)-1)
	}
	return strings.Join(all, "")
}
