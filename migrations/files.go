package migrations

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"strings"

	"github.com/golang-migrate/migrate/v4/source"
	"github.com/golang-migrate/migrate/v4/source/iofs"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"smsetl/sms"
)

//go:embed *.sql
var files embed.FS

// markClean ends every file. golang-migrate marks the version dirty before a file and clean after it, in transactions of
// their own; with this statement inside the file's own transaction "dirty" means exactly "the file was rolled back", even
// when the program was killed between the file and the mark.
const markClean = "\n;UPDATE etl.schema_migration SET dirty = false;\n"

// markBegun begins every file, on its first line so that errors name the line of the file. The server goes on with a file whose
// program was killed, long after it has given the lock away; by this the next program sees that a file is under way.
const markBegun = "SELECT FROM etl.schema_migration FOR UPDATE; "

// embedded reads the embedded files, each between markBegun and markClean.
type embedded struct {
	source.Driver

	versions []uint // oldest first
}

func openEmbedded() (embedded, error) {
	driver, err := iofs.New(files, ".")
	if err != nil {
		return embedded{}, fmt.Errorf("reading the embedded files: %w", err)
	}
	e := embedded{Driver: driver}
	version, err := e.First()
	for err == nil {
		e.versions = append(e.versions, version)
		version, err = e.Next(version)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return embedded{}, fmt.Errorf("listing the embedded files: %w", err)
	}
	return e, nil
}

func (e embedded) newest() uint { return e.versions[len(e.versions)-1] }

// Newest gives the version of the schema that this program works with: the number of its newest file.
func Newest() (int64, error) {
	all, err := openEmbedded()
	if err != nil {
		return 0, fmt.Errorf("migrations: %w", err)
	}
	return int64(all.newest()), nil
}

// ReadUp gives the up file of a version.
func (e embedded) ReadUp(version uint) (io.ReadCloser, string, error) {
	return marked(e.Driver.ReadUp(version))
}

// ReadDown gives the down file of a version.
func (e embedded) ReadDown(version uint) (io.ReadCloser, string, error) {
	return marked(e.Driver.ReadDown(version))
}

func marked(file io.ReadCloser, name string, err error) (io.ReadCloser, string, error) {
	if err != nil {
		return nil, name, err
	}
	defer file.Close()
	text, err := io.ReadAll(file)
	if err != nil {
		return nil, name, err
	}
	return io.NopCloser(strings.NewReader(markBegun + string(text) + markClean)), name, nil
}

// Hash names what Up makes: a hash of every embedded file, of River's migrations and of the vendors. Two programs with the
// same hash make the same schema, so a database made by one can serve as a template for the other.
func Hash(vendors []sms.Spec) string {
	h := sha256.New()
	err := fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := files.ReadFile(path)
		fmt.Fprintf(h, "%s\x00%d\x00%s", path, len(text), text)
		return err
	})
	if err != nil {
		panic(err) // the files are in the program
	}
	fmt.Fprint(h, bootstrap, markBegun, markClean, vendorMerges)
	fmt.Fprintf(h, "%+v", vendors)
	for _, m := range riverMigrations() {
		fmt.Fprintf(h, "river\x00%d\x00%s", m.Version, m.SQLUp)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// riverMigrations lists River's own migrations, oldest first.
func riverMigrations() []rivermigrate.Migration {
	migrator, err := newRiver(riverpgxv5.New(nil))
	if err != nil {
		panic(err) // the line's name is River's default
	}
	return migrator.AllVersions()
}

func newRiver(driver *riverpgxv5.Driver) (*rivermigrate.Migrator[pgx.Tx], error) {
	return rivermigrate.New(driver, &rivermigrate.Config{Schema: riverSchema, Logger: slog.New(slog.DiscardHandler)})
}
