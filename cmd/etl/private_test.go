package main

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/pack"
	"smsetl/sms"
)

// search finds any of very many texts in one pass, by the first bytes of each.
type search map[[least]byte][]string

// least is the length of the shortest text that can be searched for.
const least = 7

func (s search) add(needle string) {
	if len(needle) >= least {
		key := [least]byte([]byte(needle[:least]))
		s[key] = append(s[key], needle)
	}
}

// in gives the first of the texts that stands in a text, or "". Few digits stand in long hashes by chance: they count only where no
// other digit or letter is beside them.
func (s search) in(text string) string {
	var key [least]byte
	for at := 0; at+least <= len(text); at++ {
		copy(key[:], text[at:])
		for _, needle := range s[key] {
			if !strings.HasPrefix(text[at:], needle) {
				continue
			}
			end := at + len(needle)
			if len(needle) < 10 && (at > 0 && isWord(text[at-1]) || end < len(text) && isWord(text[end])) {
				continue
			}
			return needle
		}
	}
	return ""
}

func isWord(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// private is a search for every phone number and text of the world in each spelling that a file, a person or a program could give it:
// as they are, with signs between, and as base64, hex, JSON and addresses write them.
func (x *exported) private() (search, []string) {
	s := search{}
	var kinds []string // of the first number and text, one of each spelling
	count := 0
	for plain := range x.console.Private() {
		all := append(inBase64(plain), plain, hex.EncodeToString([]byte(plain)), strings.ToUpper(hex.EncodeToString([]byte(plain))),
			strings.ReplaceAll(plain, " ", "%20"), strings.Trim(strconv.QuoteToASCII(plain), `"`))
		for _, needle := range all {
			s.add(needle)
		}
		if count++; count <= 8 {
			kinds = append(kinds, all...)
		}
	}
	return s, kinds
}

// inBase64 gives what is certain of the ways to write a text within base64: at each of three places of its four letters.
func inBase64(text string) []string {
	var all []string
	for before := range 3 {
		encoded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\x00", before) + text))
		from := []int{0, 2, 3}[before]
		to := len(encoded) - []int{0, 3, 2}[(before+len(text))%3]
		if to > from {
			all = append(all, encoded[from:to])
		}
	}
	return all
}

// everything gives all that the warehouse holds, as text and with the answers unpacked, and all that was ever said.
func (x *exported) everything() string {
	x.t.Helper()
	rows, err := x.conn.Query(context.Background(), `
		SELECT format('SELECT string_agg(t::text, chr(10)) FROM %I.%I AS t', n.nspname, c.relname)
		FROM pg_class AS c
		JOIN pg_namespace AS n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p')
		  AND n.nspname NOT IN ('pg_catalog', 'information_schema')
		  AND n.nspname !~ '^pg_'`)
	if err != nil {
		x.t.Fatal(err)
	}
	queries, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		x.t.Fatal(err)
	}
	var all strings.Builder
	all.WriteString(x.logs.String())
	for _, query := range queries {
		var text *string
		if err := x.conn.QueryRow(context.Background(), query).Scan(&text); err != nil {
			x.t.Fatal(err)
		}
		if text != nil {
			all.WriteString("\n" + *text)
		}
	}
	all.WriteString("\n" + x.answers())
	return all.String()
}

// holdsNothingPrivate looks for every phone number and text in all that is stored, and in all that was said.
func (x *exported) holdsNothingPrivate() {
	x.t.Helper()
	s, _ := x.private()
	if found := s.in(x.everything()); found != "" {
		x.t.Fatalf("%q is kept", found)
	}
}

// answers gives all that is kept of files.
func (x *exported) answers() string {
	x.t.Helper()
	rows, err := x.conn.Query(context.Background(), `SELECT packed, size, hash FROM etl.raw`)
	if err != nil {
		x.t.Fatal(err)
	}
	var all strings.Builder
	var packed, hash []byte
	var size int64
	_, err = pgx.ForEachRow(rows, []any{&packed, &size, &hash}, func() error {
		text, err := pack.Unpack(sms.Body{Packed: packed, Size: size, Hash: sms.Hash(hash)})
		all.Write(text)
		return err
	})
	if err != nil {
		x.t.Fatal(err)
	}
	if !strings.Contains(all.String(), "sending_details") {
		x.t.Error("nothing is kept of the files")
	}
	return all.String()
}

// The search that finds nothing would find something: in each spelling, wherever it stands.
func TestPrivateThingsAreFound(t *testing.T) {
	t.Parallel()
	x := newExported(t)
	paths := x.week(rand.New(rand.NewPCG(3, 5)), weekEnd.AddDate(0, 0, 4))
	x.bring(0, paths[:2])
	s, kinds := x.private()
	everything := x.everything()
	if found := s.in(everything); found != "" {
		t.Fatalf("%q is kept", found)
	}
	for i, kind := range kinds {
		at := len(everything) * (i + 1) / (len(kinds) + 1)
		if len(kind) >= least && s.in(everything[:at]+" "+kind+" "+everything[at:]) == "" {
			t.Errorf("%q would not be found", kind)
		}
	}
	var number string
	for number = range x.console.Private() {
		break
	}
	// In the middle of base64 and of JSON, at any place of the letters.
	for before := range 6 {
		hidden := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("?", before) + number + "!!"))
		if s.in(everything+hidden) == "" {
			t.Errorf("%s within %s would not be found", number, hidden)
		}
	}
	for name, plant := range map[string]string{
		"a column": `UPDATE etl.run SET arguments = arguments || $1`,
		"bytes":    `UPDATE etl.load SET content_hash = $1::text::bytea`,
		"a note":   `UPDATE etl.huawei_export SET file = $1`,
	} {
		tx, err := x.conn.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(t.Context(), plant, number); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if s.in(x.everything()) == "" {
			t.Errorf("a number in %s would not be found", name)
		}
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	x.plantInAnAnswer(number)
	if s.in(x.everything()) == "" {
		t.Error("a number in an answer would not be found")
	}
}

// plantInAnAnswer stores an answer that holds a text.
func (x *exported) plantInAnAnswer(text string) {
	x.t.Helper()
	body := pack.Bytes([]byte("row\tnumber\n2\t" + text + "\n"))
	if _, err := x.conn.Exec(context.Background(), `INSERT INTO etl.raw (hash, packed, size) VALUES ($1, $2, $3)`, body.Hash[:], body.Packed, body.Size); err != nil {
		x.t.Fatal(err)
	}
}
