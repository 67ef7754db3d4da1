// Package metabasetest plays a Metabase over HTTP, from its documentation and the schemas of its endpoints, for tests. It keeps what it
// is given, refuses what the real one would refuse (newer ones refuse fields that they do not know), and is rude when asked. It knows
// nothing of the client that it tests.
package metabasetest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	strict "github.com/go-json-experiment/json"
)

// Details are a connection as Metabase stores it.
type Details struct {
	Host           string `json:"host"`
	Port           int    `json:"port"`
	Database       string `json:"dbname"`
	User           string `json:"user"`
	Password       string `json:"password"`
	SSL            bool   `json:"ssl"`
	SSLMode        string `json:"ssl-mode,omitempty"`
	SchemaFilter   string `json:"schema-filters-type"`
	SchemaPatterns string `json:"schema-filters-patterns"`
}

// Table is what a sync finds.
type Table struct {
	Schema, Name, Comment string
	Columns               []Column
}

// Column is a column of a table.
type Column struct {
	Name, Comment string
	Semantic      string // what Metabase guesses, or reads from keys
}

// Options are how the Metabase behaves.
type Options struct {
	Version string // v0.56.20 when empty
	Modern  bool   // as from 0.57 on: MBQL 5 in answers, unless the older form is asked for
	Reader  bool   // the key is of a group that may not administrate
	TLS     bool   // the warehouse speaks TLS, so that Metabase turns it on by itself
	// Sync connects with the details and gives what is there. Its error is what adding the database fails with.
	Sync func(Details) ([]Table, error)
	// SlowSync is how often the sync is asked for before it is complete. Until then tables come one by one, without their last column.
	SlowSync int
	// FailSync is how many syncs end as aborted.
	FailSync int
}

// Server is one Metabase.
type Server struct {
	URL string
	Key string
	// Rude may answer instead of the server. It is called under the lock, with how many writes have succeeded.
	Rude func(w http.ResponseWriter, r *http.Request, writes int) bool

	options Options
	lock    sync.Mutex
	writes  []string
	lastID  int

	Databases   []*Database
	Collections []*Collection
	Cards       []*Card
	Dashboards  []*Dashboard
}

const trashID = 1

// New starts a Metabase that ends with the test.
func New(t testing.TB, options Options) *Server {
	t.Helper()
	if options.Version == "" {
		options.Version = "v0.56.20"
	}
	s := &Server{Key: "mb_TESTKEYtestkeyTESTKEY", options: options, lastID: 10}
	s.Collections = []*Collection{{ID: trashID, Name: "Trash", Type: "trash", Location: "/"}}
	server := httptest.NewServer(s.routes())
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// Writes gives the requests that changed something, such as POST /api/card.
func (s *Server) Writes() []string {
	s.lock.Lock()
	defer s.lock.Unlock()
	return append([]string(nil), s.writes...)
}

func (s *Server) nextID() int {
	s.lastID++
	return s.lastID
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, answer func(*http.Request) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { s.answer(w, r, answer) })
	}
	handle("GET /api/session/properties", s.properties)
	handle("GET /api/user/current", s.currentUser)
	handle("GET /api/database", s.listDatabases)
	handle("POST /api/database", s.addDatabase)
	handle("PUT /api/database/{id}", s.updateDatabase)
	handle("GET /api/database/{id}/metadata", s.metadata)
	handle("POST /api/database/{id}/sync_schema", s.syncSchema)
	handle("PUT /api/table/{id}", s.updateTable)
	handle("PUT /api/field/{id}", s.updateField)
	handle("GET /api/collection", s.listCollections)
	handle("POST /api/collection", s.addCollection)
	handle("GET /api/collection/trash", s.trash)
	handle("GET /api/collection/{id}/items", s.items)
	handle("GET /api/card", s.listCards)
	handle("POST /api/card", s.addCard)
	handle("GET /api/card/{id}", s.card)
	handle("PUT /api/card/{id}", s.updateCard)
	handle("POST /api/dashboard", s.addDashboard)
	handle("GET /api/dashboard/{id}", s.dashboard)
	handle("PUT /api/dashboard/{id}", s.updateDashboard)
	mux.HandleFunc("/api/", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "API endpoint does not exist.", http.StatusNotFound)
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html;charset=utf-8")
		fmt.Fprint(w, "<!DOCTYPE html><html><head><title>Metabase</title></head></html>")
	})
	return mux
}

// refusal is an answer that is not a success: a text, or what is wrong with each field.
type refusal struct {
	status int
	text   string
	Errors map[string]string `json:"errors"`
}

func (r *refusal) Error() string { return r.text }

func wrong(field, why string) error {
	return &refusal{status: http.StatusBadRequest, Errors: map[string]string{field: why}}
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request, answer func(*http.Request) (any, error)) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.Rude != nil && s.Rude(w, r, len(s.writes)) {
		return
	}
	public := r.URL.Path == "/api/session/properties"
	if !public && r.Header.Get("X-Api-Key") != s.Key {
		http.Error(w, "Unauthenticated", http.StatusUnauthorized)
		return
	}
	document, err := answer(r)
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	if err != nil {
		refused, ok := err.(*refusal) //nolint:errorlint // made here
		if !ok {
			refused = &refusal{status: http.StatusBadRequest, Errors: map[string]string{"body": err.Error()}}
		}
		if refused.text != "" {
			http.Error(w, refused.text, refused.status)
			return
		}
		reply(w, refused.status, refused)
		return
	}
	if r.Method != http.MethodGet {
		s.writes = append(s.writes, r.Method+" "+r.URL.Path)
	}
	reply(w, http.StatusOK, document)
}

func reply(w http.ResponseWriter, status int, document any) {
	text, err := json.Marshal(document)
	if err != nil {
		panic(err) // the types are this package's
	}
	w.WriteHeader(status)
	_, _ = w.Write(text)
}

// decode reads a body of which every field is known, and written as it is.
func decode(r *http.Request, into any) error {
	if kind := r.Header.Get("Content-Type"); !strings.HasPrefix(kind, "application/json") {
		return &refusal{status: http.StatusUnsupportedMediaType, text: "content type " + kind}
	}
	return strict.UnmarshalRead(r.Body, into, strict.RejectUnknownMembers(true))
}

func notFound() error { return &refusal{status: http.StatusNotFound, text: "Not found."} }
func noPermission() error {
	return &refusal{status: http.StatusForbidden, text: "You don't have permissions to do that."}
}

// find gives the element with the id of the path.
func find[T any](r *http.Request, all []*T, id func(*T) int) (*T, error) {
	for _, one := range all {
		if fmt.Sprint(id(one)) == r.PathValue("id") {
			return one, nil
		}
	}
	return nil, notFound()
}

type version struct {
	Tag string `json:"tag"`
}

func (s *Server) properties(*http.Request) (any, error) {
	return struct {
		Version  version `json:"version"`
		SiteName string  `json:"site-name"`
	}{version{s.options.Version}, "Metabase"}, nil
}

func (s *Server) currentUser(*http.Request) (any, error) {
	return struct {
		ID          int    `json:"id"`
		CommonName  string `json:"common_name"`
		IsSuperuser bool   `json:"is_superuser"`
	}{2, "etl", !s.options.Reader}, nil
}
