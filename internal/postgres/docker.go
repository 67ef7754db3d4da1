package postgres

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"smsetl/internal/spawn"
)

// DefaultImage is the image of the Docker way; scripts/image-digests writes its digest behind it.
const DefaultImage = "postgres:18.4-alpine"

// engineWait bounds the wait for an engine to say that it is there.
const engineWait = 10 * time.Second

// volume is where a container keeps its data.
type volume struct {
	Volume string `json:"volume,omitempty"`
	Image  string `json:"image,omitempty"` // the image that made the data; another major version could not open it
}

// containerName gives the name of the container of this data home, the same at every start, so that a container which
// outlived its program is found.
func (h *home) containerName() string {
	sum := sha256.Sum256([]byte(h.dir))
	return "smsetl-" + hex.EncodeToString(sum[:6])
}

// contain runs the server in a container, through the docker client, which stays in the foreground: what ends the client
// ends the container in good order.
func (h *home) contain(ctx context.Context) (*Server, error) {
	v := h.last.volume
	if v.Volume == "" {
		v = volume{h.containerName(), cmp.Or(h.opt.Image, DefaultImage)}
	}
	if err := h.prepare(ctx, v.Image); err != nil {
		return nil, err
	}
	e := endpoint{Way: Docker, Source: "image " + v.Image, volume: v, password: h.last.password}
	server, err := h.serve(ctx, &e, func(port int) *exec.Cmd { return h.runContainer(v, port) })
	if err != nil {
		return nil, &startError{fmt.Errorf("image %s: %w", v.Image, err)}
	}
	server.how = fmt.Sprintf("PostgreSQL %s (container %s of image %s) on port %d, data in the Docker volume %s",
		e.Version, h.containerName(), v.Image, e.Port, v.Volume)
	return server, nil
}

// prepare makes sure that an engine answers, the image is there and no container of an earlier program is.
func (h *home) prepare(ctx context.Context, image string) error {
	hurry, cancel := context.WithTimeout(ctx, engineWait)
	defer cancel()
	if _, err := docker(hurry, "version", "--format", "{{.Server.Version}}"); err != nil {
		return fmt.Errorf("no Docker engine answers: %w", err)
	}
	if _, err := docker(ctx, "image", "inspect", "--format", "{{.Id}}", image); err != nil {
		h.opt.Progress("pulling the image " + image)
		if _, err := docker(ctx, "pull", "--quiet", image); err != nil {
			return err
		}
	}
	return h.endOrphan(ctx)
}

// endOrphan ends a container whose program is gone, as it must be while we hold the lock, and waits until its name is
// free: Docker removes it some time after it has stopped. The data is in the volume, which stays.
func (h *home) endOrphan(ctx context.Context) error {
	for {
		id, err := docker(ctx, "ps", "--all", "--quiet", "--filter", "name=^"+h.containerName()+"$")
		if err != nil || id == "" {
			return err
		}
		// Neither fails for good: the container may go by itself meanwhile, and if it stays we see it.
		_, _ = docker(ctx, "stop", id)
		_, _ = docker(ctx, "rm", "--force", id)
		if err := sleep(ctx, 10*poll); err != nil {
			return fmt.Errorf("container %s does not end: %w", h.containerName(), err)
		}
	}
}

// inContainer is the container's first process. It starts the server as the image would, and interrupts it when the
// standard input ends, which the end of this program brings about, or that of the docker client, however they end. The
// client's own passing on of signals is not enough: now and then it exits before the signal is sent.
const inContainer = `
docker-entrypoint.sh postgres "$@" &
server=$!
exec 3<&0
(cat <&3 >/dev/null; while kill -INT "$server" 2>/dev/null; do sleep 1; done) &
trap 'kill -INT "$server"' INT TERM
trap 'kill -QUIT "$server"' QUIT
while kill -0 "$server" 2>/dev/null; do wait "$server"; done
`

// runContainer gives the client that runs the server. The password goes through the client's environment: a command line
// can be read by everybody on the machine.
func (h *home) runContainer(v volume, port int) *exec.Cmd {
	args := []string{
		"run", "--rm", "--interactive", "--name", h.containerName(), "--shm-size", "256m", "--stop-timeout", "60",
		"--publish", fmt.Sprintf("%s:%d:5432", loopback, port),
		"--volume", v.Volume + ":/data", "--env", "PGDATA=/data/cluster",
		"--env", "POSTGRES_PASSWORD", "--env", "POSTGRES_INITDB_ARGS=--encoding=UTF8 --locale=C",
		"--entrypoint", "/bin/sh", v.Image, "-c", inContainer, "sh",
	}
	cmd := spawn.Command(spawn.Docker, "docker", append(args, settings(h.opt.Throwaway)...)...)
	cmd.Env = append(cmd.Env, "POSTGRES_PASSWORD="+h.last.password)
	(*account)(nil).apply(cmd)
	return cmd
}

// docker runs the client and gives what it printed.
func docker(ctx context.Context, args ...string) (string, error) {
	cmd := spawn.CommandContext(ctx, spawn.Docker, "docker", args...)
	var output strings.Builder
	cmd.Stderr = &output
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("docker %s: %w: %s", args[0], err, lastLines(output.String(), 3))
	}
	return trimmed(out), nil
}
