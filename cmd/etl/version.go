package main

import "smsetl/cmd/etl/show"

// What the linker says of the build: -ldflags "-X main.version=v1.2.3 -X main.commit=... -X main.date=...". What it does not say is
// read from what the Go tool wrote into the binary.
var version, commit, date string //nolint:gochecknoglobals // the linker sets them

type versionCommand struct {
	outputFlag
}

func (c *versionCommand) Run(s *session) error {
	report := currentVersion()
	return c.print(s, report, report.Text()+"\n", exitOK)
}

func currentVersion() show.Version { return show.Built(version, commit, date) }
