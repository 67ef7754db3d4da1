package torture

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"smsetl/internal/dev/pgtest"
)

// proxied gives a proxy in front of a Postgres, and the address through it.
func proxied(t *testing.T, address string, plan Plan) (p *Proxy, through string) {
	t.Helper()
	config, err := pgx.ParseConfig(address)
	if err != nil {
		t.Fatal(err)
	}
	p, err = NewPostgres(fmt.Sprintf("%s:%d", config.Host, config.Port), plan)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	if through, err = p.Through(address); err != nil {
		t.Fatal(err)
	}
	return p, through
}

func ask(ctx context.Context, address, query string) (answer string, err error) {
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return "", err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	err = conn.QueryRow(ctx, query).Scan(&answer)
	return answer, err
}

// insert is the scenario of these tests: a row in a transaction, by the simple protocol, whose messages do not depend on a cache.
func insert(ctx context.Context, address string, id int) error {
	config, err := pgx.ParseConfig(address)
	if err != nil {
		return err
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, fmt.Sprintf("INSERT INTO row VALUES (%d)", id))
		return err
	})
}

func TestEveryMessageIsASeam(t *testing.T) { // by itself: it looks for goroutines that are left
	address := pgtest.Empty(t)
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	p, through := proxied(t, address, Plan{})
	defer p.Close()
	if err := insert(t.Context(), through, 1); err == nil {
		t.Fatal("the table is not there yet")
	}
	var kinds []string
	for i, s := range whole(t, p) {
		if s.Total != i+1 || s.Connection != 1 || s.Message != i+1 || s.Bytes < 5 {
			t.Errorf("the %dth is %s", i+1, s)
		}
		if s.Kind != "ParameterStatus" { // as many as the version has
			kinds = append(kinds, s.Kind)
		}
	}
	// The last: the error, the end of the transaction, and the farewell.
	want := "StartupMessage Authentication Password Authentication Password Authentication Authentication BackendKeyData ReadyForQuery " +
		"Query CommandComplete ReadyForQuery Query ErrorResponse ReadyForQuery Query CommandComplete ReadyForQuery Terminate"
	if got := strings.Join(kinds, " "); got != want {
		t.Errorf("the seams are\n%s, want\n%s", got, want)
	}
	if _, struck := p.Struck(); struck || p.Count() != len(p.Seams()) {
		t.Errorf("a plan of nothing struck, or %d is not the count", p.Count())
	}
}

// What passes is the same bytes, also where it is much: copies in both directions, and answers larger than any buffer.
func TestProxyChangesNothing(t *testing.T) {
	t.Parallel()
	_, through := proxied(t, pgtest.Empty(t), Plan{})
	conn, err := pgx.Connect(t.Context(), through)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), "CREATE TABLE row (id int, text text)"); err != nil {
		t.Fatal(err)
	}
	const rows = 50_000
	n, err := conn.CopyFrom(t.Context(), pgx.Identifier{"row"}, []string{"id", "text"},
		pgx.CopyFromSlice(rows, func(i int) ([]any, error) { return []any{i, strings.Repeat("é", i%50)}, nil }))
	if err != nil || n != rows {
		t.Fatal(n, err)
	}
	var got, want string
	err = conn.QueryRow(t.Context(), `SELECT string_agg(text, '' ORDER BY id), repeat('é', sum(length(text))::int) FROM row`).Scan(&got, &want)
	if err != nil || got != want || len(got) != rows/50*(49*50/2)*2 {
		t.Errorf("%v: %d bytes came back, want %d", err, len(got), len(want))
	}
}

// whole gives all seams of a connection that its client has ended, the farewell too.
func whole(t *testing.T, p *Proxy) []Seam {
	t.Helper()
	for start := time.Now(); ; time.Sleep(time.Millisecond) {
		seams := p.Seams()
		if len(seams) > 0 && seams[len(seams)-1].Kind == "Terminate" {
			return seams
		}
		if time.Since(start) > 10*time.Second {
			t.Fatalf("no farewell after %d messages", len(seams))
		}
	}
}

