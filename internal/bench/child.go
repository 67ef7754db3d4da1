package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// run is one run of the product as its own process.
type run struct {
	wall   time.Duration
	cpu    time.Duration
	memory int64 // bytes, the most that was resident
	exit   int
	output string
}

// build makes the binary under test.
func build(ctx context.Context, dir string) (string, error) {
	binary := filepath.Join(dir, "etl")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", binary, "./cmd/etl")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w: %s", err, out)
	}
	return binary, nil
}

// etl runs the product to its end. An exit code beside those allowed is an error with what it printed.
func (b *bench) etl(ctx context.Context, arguments ...string) (run, error) {
	var printed bytes.Buffer
	cmd := exec.CommandContext(ctx, b.binary, arguments...)
	cmd.Dir = b.dir
	cmd.Env = append(os.Environ(), "DATABASE_URL="+b.url)
	cmd.Stdout, cmd.Stderr = &printed, &printed
	started := time.Now()
	err := cmd.Run()
	r := run{wall: time.Since(started), output: printed.String()}
	if exited, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		return r, err
	} else if ok {
		r.exit = exited.ExitCode()
	}
	if r.exit != 0 {
		return r, fmt.Errorf("etl %v: exit %d: %s", arguments, r.exit, printed.String())
	}
	r.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		r.memory = usage.Maxrss * 1024 // Linux counts in KiB
	}
	return r, nil
}
