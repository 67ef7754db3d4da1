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
	"AmbientCapabilities=", "CapabilityBoundingSet=", "DynamicUser=yes", "LockPersonality=yes", "MemoryDenyWriteExecute=yes", "MemoryMax=768M",
	"NoNewPrivileges=yes", "PrivateDevices=yes", "PrivateTmp=yes", "PrivateUsers=yes", "ProtectClock=yes", "ProtectControlGroups=yes", "ProtectHome=yes",
	"ProtectHostname=yes", "ProtectKernelLogs=yes", "ProtectKernelModules=yes", "ProtectKernelTunables=yes", "ProtectProc=invisible",
	"ProtectSystem=strict", "RemoveIPC=yes", "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX", "RestrictNamespaces=yes", "RestrictRealtime=yes",
	"RestrictSUIDSGID=yes", "SystemCallArchitectures=native", "SystemCallErrorNumber=EPERM", "SystemCallFilter=@system-service",
	"SystemCallFilter=~@privileged", "User=etl",
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
		for line := range strings.SplitSeq(service, "\n") {
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

// examples are the files that people copy. What stands in them as a secret would be somebody's secret.
var examples = []string{
	"docker-compose.yml", ".env.example", "Dockerfile", "schedules.yaml", "deploy/kubernetes/etl.yaml", "deploy/kubernetes/cronjob.yaml",
	"deploy/kubernetes/etl.env.example", "deploy/package/environment", "deploy/systemd/etl.service", "deploy/systemd/etl-run.service", "deploy/prometheus/prometheus.yaml",
	"deploy/grafana/provisioning/datasources/warehouse.yaml",
}

var (
	placeholder  = regexp.MustCompile(`(?i)change[-_ ]?me`)
	interpolated = regexp.MustCompile(`\$\{([A-Z0-9_]+)(:?[-?+]?)([^}]*)\}`)
	secretName   = regexp.MustCompile(`PASSWORD$|SECRET|_KEY$|TOKEN|HASH$|WEBHOOK`)
	assigned     = regexp.MustCompile(`(?m)^#? ?([A-Z][A-Z0-9_]*)=(.+)$`)
)

// An example that starts as it is runs with a password that everybody knows, or with none.
func TestDoorExamplesStartWithoutSecrets(t *testing.T) {
	for _, name := range examples {
		content := text(t, name)
		if found := placeholder.FindString(content); found != "" {
			t.Errorf("%s: %q is a secret that everybody knows", name, found)
		}
		for _, found := range interpolated.FindAllStringSubmatch(content, -1) {
			variable, operator, rest := found[1], found[2], found[3]
			if name != "docker-compose.yml" || !secretName.MatchString(variable) {
				continue
			}
			// The program itself refuses to work without its credentials; a database or a BI tool takes an empty password.
			if isOthers := strings.HasSuffix(variable, "PASSWORD"); isOthers && (operator != ":?" || rest == "") {
				t.Errorf("%s: %s: want ${%s:?what to do}, which refuses to start", name, found[0], variable)
			} else if !isOthers && rest != "" {
				t.Errorf("%s: %s has a default", name, found[0])
			}
		}
		if !strings.HasSuffix(name, ".example") {
			continue
		}
		for _, found := range assigned.FindAllStringSubmatch(content, -1) {
			if secretName.MatchString(found[1]) {
				t.Errorf("%s: %s has a value", name, found[1])
			}
		}
	}
}

// scripts/secrets makes what the compose file wants, another one for each name, and leaves what is set.
func TestSecretsAreMade(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip(err)
	}
	file := filepath.Join(t.TempDir(), "env")
	made := map[string]bool{}
	var first string
	for range 2 {
		if out, err := exec.Command(bash, filepath.Join(root(t), "scripts/secrets"), file).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = string(data)
		} else if string(data) != first {
			t.Error("a second run changed the file")
		}
	}
	for _, name := range []string{"ETL_POSTGRES_PASSWORD", "ETL_ANALYST_PASSWORD", "METABASE_STATE_PASSWORD", "GRAFANA_ADMIN_PASSWORD"} {
		found := regexp.MustCompile(`(?m)^` + name + `=([0-9a-f]{48})$`).FindStringSubmatch(first)
		if found == nil || made[found[1]] {
			t.Errorf("%s was not made, or is that of another", name)
			continue
		}
		made[found[1]] = true
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v; want mode 600", info.Mode(), err)
	}
}

var (
	image      = regexp.MustCompile(`(?m)(?:image: (?:\$\{[A-Z_]+:-)?|_IMAGE:-|_IMAGE=|DefaultImage = ")([a-z][^}"\s]*)`)
	exactImage = regexp.MustCompile(`^[a-z0-9./-]+:v?[0-9]+\.[0-9]+[A-Za-z0-9._-]*(@sha256:[0-9a-f]{64})?$`)
)

// A tag without a minor version is another program tomorrow. scripts/image-digests writes digests where a registry is reached.
func TestDoorImagesAreExact(t *testing.T) {
	seen := 0
	for _, name := range []string{"docker-compose.yml", "Dockerfile", ".env.example", "internal/postgres/docker.go"} {
		for _, found := range image.FindAllStringSubmatch(text(t, name), -1) {
			if found[1] == "etl:local" { // built here
				continue
			}
			seen++
			if !exactImage.MatchString(found[1]) {
				t.Errorf("%s: the image %s is not exact", name, found[1])
			}
		}
	}
	if seen < 10 {
		t.Errorf("only %d images were found: the rule would pass without looking", seen)
	}
}

// A scan that could not be made is no scan that found nothing.
func TestDoorUnscannedIsNotPassed(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip(err)
	}
	scan := exec.Command(filepath.Join(root(t), "scripts/vulnerabilities"))
	scan.Env = append(os.Environ(), "GOVULNDB=http://127.0.0.1:1")
	out, err := scan.CombinedOutput()
	if scan.ProcessState == nil || scan.ProcessState.ExitCode() != 75 || !strings.Contains(string(out), "NOT SCANNED") {
		t.Errorf("%v: %s; want exit code 75", err, out)
	}
	if ci := text(t, ".ci/run"); !strings.Contains(ci, "\nscripts/vulnerabilities || {\n  [ $? = 75 ] || fail") {
		t.Error(".ci/run does not tell a scan that was not made from one that found something")
	}
}
