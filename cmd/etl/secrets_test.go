package main

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"os/exec"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/dev/long"
	"smsetl/internal/pack"
	"smsetl/sandbox"
	"smsetl/sms"
)

// A word planted as each credential is found nowhere afterwards: not in logs at their loudest, not in the database, not in
// the stored answers, in no spelling.
func TestSecretsAreFoundNowhere(t *testing.T) {
	t.Parallel()
	options := quick(long.Or(10, 20))
	options.Users = sandbox.DefaultUsers()
	const userKey, secretKey = `canary+user/key="1"`, `canary+secret/key&2`
	for i := range options.Users {
		options.Users[i].Key = userKey
	}
	options.Secrets[0].Key = secretKey
	w := newWorld(t, options)
	w.vendors.SetFaults(sandbox.Faults{Seed: 9, Chance: map[sandbox.Fault]float64{sandbox.ErrorUnder200: 0.2, sandbox.Status500: 0.2, sandbox.HTMLUnder200: 0.1}})
	_, stdout, stderr := w.etl("run", append(at(today), "--log-level", "debug")...)
	if !strings.Contains(stderr, "window loaded") {
		t.Fatalf("the log is not loud enough to prove anything:\n%s", stderr)
	}
	places := map[string]string{"standard output": stdout, "log": stderr, "dump": w.dump(), "stored answers": w.rawAnswers()}
	basic := base64.StdEncoding.EncodeToString([]byte(options.Users[0].SMSUser + ":" + userKey))
	for place, text := range places {
		if strings.Contains(text, basic) {
			t.Errorf("%s holds an Authorization header", place)
		}
		if len(text) < 100 {
			t.Errorf("%s is too short to prove anything: %q", place, text)
		}
		for _, secret := range []string{userKey, secretKey} {
			for spelling, form := range spellings(secret) {
				if strings.Contains(text, form) {
					t.Errorf("%s holds a secret (%s)", place, spelling)
				}
			}
		}
	}
}

func spellings(secret string) map[string]string {
	quoted, err := json.Marshal(secret)
	if err != nil {
		panic(err) // a string
	}
	return map[string]string{
		"plain": secret, "base64": strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(secret)), "="),
		"hex": hex.EncodeToString([]byte(secret)), "URL": url.QueryEscape(secret), "JSON": strings.Trim(string(quoted), `"`),
	}
}

// dump gives the whole database as text.
func (w *world) dump() string {
	w.t.Helper()
	out, err := exec.Command("pg_dump", "--inserts", w.url).Output()
	if err != nil {
		w.t.Skipf("pg_dump: %v", err)
	}
	return string(out)
}

// rawAnswers gives every stored answer as the vendor sent it.
func (w *world) rawAnswers() string {
	w.t.Helper()
	rows, err := w.conn.Query(context.Background(), "SELECT packed, size, hash FROM etl.raw")
	if err != nil {
		w.t.Fatal(err)
	}
	var all strings.Builder
	var body sms.Body
	var hash []byte
	_, err = pgx.ForEachRow(rows, []any{&body.Packed, &body.Size, &hash}, func() error {
		copy(body.Hash[:], hash)
		plain, err := pack.Unpack(body)
		all.Write(plain)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return all.String()
}
