// Command etl brings the SMS delivery statistics of several vendors into one Postgres star schema.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	_ "time/tzdata" // schedules name zones, and small images have none

	"smsetl/ingest"
	"smsetl/internal/confined"
)

// memoryLimit is where the collector begins to work harder. Two windows of 64 MiB of JSON in flight hold about 40 MB of rows; the
// rest of a looser heap would be garbage waiting. The program's own pages come on top.
const memoryLimit = 72 << 20

func main() {
	if confined.IsChild(os.Args) {
		os.Exit(confined.Work(os.Args, ingest.Answer)) // a file of somebody is read, and nothing else is done
	}
	env := processEnvironment()
	if env.value("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() {
		<-ctx.Done()
		stop() // a second signal ends the program at once
	}()
	os.Exit(run(ctx, os.Args[1:], env, os.Stdout, os.Stderr))
}
