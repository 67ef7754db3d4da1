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
type Connection struct{ details details }

// ParseConnection reads a PostgreSQL URL such as postgres://sms_analyst:password@warehouse:5432/sms?sslmode=require. Its errors
// show nothing of it.
func ParseConnection(address string) (Connection, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return Connection{}, refused("want postgres://user:password@host:port/database")
	}
	password, _ := u.User.Password()
	d := details{
		Host: u.Hostname(), Port: 5432, Database: strings.TrimPrefix(u.Path, "/"),
		User: u.User.Username(), Password: password,
		SchemaFilter: "inclusion", SchemaPatterns: "sms",
	}
	if d.Host == "" || d.Database == "" || d.User == "" || d.Password == "" {
		return Connection{}, refused("host, database, user or password is missing: want " +
			"postgres://user:password@host:port/database")
	}
	if u.Port() != "" {
		if d.Port, err = strconv.Atoi(u.Port()); err != nil {
			return Connection{}, refused("the port is not a number")
		}
	}
	switch mode := u.Query().Get("sslmode"); mode {
	case "", "disable", "allow", "prefer": // Metabase has no "perhaps"
	case "require", "verify-ca", "verify-full":
		d.SSL, d.SSLMode = true, mode
	default:
		return Connection{}, refused("sslmode %q is none of disable, require, verify-ca, verify-full", mode)
	}
	return Connection{d}, nil
}

// User gives the login's name.
func (c Connection) User() string { return c.details.User }

