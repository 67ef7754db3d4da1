package spawn

import (
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"smsetl/internal/dev/long"
)

var _ = long.Wanted

// What a process of the product has in its environment, and what each kind of child is given of it.
func TestDoorChildrenInheritNoSecret(t *testing.T) {
	t.Parallel()
	environment := []string{
		"PATH=/bin", "HOME=/home/etl", "LC_ALL=C.UTF-8", "TZ=Asia/Shanghai",
		"DOCKER_HOST=unix:///run/docker.sock", "npm_config_registry=https://npm.example.com", "https_proxy=http://proxy:3128",
		"DATABASE_URL=postgres://etl:secret@db/sms", "TENCENTCLOUD_SECRET_KEY=secret", "ENGAGELAB_SMS_KEY=secret",
		"ETL_WEB_PASSWORD_HASH=secret", "ETL_METRICS_TOKEN=secret", "PGPASSWORD=secret", "PGPASSFILE=/secret",
		"AWS_SECRET_ACCESS_KEY=secret", "path=/elsewhere", "PATHS=secret", "=C:=secret", "",
	}
	for kind, want := range map[Kind][]string{
		Plain:  environment[:4],
		Docker: {environment[0], environment[1], environment[2], environment[3], environment[4], environment[6]},
		Npm:    {environment[0], environment[1], environment[2], environment[3], environment[5], environment[6]},
	} {
		if runtime.GOOS == "windows" {
			want = append(slices.Clone(want), "path=/elsewhere")
		}
		if diff := cmp.Diff(want, allowed(kind, environment)); diff != "" {
			t.Errorf("kind %d (-want +got):\n%s", kind, diff)
		}
	}
	if allowed(Plain, nil) == nil {
		t.Error("no variables at all means all of them to os/exec")
	}
}

// A started program really sees no more.
func TestDoorStartedProgramSeesNoSecret(t *testing.T) {
	env, err := exec.LookPath("env")
	if err != nil {
		t.Skip(err)
	}
	t.Setenv("TENCENTCLOUD_SECRET_KEY", "very-secret")
	for _, kind := range []Kind{Plain, Docker, Npm} {
		out, err := Command(kind, env).Output()
		more, moreErr := CommandContext(t.Context(), kind, env).Output()
		if err != nil || moreErr != nil {
			t.Fatal(err, moreErr)
		}
		if out = append(out, more...); !strings.Contains(string(out), "PATH=") || strings.Contains(string(out), "very-secret") {
			t.Errorf("kind %d sees the secret, or no PATH, in %d bytes", kind, len(out)) // and no more: the environment may be a real one
		}
	}
}
