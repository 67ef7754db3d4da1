package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

type versionCommand struct {
	outputFlag
}

// versionReport is the JSON of `etl version`.
type versionReport struct {
	Version  string `json:"version"`
	Revision string `json:"revision"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func (c *versionCommand) Run(s *session) error {
	report := currentVersion()
	return c.print(s, report, fmt.Sprintf("etl %s (%s, %s, %s)\n", report.Version, report.Revision, report.Go, report.Platform), exitOK)
}

// currentVersion reads what the Go tool wrote into the binary.
func currentVersion() versionReport {
	report := versionReport{Version: "devel", Revision: "unknown", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return report
	}
	if info.Main.Version != "" && info.Main.Version != "(devel)" {
		report.Version = info.Main.Version
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			report.Revision = setting.Value
		}
	}
	return report
}
