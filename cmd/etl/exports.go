package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"smsetl/internal/english"
	"smsetl/sandbox"
)

// exportDays is how many days of Huawei's console the sandbox exports: those that the console shows.
const exportDays = 59

// exportsOf are the options of the sandbox's console.
func exportsOf(seed uint64) sandbox.ConsoleOptions {
	return sandbox.ConsoleOptions{Seed: seed, PerDay: 400, Delivered: 95}
}

// saveExports saves the exports of the sandbox's console, as a browser does: whole or not at all, with the time at which each was made.
func saveExports(dir string, seed uint64, now time.Time) (paths []string, err error) {
	files, err := sandbox.DailyExports(exportsOf(seed), exportDays, now)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	for _, f := range files {
		path := filepath.Join(dir, f.Name)
		if err := os.WriteFile(path+".part", f.Data, 0o600); err != nil {
			return nil, err
		}
		if err := os.Chtimes(path+".part", f.At, f.At); err != nil {
			return nil, err
		}
		if err := os.Rename(path+".part", path); err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// exportsEntry is the source of a schedules.yaml that the exports are of.
func exportsEntry(dir string, seed uint64, now time.Time) string {
	return sandbox.DailySourceYAML(exportsOf(seed), exportDays, now, dir)
}

// printExports says what to do with the exports.
func (s *session) printExports(dir string, paths []string, config string) {
	if config == "" {
		config = "FILE"
	}
	fmt.Fprintf(s.stderr, "Huawei    %s in %s. In another terminal: etl import huawei %s/*.* --source huawei-sandbox --config %s\n",
		english.Plural(len(paths), "export"), dir, dir, config)
}
