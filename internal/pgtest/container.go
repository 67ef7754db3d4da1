package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"time"

	"github.com/testcontainers/testcontainers-go"
)

// imageVariable names the image of the container; defaultImage is what is used without it.
const (
	imageVariable = "ETL_TEST_POSTGRES_IMAGE"
	defaultImage  = "postgres:15-alpine"
)

// container runs PostgreSQL in a container. Its data lies in memory and goes with it.
func container(ctx context.Context) (*server, error) {
	if err := engine(ctx); err != nil {
		return nil, err
	}
	image := os.Getenv(imageVariable)
	if image == "" {
		image = defaultImage
	}
	c, err := testcontainers.GenericContainer(ctx, testcontainers.GenericContainerRequest{
		ContainerRequest: testcontainers.ContainerRequest{
			Image:        image,
			ExposedPorts: []string{"5432/tcp"},
			Env:          map[string]string{"POSTGRES_PASSWORD": "pgtest", "PGDATA": "/data"},
			Tmpfs:        map[string]string{"/data": ""},
			Cmd:          []string{"postgres", "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "timezone=UTC"},
		},
		Started: true,
	})
	if err != nil {
		if c != nil {
			err = errors.Join(err, c.Terminate(context.WithoutCancel(ctx)))
		}
		return nil, fmt.Errorf("image %s: %w", image, err)
	}
	s, err := reach(ctx, c, image)
	if err == nil {
		err = reap(c.GetContainerID())
	}
	if err != nil {
		return nil, errors.Join(err, c.Terminate(context.WithoutCancel(ctx)))
	}
	return s, nil
}

// engine says whether a Docker engine answers, within seconds: a machine without one must not wait.
func engine(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	provider, err := testcontainers.ProviderDocker.GetProvider()
	if err != nil {
		return err
	}
	return provider.Health(ctx)
}

// reach gives the server in the container.
func reach(ctx context.Context, c testcontainers.Container, image string) (*server, error) {
	host, err := c.Host(ctx)
	if err != nil {
		return nil, err
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
	return &server{url: u.String(), how: fmt.Sprintf("container %s of image %s", c.GetContainerID()[:12], image)}, nil
}

// reap makes sure that the container goes when this process does. Testcontainers has Ryuk for that, a container of its
// own; where its image cannot be pulled TESTCONTAINERS_RYUK_DISABLED=true is set, and a shell does it.
func reap(id string) error {
	if os.Getenv("TESTCONTAINERS_RYUK_DISABLED") != "true" {
		return nil
	}
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	// The pipe ends with the last process that holds its other end, which is this one, and nothing is ever written to it.
	sh := exec.Command("/bin/sh", "-c", `read -r line; docker rm --force --volumes "$1"`, "sh", id)
	sh.Stdin = r
	detach(sh)
	if err := sh.Start(); err != nil {
		return errors.Join(err, w.Close())
	}
	heldOpen = w
	return nil
}

// heldOpen keeps the garbage collector from closing the pipe of reap.
var heldOpen *os.File
