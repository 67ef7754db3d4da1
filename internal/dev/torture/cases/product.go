package cases

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Product gives a hash of what the program is made from, tests and tools of development aside.
func Product(root string) (string, error) {
	sum := sha256.New()
	var names []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := filepath.ToSlash(path)
		if entry.IsDir() {
			if name != "." && strings.HasPrefix(entry.Name(), ".") || slices.Contains([]string{"internal/dev", "docs", "bin", "tools"}, name) {
				return filepath.SkipDir
			}
			return nil
		}
		isSource := slices.Contains([]string{".go", ".sql", ".mod"}, filepath.Ext(name)) && !strings.HasSuffix(name, "_test.go")
		if isSource {
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	if !slices.Contains(names, "go.mod") {
		return "", errors.New("there is no go.mod here: run it in the root of the module")
	}
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%s %d\n%s", name, len(data), data)
	}
	return hex.EncodeToString(sum.Sum(nil))[:16], nil
}
