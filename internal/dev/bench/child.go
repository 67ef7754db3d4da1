package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
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
	if err := cmd.Start(); err != nil {
		return run{}, err
	}
	peak := watchMemory(cmd.Process.Pid)
	err := cmd.Wait()
	r := run{wall: time.Since(started), output: printed.String(), memory: <-peak}
	if exited, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		return r, err
	} else if ok {
		r.exit = exited.ExitCode()
	}
	if r.exit != 0 {
		return r, fmt.Errorf("etl %v: exit %d: %s", arguments, r.exit, printed.String())
	}
	r.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return r, nil
}

// watchMemory reads the process's peak of resident memory until it is gone. The operating system's own account of a child's
// peak starts with the size of its parent, which holds the vendor's answers.
func watchMemory(pid int) <-chan int64 {
	peak := make(chan int64, 1)
	go func() {
		var most int64
		for {
			words := strings.Fields(field(fmt.Sprintf("/proc/%d/status", pid), "VmHWM", ""))
			if len(words) == 0 {
				break
			}
			if kib, err := strconv.ParseInt(words[0], 10, 64); err == nil {
				most = max(most, kib*1024)
			}
			time.Sleep(20 * time.Millisecond)
		}
		peak <- most
	}()
	return peak
}
