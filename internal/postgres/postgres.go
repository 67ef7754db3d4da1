// Package postgres runs a real PostgreSQL server for a program that was given none: from the binaries of this machine,
// from a pinned download, or in a Docker container, whichever is there first. The data lives in one folder, outlives the
// program and is never deleted by it. The server itself ends with the program, however the program ends.
//
// Several processes may name the same folder: the first one runs the server, the others use it.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/zap"
)

// MinMajor is the oldest PostgreSQL that is used: the loads need MERGE, which came with 15.
const MinMajor = 15

const (
	superuser    = "postgres"
	databaseName = "smsetl"
	loopback     = "127.0.0.1"
)

// Way is how a server is had.
type Way string

// The ways, in the order in which they are tried.
const (
	Local    Way = "local"    // PostgreSQL binaries that are installed on this machine
	Download Way = "download" // pinned binaries, fetched once and kept in the data home
	Docker   Way = "docker"   // a container, through the docker client
)

// Options say where the data lives and how a server may be had. The zero Options are right for a person at a laptop.
type Options struct {
	// Dir is the data home, made when it is not there. Default: DefaultDir.
	Dir string
	// Way forces one way. Default: all of them in order, and the one that made the data first.
	Way Way
	// Registry is the address of an npm registry to download from, such as a company's mirror. Default: none, and the
	// download goes through the npm client, which knows the registry and the proxy of its user.
	Registry string
	// Image is the image of the Docker way. Default: DefaultImage.
	Image string
	// Alone refuses to share: Start gives ErrInUse where another process runs the server of Dir.
	Alone bool
	// Throwaway trades safety for speed: nothing is synced to disk. Only for data that a crash may take, as in tests.
	Throwaway bool
	// Log gets what an operator may want to know later. Default: nothing is logged.
	Log *zap.Logger
	// Progress gets one line for each step that a person may have to wait for. Default: nothing is told.
	Progress func(line string)
}

// The reasons to refuse that a caller may want to tell apart.
var (
	// ErrInUse: another process runs the server of this data home, and Options.Alone was set.
	ErrInUse = errors.New("the data home is in use by another process")
	// ErrOtherVersion: the data was made by another major version than any that can be run here.
	ErrOtherVersion = errors.New("the data belongs to another major version of PostgreSQL")
)

// Server is a running server that is ready for connections. Its methods may be called from several goroutines.
type Server struct {
	endpoint endpoint
	how      string
	byHand   string
	stop     func(ctx context.Context) error
}

// URL gives the address of the product's database, with the password in it: it belongs in no log and no error.
func (s *Server) URL() string { return s.endpoint.url(databaseName) }

// AdminURL gives the address of the maintenance database, for who makes and drops databases; a secret like URL.
func (s *Server) AdminURL() string { return s.endpoint.url(superuser) }

// Version gives the server's version, such as "15.18".
func (s *Server) Version() string { return s.endpoint.Version }

// How says in one line what runs and where its data lives.
func (s *Server) How() string { return s.how }

// ByHand gives the shell command that starts the same server without this program; empty where there is none.
func (s *Server) ByHand() string { return s.byHand }

// Stop ends the server and waits until it has ended; when ctx ends first, the server is ended without its last
// checkpoint, which costs a recovery at the next start and no data. A server that another process started runs on.
func (s *Server) Stop(ctx context.Context) error { return s.stop(ctx) }

// Start gives a running server with the product's database in it. It fails with the joined reasons of all ways when none
// of them works. When ctx ends, Start gives up; a server that was started lives on until Stop or the end of the program.
func Start(ctx context.Context, opt Options) (*Server, error) {
	h, err := openHome(withDefaults(opt))
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	s, err := h.ownOrShare(ctx)
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	return s, nil
}

func withDefaults(opt Options) Options {
	if opt.Log == nil {
		opt.Log = zap.NewNop()
	}
	if opt.Progress == nil {
		opt.Progress = func(string) {}
	}
	return opt
}

// endpoint is where a server answers. It is kept beside the data, so that other processes find the server and the next
// start takes the same port.
type endpoint struct {
	Port    int    `json:"port"`
	Way     Way    `json:"way"`
	Version string `json:"version"` // "15.18"
	Source  string `json:"source"`  // what runs: a folder of binaries, an image
	volume

	password string
}

func (e endpoint) url(database string) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(superuser, e.password),
		Host:     net.JoinHostPort(loopback, strconv.Itoa(e.Port)),
		Path:     "/" + database,
		RawQuery: "sslmode=disable",
	}
	return u.String()
}

// probe asks a server for its version, which lets us in within a second, and makes sure that the product's database is there.
func (e endpoint) probe(ctx context.Context) (version string, err error) {
	within, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	config, err := pgx.ParseConfig(e.url(superuser))
	if err != nil {
		return "", err
	}
	// Anybody on this machine may listen at a port that a server of ours had. SCRAM shows nobody the password, and he who
	// does not know it cannot answer for the server; any other way of asking is refused.
	config.RequireAuth = "scram-sha-256"
	conn, err := pgx.ConnectConfig(within, config)
	if err != nil {
		return "", err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var exists bool
	err = conn.QueryRow(ctx, `
		SELECT split_part(current_setting('server_version'), ' ', 1),
		       EXISTS (SELECT FROM pg_database WHERE datname = $1)`, databaseName).Scan(&version, &exists)
	if err != nil || exists {
		return version, err
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+databaseName)
	return version, err
}

// freePort gives the wanted port when nobody listens on it, else any free one. Somebody may take it before the server
// does: the caller tries again then.
func freePort(wanted int) (int, error) {
	l, err := net.Listen("tcp4", net.JoinHostPort(loopback, strconv.Itoa(wanted)))
	if err != nil && wanted != 0 {
		l, err = net.Listen("tcp4", net.JoinHostPort(loopback, "0"))
	}
	if err != nil {
		return 0, err
	}
	port := l.Addr().(*net.TCPAddr).Port
	return port, l.Close()
}
