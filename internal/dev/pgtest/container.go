package pgtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"time"

	dockercontainer "github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/testcontainers/testcontainers-go"
)

// imageVariable names the image of the container; defaultImage is what is used without it.
const (
	imageVariable = "ETL_TEST_POSTGRES_IMAGE"
	defaultImage  = "postgres:15-alpine"
)

// container runs PostgreSQL in a container. Its data lies in memory and goes with it.
func container(ctx context.Context) (*server, error) {
	onLoopback, err := engine(ctx)
	if err != nil {
		return nil, err
	}
	image := os.Getenv(imageVariable)
	if image == "" {
		image = defaultImage
	}
	request := testcontainers.ContainerRequest{
		Image:        image,
		ExposedPorts: []string{"5432/tcp"},
		Env:          map[string]string{"POSTGRES_PASSWORD": "pgtest", "PGDATA": "/data"},
		Tmpfs:        map[string]string{"/data": ""},
		Cmd: []string{"postgres", "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off",
			"-c", "timezone=UTC"},
	}
	if onLoopback {
		request.HostConfigModifier = publishOnLoopback
	}
	c, err := testcontainers.GenericContainer(ctx, testcontainers.GenericContainerRequest{
		ContainerRequest: request,
		Started:          true,
		Logger:           quiet, // its steps are of interest when one fails, and the error says so then
	})
	if err != nil {
		if c != nil {
			err = errors.Join(err, c.Terminate(context.WithoutCancel(ctx)))
		}
		return nil, fmt.Errorf("image %s: %w", image, err)
	}
	s, err := reach(ctx, c, onLoopback)
	if err == nil {
		s.how = fmt.Sprintf("container %s of image %s", c.GetContainerID()[:12], image)
		s.giveUp = func() error { return c.Terminate(context.WithoutCancel(ctx)) }
		s.heldOpen, err = reap(c.GetContainerID())
	}
	if err != nil {
		return nil, errors.Join(err, c.Terminate(context.WithoutCancel(ctx)))
	}
	return s, nil
}

// quiet takes the log of testcontainers.
var quiet = log.New(io.Discard, "", 0)

// engine makes sure that a Docker engine answers, within seconds: a machine without one must not wait. onLoopback says
// that the ports it publishes are to be had on this machine's own address. Testcontainers guesses here: inside anything
// that looks like a container it takes the network's gateway for the engine's machine, though the engine may be in
// there too. TESTCONTAINERS_HOST_OVERRIDE is for who runs the tests in a container beside the engine.
func engine(ctx context.Context) (onLoopback bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	provider, err := testcontainers.NewDockerProvider(testcontainers.Generic2DockerOptions(testcontainers.WithLogger(quiet))...)
	if err != nil {
		return false, err
	}
	defer provider.Close()
	if err := provider.Health(ctx); err != nil {
		return false, err
	}
	overridden := os.Getenv("TESTCONTAINERS_HOST_OVERRIDE") != ""
	address := provider.Client().DaemonHost()
	onSocket := strings.HasPrefix(address, "unix:") || strings.HasPrefix(address, "npipe:")
	return onSocket && !overridden, nil
}

// publishOnLoopback keeps the server, whose password is no secret, from the network.
func publishOnLoopback(c *dockercontainer.HostConfig) {
	c.PortBindings = network.PortMap{
		network.MustParsePort("5432/tcp"): {{HostIP: netip.MustParseAddr("127.0.0.1")}},
	}
}

// reach gives the server in the container.
func reach(ctx context.Context, c testcontainers.Container, onLoopback bool) (*server, error) {
	host := "127.0.0.1"
	if !onLoopback {
		var err error
		if host, err = c.Host(ctx); err != nil {
			return nil, err
		}
	}
	port, err := c.MappedPort(ctx, "5432/tcp")
	if err != nil {
		return nil, err
	}
	u := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword("postgres", "pgtest"),
		Host:     net.JoinHostPort(host, port.Port()),
		Path:     "/postgres",
		RawQuery: "sslmode=disable",
	}
	return &server{url: u.String()}, nil
}

// reap makes sure that the container goes when this process does. Testcontainers has Ryuk for that, a container of its
// own; where its image cannot be pulled TESTCONTAINERS_RYUK_DISABLED=true is set, and a shell does it.
func reap(id string) (heldOpen *os.File, err error) {
	if os.Getenv("TESTCONTAINERS_RYUK_DISABLED") != "true" {
		return nil, nil
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	// The pipe ends with the last process that holds its other end, which is this one, and nothing is ever written to it.
	sh := exec.Command("/bin/sh", "-c", `read -r line; docker rm --force --volumes "$1"`, "sh", id)
	sh.Stdin = r
	detach(sh)
	if err := sh.Start(); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}
