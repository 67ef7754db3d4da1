package postgres

import (
	"context"
	"os"
	"strings"
	"testing"
)

// image gives the image for the tests, or skips them: ETL_TEST_DOCKER=1 says that a Docker engine answers and may pull.
func image(t *testing.T) string {
	t.Helper()
	if os.Getenv("ETL_TEST_DOCKER") != "1" {
		t.Skip("ETL_TEST_DOCKER=1 is not set: a container would be started")
	}
	return os.Getenv("ETL_TEST_POSTGRES_IMAGE") // empty: the default
}

// dropVolume removes what a test has left in Docker.
func dropVolume(t *testing.T, dir string) {
	t.Helper()
	h, err := openHome(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		eventually(t, "the volume can be removed", func() bool {
			_, err := docker(context.Background(), "volume", "rm", "--force", h.containerName())
			return err == nil
		})
	})
}

func isRunning(t *testing.T, dir string) bool {
	t.Helper()
	h, err := openHome(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	id, err := docker(t.Context(), "ps", "--all", "--quiet", "--filter", "name=^"+h.containerName()+"$")
	if err != nil {
		t.Fatal(err)
	}
	return id != ""
}

func TestDockerWay(t *testing.T) {
	t.Parallel()
	opt := Options{Dir: homeOf(t), Image: image(t), Way: Docker}
	dropVolume(t, opt.Dir)
	first := start(t, opt)
	do(t, first.URL(), "CREATE TABLE kept AS SELECT 'still here' AS text")
	for setting, want := range map[string]string{"fsync": "on", "shared_buffers": "256MB", "TimeZone": "UTC"} {
		if got := ask(t, first.URL(), "SHOW "+setting); got != want {
			t.Errorf("%s = %q, want %q", setting, got, want)
		}
	}
	if how := first.How(); !strings.Contains(how, "volume") || !strings.Contains(how, first.Version()) {
		t.Errorf("How gives %q", how)
	}
	if err := first.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if isRunning(t, opt.Dir) {
		t.Error("the container is there after Stop")
	}
	second := start(t, Options{Dir: opt.Dir}) // the data decides, and knows its image
	if got := ask(t, second.URL(), "SELECT text FROM kept"); got != "still here" {
		t.Errorf("after a restart the table says %q", got)
	}
	if _, err := Start(t.Context(), Options{Dir: opt.Dir, Alone: true}); err == nil {
		t.Error("a second owner was let in")
	}
}

func TestContainerEndsWithItsProgram(t *testing.T) {
	t.Parallel()
	o := orders{Dir: homeOf(t), Way: Docker, Image: image(t)}
	dropVolume(t, o.Dir)
	c := begin(t, o).ready(t)
	do(t, c.URL, "CREATE TABLE kept AS SELECT 'still here' AS text")
	c.end(t, os.Kill)
	eventually(t, "no container is left", func() bool { return !isRunning(t, o.Dir) })
	again := begin(t, o).ready(t)
	if got := ask(t, again.URL, "SELECT text FROM kept"); got != "still here" {
		t.Errorf("the table says %q", got)
	}
}

// Where the docker client is killed with its program, nobody passes the signal on and the container stays. The next
// start ends it in good order and starts anew.
func TestOrphanedContainer(t *testing.T) {
	t.Parallel()
	opt := Options{Dir: homeOf(t), Image: image(t), Way: Docker}
	dropVolume(t, opt.Dir)
	s := start(t, opt)
	do(t, s.URL(), "CREATE TABLE kept AS SELECT 'still here' AS text")
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	h, err := openHome(opt)
	if err != nil {
		t.Fatal(err)
	}
	h.last = s.endpoint
	orphan := h.runContainer(s.endpoint.volume, s.endpoint.Port)
	orphan.Args = append([]string{"docker", "run", "--detach"}, orphan.Args[2:]...)
	if out, err := orphan.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got := ask(t, start(t, opt).URL(), "SELECT text FROM kept"); got != "still here" {
		t.Errorf("the table says %q", got)
	}
}
