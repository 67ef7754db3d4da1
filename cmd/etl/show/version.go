package show

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
)

// Version is the JSON of `etl version`.
type Version struct {
	Version  string `json:"version"`
	Revision string `json:"revision"`
	Date     string `json:"date"` // of the commit, or of the build where the linker said one
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// Text says so in a line.
func (v Version) Text() string {
	return fmt.Sprintf("etl %s (commit %s, %s, %s, %s)", v.Version, v.Revision, v.Date, v.Go, v.Platform)
}

// Built is the version of this program: what the linker was told, and else what the Go tool wrote into the binary.
func Built(version, commit, date string) Version {
	report := Version{Version: version, Revision: commit, Date: date, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "(devel)" {
			report.Version = cmp.Or(version, info.Main.Version)
		}
		for _, setting := range info.Settings {
			switch setting.Key {
			case "vcs.revision":
				report.Revision = cmp.Or(commit, setting.Value)
			case "vcs.time":
				report.Date = cmp.Or(date, setting.Value)
			}
		}
	}
	report.Version, report.Revision, report.Date = cmp.Or(report.Version, "devel"), cmp.Or(report.Revision, "unknown"), cmp.Or(report.Date, "date unknown")
	return report
}
