package migrations

import "fmt"

// Newest gives the version of the schema that this program works with: the number of its newest file.
func Newest() (int64, error) {
	all, err := openEmbedded()
	if err != nil {
		return 0, fmt.Errorf("migrations: %w", err)
	}
	versions, err := all.versions()
	if err != nil {
		return 0, fmt.Errorf("migrations: %w", err)
	}
	return int64(versions[len(versions)-1]), nil
}
