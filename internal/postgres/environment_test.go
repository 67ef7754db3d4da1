package postgres

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// setSecrets sets variables for the process of the test, as an operator sets them for the program. No message shows an environment: that of a developer is real.
func setSecrets(t *testing.T) {
	t.Helper()
	for _, name := range []string{"DATABASE_URL", "TENCENTCLOUD_SECRET_KEY", "ETL_METRICS_TOKEN", "PGPASSWORD"} {
		t.Setenv(name, "very-secret")
	}
}

// Whoever may ask the embedded server as its superuser may run programs by it, and whoever is its user may read /proc.
func TestDoorServerInheritsSecrets(t *testing.T) {
	needLocal(t)
	setSecrets(t)
	dir := homeOf(t)
	s := start(t, Options{Dir: dir, Way: Local, Throwaway: true})
	do(t, s.URL(), `CREATE TABLE seen (line text)`)
	do(t, s.URL(), `COPY seen FROM PROGRAM 'env' (DELIMITER E'\x01')`)
	if got := ask(t, s.URL(), "SELECT string_agg(line, ' ') FROM seen"); strings.Contains(got, "very-secret") || !strings.Contains(got, "PATH=") {
		t.Errorf("a program of the server sees %d secrets", strings.Count(got, "very-secret"))
	}
	environ, err := os.ReadFile("/proc/" + strconv.Itoa(serverPid(t, dir)) + "/environ")
	if err != nil {
		t.Skip(err) // no Linux, or a container that hides it
	}
	if strings.Contains(string(environ), "very-secret") {
		t.Errorf("/proc shows %d secrets", strings.Count(string(environ), "very-secret"))
	}
}

// The clients of npm and of Docker are programs of others, with hooks and plugins.
func TestDoorClientsInheritSecrets(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs a shell")
	}
	setSecrets(t)
	dir, saw := t.TempDir(), filepath.Join(t.TempDir(), "saw")
	for _, name := range []string{"npm", "docker"} {
		script := "#!/bin/sh\nenv >>" + saw + "\nexit 1\n"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
	h := &home{dir: t.TempDir(), last: endpoint{password: "the server's own"}}
	if _, err := h.obtain(t.Context(), pin{Package: "@x/y"}, h.dir); err == nil {
		t.Error("npm answered")
	}
	if _, err := docker(t.Context(), "version"); err == nil {
		t.Error("docker answered")
	}
	if err := h.runContainer(volume{"v", "i"}, 1).Run(); err == nil {
		t.Error("docker run answered")
	}
	got, err := os.ReadFile(saw)
	if err != nil || strings.Contains(string(got), "very-secret") || strings.Count(string(got), "PATH=") < 3 ||
		!strings.Contains(string(got), "POSTGRES_PASSWORD=the server's own") {
		t.Errorf("%v: the clients see %d secrets of ours, in %d bytes", err, strings.Count(string(got), "very-secret"), len(got))
	}
}

// Command lines are shown to everybody on the machine.
func TestDoorPasswordOnACommandLine(t *testing.T) {
	t.Parallel()
	needLocal(t)
	dir := homeOf(t)
	s := start(t, Options{Dir: dir, Way: Local, Throwaway: true})
	h := &home{dir: dir, last: endpoint{password: s.endpoint.password}}
	lines := strings.Join(h.runContainer(volume{"v", "i"}, 1).Args, " ")
	for _, pid := range []int{os.Getpid(), serverPid(t, dir)} {
		line, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
		if err != nil {
			t.Skip(err) // no Linux
		}
		lines += string(line)
	}
	if !strings.Contains(lines, dir) || strings.Contains(lines, s.endpoint.password) {
		t.Errorf("the server's own line is not there, or one of %d bytes holds the password", len(lines))
	}
}
