package huawei

import (
	"os"
	"path/filepath"
	"time"
)

// SavedDays is how many days of Huawei's console are exported into a folder: those that the console shows.
const SavedDays = 59

// savedConsole is the console whose exports lie in a folder.
func savedConsole(seed uint64) ConsoleOptions {
	return ConsoleOptions{Seed: seed, PerDay: 400, Delivered: 95}
}

// SaveExports saves the exports of the sandbox's console, as a browser does: whole or not at all, with the time at which each was made.
func SaveExports(dir string, seed uint64, now time.Time) (paths []string, err error) {
	files, err := DailyExports(savedConsole(seed), SavedDays, now)
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

// SavedSourceYAML is the source of a schedules.yaml that the exports are of.
func SavedSourceYAML(dir string, seed uint64, now time.Time) string {
	return DailySourceYAML(savedConsole(seed), SavedDays, now, dir)
}
