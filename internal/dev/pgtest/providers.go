package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"

	"smsetl/internal/postgres"
)

// urlVariable names a server to use: postgres://user:password@host:port/postgres of a role that may create databases.
const urlVariable = "ETL_TEST_DATABASE_URL"

// named gives the server that the environment names.
func named(context.Context) (*server, error) {
	u, err := url.Parse(os.Getenv(urlVariable))
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return nil, errors.New("want postgres://user:password@host:port/postgres") // and not the text, which may hold a password
	}
	return &server{url: u.String(), how: "the server of " + urlVariable + ": " + u.Redacted(), giveUp: nothing}, nil
}

// nothing is to be ended for a server that was there before.
func nothing() error { return nil }

// local runs the PostgreSQL of this machine. Its data is kept between runs, for a cluster that is there starts in 30 ms
// with the template already in it. Test processes run side by side, so there are several, and each process takes the first that
// is free.
func local(ctx context.Context) (*server, error) {
	base, err := localDir()
	if err != nil {
		return nil, err
	}
	for slot := 1; slot <= 64; slot++ {
		dir := filepath.Join(base, strconv.Itoa(slot))
		s, err := postgres.Start(ctx, postgres.Options{Dir: dir, Way: postgres.Local, Alone: true, Throwaway: true})
		if errors.Is(err, postgres.ErrInUse) {
			continue
		}
		if err != nil {
			return nil, err
		}
		return &server{
			url:    s.AdminURL(),
			how:    "local binaries: " + s.How(),
			giveUp: func() error { return s.Stop(context.WithoutCancel(ctx)) },
			revive: s.ByHand(),
		}, nil
	}
	return nil, fmt.Errorf("64 test processes use the servers in %s already", base)
}

// localDir gives a folder of our own for the servers' data.
func localDir() (string, error) {
	base := os.TempDir()
	if os.Geteuid() == 0 { // the server runs as another user, who must get to its data
		base = "/var/tmp"
	}
	dir := filepath.Join(base, "smsetl-pgtest-"+strconv.Itoa(os.Getuid()))
	return dir, errors.Join(os.MkdirAll(dir, 0o711), os.Chmod(dir, 0o711)) // whatever the umask
}