// String gives what may be shown.
func (c Connection) String() string {
	d := c.details
	return fmt.Sprintf("%s@%s:%d/%s", d.User, d.Host, d.Port, d.Database)
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

// leadsTo says whether a stored connection is the one that is meant. Passwords cannot be compared. Metabase tries TLS first when
// it adds a database, and keeps it where that works, so TLS that nobody asked for is no difference.
func (d details) leadsTo(meant details) bool {
	d.Password, meant.Password = "", ""
	if !meant.SSL {
		d.SSL, d.SSLMode = false, ""
	}
	return d == meant
}

// database is a connection as Metabase has it. A request changes what it holds and nothing else.
type database struct {
	ID             int             `json:"id,omitempty"`
	Name           string          `json:"name,omitempty"`
	Engine         string          `json:"engine,omitempty"`
	Description    string          `json:"description,omitempty"`
	Details        json.RawMessage `json:"details,omitempty"` // of other engines they have other forms
	IsFullSync     bool            `json:"is_full_sync,omitempty"`
	AutoRunQueries bool            `json:"auto_run_queries,omitempty"`
	SyncStatus     string          `json:"initial_sync_status,omitempty"` // incomplete, complete or aborted
	Tables         []table         `json:"tables,omitempty"`
}

func (d database) leadsTo(meant details) bool {
	var stored details
	_ = json.Unmarshal(d.Details, &stored) // what has another form leads elsewhere
	return stored.leadsTo(meant)
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
	wanted := b.settings.Warehouse.details
	described := b.mark("database", "0").after("SMS delivery statistics of every vendor, read as " + wanted.User + ".")
	change := Change{"database", b.settings.Name, Updated, b.settings.Warehouse.String()}
	if found == nil {
		change.Did, b.isNew = Created, true
		first := database{
			Name: b.settings.Name, Engine: engine, Details: encoded(wanted), IsFullSync: true, AutoRunQueries: true,
		}
		var made database // stays empty in a rehearsal
		if err := b.change(ctx, change, "POST", "/api/database", first, &made); err != nil {
			return 0, err
		}
		return made.ID, b.write(ctx, "PUT", objectPath("database", made.ID), database{Description: described}, nil)
	}
	var update database
	if found.Description == "" { // of a run that broke off, as it has our name and leads where ours does
		update.Description = described
	}
	if b.settings.SetPassword || !found.leadsTo(wanted) {
		update.Details = encoded(wanted)
	}
	switch {
	case update.Description != "" || update.Details != nil:
		return found.ID, b.change(ctx, change, "PUT", objectPath("database", found.ID), update, nil)
	case marked:
		b.note("database", found.Name, Unchanged, "")
	default:
		b.note("database", found.Name, Kept, "it was described by hand")
	}
	return found.ID, nil
}

// ourDatabase looks for the connection: by its mark, else by name and place, as a run that broke off may have left it.
func (b *bootstrap) ourDatabase(all []database) (found *database, marked bool, err error) {
	if found = find(all, func(d database) bool { return b.isOurs("database", d.Description) }); found != nil {
		return found, true, nil
	}
	found = find(all, func(d database) bool { return d.Name == b.settings.Name })
	if found == nil || found.Engine == engine && found.leadsTo(b.settings.Warehouse.details) {
		return found, false, nil
	}
	return nil, false, refused("it already has a database called %q, which leads elsewhere and was not made by etl: "+
		"choose another name", b.settings.Name)
}

// settling is how long a sync that was asked for may still be told as the failed one before it.
const settling = 10 * time.Second

// tables waits until Metabase knows every table and column of the warehouse. It asks for a sync where one is missing; the first
// one begins by itself when the database is added.
func (b *bootstrap) tables(ctx context.Context) ([]table, error) {
	since := time.Now()
	asked := b.isNew
	grace := min(settling, b.settings.SyncTimeout)
	place := objectPath("database", b.databaseID)
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		var now database
		if err := b.client.get(ctx, place+"/metadata?include_hidden=true", &now); err != nil {
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
			if err := b.write(ctx, "POST", place+"/sync_schema", struct{}{}, nil); err != nil {
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
			if findField(t, c.Name) == nil {
				all = append(all, "sms."+r.Name+"."+c.Name)
			}
		}
	}
	if len(all) > 1 {
		return fmt.Sprintf("%s and %d more", all[0], len(all)-1)
	}
	return strings.Join(all, "")
}

// folder is a collection as Metabase has it. The id of the one at the top is a word, and a person's own has a name of
// its own.
type folder struct {
	ID          json.RawMessage `json:"id"`
	Name        string          `json:"name"`
	Description string          `json:"description"`
	Location    string          `json:"location"`
}

func (f folder) number() int {
	n := 0
	_ = json.Unmarshal(f.ID, &n) // "root" is no number, and not ours
	return n
}

// collection finds the collection or makes it: by its mark, else by its name at the top level.
func (b *bootstrap) collection(ctx context.Context) (id int, err error) {
	var trash, all []folder
	if err := b.client.get(ctx, "/api/collection", &all); err != nil {
		return 0, err
	}
	isOurs := func(f folder) bool { return b.isOurs("collection", f.Description) }
	if f := find(all, isOurs); f != nil {
		b.note("collection", f.Name, Unchanged, "")
		return f.number(), nil
	}
	isNamed := func(f folder) bool { return f.Name == b.settings.Name && f.Location == "/" && f.number() != 0 }
	if f := find(all, isNamed); f != nil {
		b.note("collection", f.Name, Kept, "it was made or described by hand")
		return f.number(), nil
	}
	if err := b.client.get(ctx, "/api/collection?archived=true", &trash); err != nil {
		return 0, err
	}
	if f := find(trash, isOurs); f != nil {
		return 0, refused("the collection %q is in the Trash: restore it there, or delete it for good and run this again",
			f.Name)
	}
	m := b.mark("collection", "0")
	m.stored = "0"
	text := "Questions and dashboards over the SMS warehouse. What you change here stays: etl leaves it alone from " +
		"then on."
	wanted := object{Name: b.settings.Name, Description: m.after(text)}
	var made folder
	err = b.change(ctx, Change{"collection", b.settings.Name, Created, ""}, "POST", "/api/collection", wanted, &made)
	return made.number(), err
}
