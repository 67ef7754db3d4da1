package postgres

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestChoose(t *testing.T) {
	t.Parallel()
	old := binaries{dir: "/a", version: "14.9", major: 14}
	on15 := binaries{dir: "/b", version: "15.18", major: 15}
	on18 := binaries{dir: "/c", version: "18.4", major: 18}
	for _, test := range []struct {
		name  string
		all   []binaries
		major int
		want  string // folder
		err   string
	}{
		{"first_that_is_new_enough", []binaries{old, on15, on18}, 0, "/b", ""},
		{"data_decides", []binaries{old, on15, on18}, 18, "/c", ""},
		{"data_of_an_old_version", []binaries{on15, old}, 14, "/a", ""},
		{"all_too_old", []binaries{old}, 0, "", "PostgreSQL 15 or newer is not installed; found 14.9 in /a"},
		{"none_for_the_data", []binaries{on15, on18}, 16, "", "PostgreSQL 16 is not installed; found 15.18 in /b, 18.4 in /c"},
		{"nothing", nil, 0, "", "no PostgreSQL is installed on PATH or in the usual folders"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := choose(test.all, test.major)
			if test.err != "" && (err == nil || err.Error() != test.err) {
				t.Errorf("error %v, want %q", err, test.err)
			}
			if test.err == "" && (err != nil || got.dir != test.want) {
				t.Errorf("%q, %v; want %q", got.dir, err, test.want)
			}
		})
	}
}

func TestLook(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("needs a shell")
	}
	for _, test := range []struct {
		name, says string
		want       binaries
		ok         bool
	}{
		{"debian", "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", binaries{version: "15.18", major: 15}, true},
		{"beta", "postgres (PostgreSQL) 19beta1", binaries{version: "19beta1", major: 19}, true},
		{"something_else", "postgres, a mail program, 15.1", binaries{}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			for _, name := range []string{"initdb", "postgres"} {
				script := "#!/bin/sh\necho '" + test.says + "'\n"
				if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			got, ok := look(t.Context(), dir)
			if ok != test.ok {
				t.Fatalf("ok %t, want %t", ok, test.ok)
			}
			if ok {
				test.want.way, test.want.dir = Local, dir
			}
			if got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
	if _, ok := look(t.Context(), t.TempDir()); ok {
		t.Error("an empty folder passes for binaries")
	}
}

func TestUsualFoldersArePatterns(t *testing.T) {
	t.Parallel()
	for _, goos := range []string{"linux", "darwin", "windows", "freebsd"} {
		for _, pattern := range usualFolders(goos) {
			if _, err := filepath.Match(strings.ReplaceAll(pattern, `\`, "/"), "x"); err != nil {
				t.Errorf("%s: %s: %v", goos, pattern, err)
			}
		}
	}
}

func TestDataDecidesTheWay(t *testing.T) {
	t.Parallel()
	inDocker := home{last: endpoint{volume: volume{Volume: "smsetl-1"}}}
	for _, test := range []struct {
		name   string
		data   home
		forced Way
		want   string
	}{
		{"nothing_yet", home{}, "", "local download docker"},
		{"nothing_yet_and_forced", home{}, Docker, "docker"},
		{"cluster", home{major: 15}, "", "local download"},
		{"cluster_and_container_forced", home{major: 15}, Docker, "error"},
		{"volume", inDocker, "", "docker"},
		{"volume_and_container_forced", inDocker, Docker, "docker"},
		{"volume_and_local_forced", inDocker, Local, "error"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := test.data
			h.dir, h.opt.Way = "/data", test.forced
			ways, err := h.ways()
			var names []string
			for _, w := range ways {
				names = append(names, string(w))
			}
			got := strings.Join(names, " ")
			if err != nil {
				got = "error"
			}
			if got != test.want {
				t.Errorf("got %q (%v), want %q", got, err, test.want)
			}
		})
	}
}
