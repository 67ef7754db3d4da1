package rules

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// text gives a file of the repository.
func text(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root(t), filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// hardening are the settings that both units have, whatever else they are.
var hardening = []string{
	"AmbientCapabilities=", "CapabilityBoundingSet=", "DynamicUser=yes", "LockPersonality=yes", "MemoryDenyWriteExecute=yes", "MemoryMax=512M",
	"NoNewPrivileges=yes", "PrivateDevices=yes", "PrivateTmp=yes", "PrivateUsers=yes", "ProtectClock=yes", "ProtectControlGroups=yes", "ProtectHome=yes",
	"ProtectHostname=yes", "ProtectKernelLogs=yes", "ProtectKernelModules=yes", "ProtectKernelTunables=yes", "ProtectProc=invisible",
	"ProtectSystem=strict", "RemoveIPC=yes", "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX", "RestrictNamespaces=yes", "RestrictRealtime=yes",
	"RestrictSUIDSGID=yes", "SystemCallArchitectures=native", "SystemCallErrorNumber=EPERM", "SystemCallFilter=@system-service",
	"SystemCallFilter=~@privileged",
}

// Keys of a unit that say how the service runs and not what it is kept from.
var running = regexp.MustCompile(`^(Type|Exec\w+|EnvironmentFile|Restart\w*|SuccessExitStatus|TimeoutStopSec)=`)

// mostExposed is what systemd-analyze may say of a unit, of 10: 0.9 is for having a network at all, 0.1 for reports in a watched folder that
// those who dropped the file can read.
const mostExposed = 1.6

var exposure = regexp.MustCompile(`Overall exposure level for \S+: ([0-9.]+)`)

func TestDoorUnitsAreHardened(t *testing.T) {
	for _, name := range []string{"deploy/systemd/etl.service", "deploy/systemd/etl-run.service"} {
		_, service, _ := strings.Cut(text(t, name), "[Service]")
		service, _, _ = strings.Cut(service, "\n[")
		var kept []string
		for _, line := range strings.Split(service, "\n") {
			if line != "" && !strings.HasPrefix(line, "#") && !running.MatchString(line) {
				kept = append(kept, line)
			}
		}
		slices.Sort(kept)
		if diff := cmp.Diff(hardening, kept); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		analyze, err := exec.LookPath("systemd-analyze")
		if err != nil {
			continue
		}
		out, err := exec.Command(analyze, "security", "--offline=true", "--no-pager", filepath.Join(root(t), name)).CombinedOutput()
		found := exposure.FindStringSubmatch(string(out))
		if found == nil {
			t.Logf("%s says nothing here (%v), which systemd of before 250 does", analyze, err)
			continue
		}
		if level, err := strconv.ParseFloat(found[1], 64); err != nil || level > mostExposed {
			t.Errorf("%s has an exposure of %s, want %v at most:\n%s", name, found[1], mostExposed, out)
		}
	}
}
