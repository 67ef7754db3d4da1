package bitools

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// The configuration of a Superset for one test. Who is not logged in may do all: the browser needs no login.
const supersetConfig = `
SECRET_KEY = "a key of the tests, which signs nothing of worth"
SQLALCHEMY_DATABASE_URI = "sqlite:///%s/superset.db"
WTF_CSRF_ENABLED = False
TALISMAN_ENABLED = False
AUTH_ROLE_PUBLIC = "Admin"
RATELIMIT_ENABLED = False
`

const password = "only-for-a-test"

// Superset is a running one.
type Superset struct {
	*Program

	Address string // http://127.0.0.1:PORT
	token   string
}

// StartSuperset starts one with what is in a bundle, whose database it reads at an address, and waits until it answers.
func StartSuperset(t testing.TB, bundle, database, address string) *Superset {
	t.Helper()
	s := &Superset{Program: Install(t, "superset")}
	s.Write(t, "superset_config.py", fmt.Appendf(nil, supersetConfig, s.in))
	s.env = append(s.env, "FLASK_APP=superset.app:create_app()", "SUPERSET_CONFIG_PATH="+filepath.Join(s.in, "superset_config.py"))
	s.prepare(t)
	s.Run(t, "superset", "import-dashboards", "-p", bundle, "-u", "admin")
	s.Run(t, "superset", "set-database-uri", "-d", database, "-u", address)

	port := freePort(t)
	s.Address = "http://127.0.0.1:" + strconv.Itoa(port)
	s.start(t, "gunicorn", "--bind", "127.0.0.1:"+strconv.Itoa(port), "--workers", "1", "--threads", "8", "--timeout", "120", "superset.app:create_app()")
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(200 * time.Millisecond) {
		answer, err := http.Get(s.Address + "/health") //nolint:noctx // it answers at once or not at all
		if err == nil {
			answer.Body.Close()
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	var login struct {
		Token string `json:"access_token"`
	}
	s.Call(t, http.MethodPost, "/api/v1/security/login", struct {
		Username string `json:"username"`
		Password string `json:"password"`
		Provider string `json:"provider"`
	}{"admin", password, "db"}, &login)
	s.token = login.Token
	return s
}

// prepare gives it a database of its own: a copy of one that was made when the version was new here, which takes a minute or two.
func (s *Superset) prepare(t testing.TB) {
	t.Helper()
	const name = "superset.db"
	kept := filepath.Join(s.dir, name)
	if made, err := os.ReadFile(kept); err == nil {
		s.Write(t, name, made)
		return
	}
	s.Run(t, "superset", "db", "upgrade")
	s.Run(t, "superset", "fab", "create-admin", "--username", "admin", "--firstname", "A", "--lastname", "B", "--email", "a@example.com", "--password", password)
	s.Run(t, "superset", "init")
	made, err := os.ReadFile(filepath.Join(s.in, name))
	if err == nil {
		err = os.WriteFile(kept+".part", made, 0o600) //nolint:gosec // G703: the user's cache
	}
	if err == nil {
		err = os.Rename(kept+".part", kept)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Call sends a request to its API and reads the answer.
func (s *Superset) Call(t testing.TB, method, path string, body, into any) {
	t.Helper()
	document, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), method, s.Address+path, bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if s.token != "" {
		request.Header.Set("Authorization", "Bearer "+s.token)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode >= http.StatusBadRequest {
		t.Fatalf("%s %s: %s %v\n%.3000s", method, path, answer.Status, err, text)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		t.Fatalf("%s %s: %v\n%.3000s", method, path, err, text)
	}
}

// freePort gives a port of loopback that nobody listens at.
func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it is closed at once
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