// At every seam every fault, one after the other; afterwards one undisturbed run: the row is there once or twice, as the fault says, and
// never half.
func TestEverySeamAndFault(t *testing.T) {
	t.Parallel()
	address := pgtest.Empty(t)
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), "CREATE TABLE row (id int)"); err != nil {
		t.Fatal(err)
	}
	counted, through := proxied(t, address, Plan{})
	if err := insert(t.Context(), through, 0); err != nil {
		t.Fatal(err)
	}
	seams := whole(t, counted)
	commit := len(seams) - 3 // Query, CommandComplete, ReadyForQuery, Terminate
	if seams[commit-1].Kind != "Query" {
		t.Fatalf("COMMIT is not %s", seams[commit-1])
	}
	id := 0
	for n := 1; n <= len(seams); n++ {
		for _, fault := range Faults {
			id++
			called := false
			p, through := proxied(t, address, Plan{Fault: fault, N: n, Silence: 20 * time.Millisecond, Call: func(Seam) { called = true }})
			err := insert(t.Context(), through, id)
			if n == len(seams) { // the client does not wait for its farewell to arrive
				whole(t, p)
			}
			_ = p.Close() // now all that was to happen has, and what the server was to get is with it
			at, struck := p.Struck()
			if !struck || at.Total != n || called != (fault == Call) {
				t.Fatalf("%s at %s: struck at %s, %t", fault, seams[n-1], at, struck)
			}
			checkRow(t, conn, id, n, commit, fault, err)
		}
	}
}

// checkRow says whether the row is there, and whether the scenario was told so.
func checkRow(t *testing.T, conn *pgx.Conn, id, n, commit int, fault Fault, err error) {
	t.Helper()
	survives := fault == Silence || fault == Call
	// A cut behind COMMIT's whole message commits, and so does one that the server answers to nobody.
	commits := survives || n > commit || n == commit && (fault == CutAfter || fault == LoseAnswer)
	isThere := false
	for start := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		if err := conn.QueryRow(t.Context(), "SELECT count(*) = 1 FROM row WHERE id = $1", id).Scan(&isThere); err != nil {
			t.Fatal(err)
		}
		if !commits || isThere || time.Since(start) > 2*time.Second {
			break // a server that is cut off carries out what it has got meanwhile
		}
	}
	if isThere != commits {
		t.Errorf("%s at seam %d (COMMIT is %d): the row is there: %t, error: %v", fault, n, commit, isThere, err)
	}
	told := err == nil
	if survives && !told || told && !commits || n == commit && !survives && told {
		t.Errorf("%s at seam %d (COMMIT is %d): the scenario was told %v", fault, n, commit, err)
	}
}

func TestSilenceLastsAndEnds(t *testing.T) {
	t.Parallel()
	address := pgtest.Empty(t)
	const silence = 400 * time.Millisecond
	_, through := proxied(t, address, Plan{Fault: Silence, N: 1, Silence: silence})
	impatient, cancel := context.WithTimeout(t.Context(), silence/4)
	defer cancel()
	if _, err := ask(impatient, through, "SELECT 'here'"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("somebody answered in the silence: %v", err)
	}
	_, through = proxied(t, address, Plan{Fault: Silence, N: 1, Silence: silence})
	begun := time.Now()
	if got, err := ask(t.Context(), through, "SELECT 'here'"); err != nil || got != "here" || time.Since(begun) < silence {
		t.Errorf("%q, %v after %s; want an answer after %s", got, err, time.Since(begun), silence)
	}
}

// A plan may mean the seams of one connection: how others mix with it changes nothing.
func TestPlanOfOneConnection(t *testing.T) {
	t.Parallel()
	address := pgtest.Empty(t)
	p, through := proxied(t, address, Plan{Fault: CutBefore, Connection: 2, N: 3})
	for i, wantErr := range []bool{false, true, false} {
		if _, err := ask(t.Context(), through, "SELECT ''"); (err != nil) != wantErr {
			t.Errorf("connection %d: %v", i+1, err)
		}
	}
	if at, ok := p.Struck(); !ok || at.Connection != 2 || at.Message != 3 || at.Total <= 3 {
		t.Errorf("struck at %s, %t", at, ok)
	}
}
