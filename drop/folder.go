package drop

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// The folders within the folder.
const (
	workingDir = "working"
	doneDir    = "done"
	failedDir  = "failed"
)

// reportEnding is what the name of a report has behind that of its file.
const reportEnding = ".report.json"

// Options are the settings of a Folder. Zero values are replaced by the defaults.
type Options struct {
	// Still is how long size and time of a file must have stood still before it is taken to be whole; default 5 s.
	Still time.Duration
	// StillEmpty is the same for a file without a byte; default 10 minutes. Browsers keep such a one in the place of a file whose
	// download is under way elsewhere.
	StillEmpty time.Duration
	// MostStarts is how often a file may be begun by programs that died over it; default 5. The next one moves it aside.
	MostStarts int
}

// Folder is a watched folder, as one program sees it. It is not safe for use by several goroutines; several programs take turns, see
// Work.
type Folder struct {
	dir     string
	o       Options
	seen    map[string]fileState
	tries   map[string]int  // of files that could not be read for no fault of theirs, by their names in working
	skipped map[string]bool // what is no file, and was reported
}

// New gives a Folder. The folder need not be there.
func New(dir string, o Options) *Folder {
	o.Still = cmp.Or(o.Still, 5*time.Second)
	o.StillEmpty = cmp.Or(o.StillEmpty, 10*time.Minute)
	o.MostStarts = cmp.Or(o.MostStarts, 5)
	return &Folder{dir: dir, o: o, seen: map[string]fileState{}, tries: map[string]int{}, skipped: map[string]bool{}}
}

// fileState is how a file was last seen.
type fileState struct {
	size    int64
	changed time.Time
	since   time.Time // when it was first seen like this
}

// Listing is what there is in a folder.
type Listing struct {
	Ready   int // files that are whole, and those that were begun
	Waiting int // files that may still grow
	Failed  int // files that were moved aside, and still lie there
	// Skipped are names of what is no file, such as a symbolic link, seen for the first time. Nobody touches it.
	Skipped []string

	ready []string
}

// List lists what there is. now must not go back. The error is fs.ErrNotExist for a folder that is not there.
func (f *Folder) List(now time.Time) (Listing, error) {
	root, err := os.OpenRoot(f.dir)
	if err != nil {
		return Listing{}, fmt.Errorf("drop: %w", cause(err))
	}
	defer root.Close()
	entries, err := entriesOf(root, ".")
	if err != nil {
		return Listing{}, err
	}
	var s Listing
	seen := make(map[string]fileState, len(entries))
	for _, e := range entries {
		name := e.Name()
		if isForeign(name) || e.IsDir() {
			continue
		}
		info, err := root.Lstat(name)
		if err != nil {
			continue // it is gone again
		}
		if !info.Mode().IsRegular() {
			if !f.skipped[name] {
				f.skipped[name] = true
				s.Skipped = append(s.Skipped, name)
			}
			continue
		}
		at := f.stateOf(name, info, now)
		seen[name] = at
		if f.isStill(at, now) {
			s.ready = append(s.ready, name)
		} else {
			s.Waiting++
		}
	}
	f.seen = seen
	slices.SortFunc(s.ready, func(a, b string) int {
		return cmp.Or(seen[a].changed.Compare(seen[b].changed), strings.Compare(a, b))
	})
	begun, err := files(root, workingDir)
	if err != nil {
		return Listing{}, err
	}
	failed, err := files(root, failedDir)
	s.Ready, s.Failed = len(s.ready)+len(begun), len(failed)
	return s, err
}

// Check says what keeps files from being taken out of the folder, if anything does.
func (f *Folder) Check() error {
	root, err := os.OpenRoot(f.dir)
	if err != nil {
		return fmt.Errorf("drop: files cannot be moved in the watched folder: %w", cause(err))
	}
	defer root.Close()
	for _, dir := range []string{workingDir, doneDir, failedDir} {
		if err := checkDir(root, dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	file, err := os.CreateTemp(f.dir, ".check-*")
	if err != nil {
		return fmt.Errorf("drop: files cannot be moved in the watched folder: %w", cause(err))
	}
	return errors.Join(file.Close(), os.Remove(file.Name()))
}

// stateOf compares a file with how it was seen before.
func (f *Folder) stateOf(name string, info fs.FileInfo, now time.Time) fileState {
	at, known := f.seen[name]
	if !known || at.size != info.Size() || !at.changed.Equal(info.ModTime()) {
		return fileState{info.Size(), info.ModTime(), now}
	}
	return at
}

func (f *Folder) isStill(at fileState, now time.Time) bool {
	still := f.o.Still
	if at.size == 0 {
		still = f.o.StillEmpty
	}
	return now.Sub(at.since) >= still
}

// isForeign says whether a name is one that programs give to what nobody dropped: hidden files, downloads and uploads under way, and what
// spreadsheets and file managers leave behind; also our own reports, which come back with a file that is dropped once more.
func isForeign(name string) bool {
	lower := strings.ToLower(name)
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "~") || strings.HasSuffix(name, reportEnding) || slices.Contains([]string{"thumbs.db", "desktop.ini"}, lower) {
		return true
	}
	return slices.Contains([]string{".part", ".partial", ".filepart", ".crdownload", ".download", ".opdownload", ".tmp", ".temp"}, filepath.Ext(lower))
}

// files lists the files of a folder within, without reports. A folder that is not there has none.
func files(root *os.Root, dir string) ([]string, error) {
	entries, err := entriesOf(root, dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() && !strings.HasPrefix(e.Name(), ".") && !strings.HasSuffix(e.Name(), reportEnding) {
			names = append(names, e.Name())
		}
	}
	return names, err
}

// entriesOf lists what is in a folder within, which must be one itself: a link in its place leads to where whoever made it wants.
func entriesOf(root *os.Root, dir string) ([]fs.DirEntry, error) {
	if err := checkDir(root, dir); err != nil {
		return nil, err
	}
	in, err := root.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("drop: %s: %w", dir, cause(err))
	}
	defer in.Close()
	entries, err := in.ReadDir(-1)
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	if err != nil {
		return nil, fmt.Errorf("drop: %s: %w", dir, cause(err))
	}
	return entries, nil
}

// ErrNoFolder says that something else is where a folder within should be.
var ErrNoFolder = errors.New("no folder")

func checkDir(root *os.Root, dir string) error {
	info, err := root.Lstat(dir)
	switch {
	case err != nil:
		return fmt.Errorf("drop: %s: %w", dir, cause(err))
	case info.Mode()&fs.ModeSymlink != 0:
		return fmt.Errorf("drop: %s is a symbolic link and %w: nothing is written through it; put a folder there", dir, ErrNoFolder)
	case !info.IsDir():
		return fmt.Errorf("drop: %s is %w: put one there", dir, ErrNoFolder)
	}
	return nil
}

// cause gives the error of a file without its path, which may hold what nobody should read in a log.
func cause(err error) error {
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		return at.Err
	}
	if at, ok := errors.AsType[*os.LinkError](err); ok {
		return at.Err
	}
	return err
}
