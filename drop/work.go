package drop

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// File is a file that was taken.
type File struct {
	Name string // as it was dropped, but for a number before its ending where another one had its name
	Path string // where it is now
}

// Outcome is what became of a file.
type Outcome int

// The outcomes.
const (
	Done   Outcome = iota // it was read, and is moved into done
	Failed                // it cannot be read, and is moved into failed
	Retry                 // nobody knows whether it is a fault of the file: it is read again, but not for ever
	Later                 // it is no fault of the file: it is read again later, and so are those behind it
)

// Result is what its reader says of a file. Report is put next to it, and says what was wrong; nil where it is read again.
type Result struct {
	Outcome Outcome
	Report  []byte
}

// Reader reads files.
type Reader interface {
	// Read reads a file. It must bear to read one twice, and half of one before: the program may die in between.
	Read(ctx context.Context, f File) Result
	// Refuse gives the report on a file that is not read.
	Refuse(f File, why string) []byte
}

// mostTries is how often a file is read of which nobody knows why it cannot be.
const mostTries = 5

// ErrLater says that files were left for later.
var ErrLater = errors.New("drop: files are left for later")

// Work takes the files that are ready, one after the other, those first that were begun before, and moves each aside. Whoever calls it must
// see to it that no other program works the folder at the same time: what is in working is then left from one that died.
//
// Errors are ErrLater, and those of the folder itself: it cannot be written, or is gone. Files that vanish are none.
func (f *Folder) Work(ctx context.Context, s Listing, r Reader) error {
	for _, dir := range []string{workingDir, doneDir, failedDir} {
		if err := f.makeDir(dir); err != nil {
			return err
		}
	}
	begun, err := files(f.path(workingDir))
	if err != nil {
		return err
	}
	for _, name := range begun {
		if err := f.read(ctx, name, r); err != nil {
			return err
		}
	}
	for _, name := range s.ready {
		taken, err := f.take(name)
		if err == nil && taken != "" {
			err = f.read(ctx, taken, r)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *Folder) path(parts ...string) string {
	return filepath.Join(append([]string{f.dir}, parts...)...)
}

// makeDir makes a folder within, for those who may use the folder itself.
func (f *Folder) makeDir(name string) error {
	info, err := os.Stat(f.dir)
	if err == nil {
		err = os.Mkdir(f.path(name), info.Mode().Perm())
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("drop: making %s: %w", name, cause(err))
	}
	return nil
}

// take moves a file into working, so that nobody changes it under its name or drops another one over it. It gives the name there, or ""
// when the file is gone or has changed since it was looked at.
func (f *Folder) take(name string) (string, error) {
	info, err := os.Lstat(f.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("drop: %w", cause(err))
	}
	at := f.seen[name]
	if !info.Mode().IsRegular() || info.Size() != at.size || !info.ModTime().Equal(at.changed) {
		return "", nil
	}
	taken, err := f.move(f.path(name), workingDir, name)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	delete(f.seen, name)
	return taken, err
}

// move moves a file into a folder within, under its name or, where that is taken, with a number before its ending.
func (f *Folder) move(from, dir, name string) (string, error) {
	free := name
	for n := 2; ; n++ {
		_, err := os.Lstat(f.path(dir, free))
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return "", fmt.Errorf("drop: %s: %w", dir, cause(err))
		}
		ending := filepath.Ext(name)
		free = strings.TrimSuffix(name, ending) + "." + strconv.Itoa(n) + ending
	}
	if err := os.Rename(from, f.path(dir, free)); err != nil {
		return "", fmt.Errorf("drop: moving a file into %s: %w", dir, cause(err))
	}
	return free, nil
}

// read has a file in working read, and moves it aside.
func (f *Folder) read(ctx context.Context, name string, r Reader) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	file := File{Name: name, Path: f.path(workingDir, name)}
	before, err := os.Lstat(file.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("drop: %w", cause(err))
	}
	result := Result{Outcome: Failed}
	starts, err := f.start(name)
	switch {
	case err != nil:
		return err
	case !before.Mode().IsRegular():
		result.Report = r.Refuse(file, "this is no file")
	case starts > f.o.MostStarts:
		result.Report = r.Refuse(file, fmt.Sprintf("the program died %d times while it read this file", starts-1))
	default:
		result = r.Read(ctx, file)
	}
	if err := f.ended(name); err != nil {
		return err
	}
	after, err := os.Lstat(file.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil // somebody took it away
	case err != nil:
		return fmt.Errorf("drop: %w", cause(err))
	case result.Outcome == Later:
		return ErrLater
	case result.Outcome == Retry, after.Size() != before.Size(), !after.ModTime().Equal(before.ModTime()):
		if f.tries[name]++; f.tries[name] < mostTries {
			return ErrLater
		}
		result = Result{Failed, r.Refuse(file, fmt.Sprintf("it was tried %d times; the log says what stood in the way", mostTries))}
	}
	delete(f.tries, name)
	return f.aside(file, result)
}

// aside moves a file out of working. The report comes first: a program that dies in between reads the file again.
func (f *Folder) aside(file File, v Result) error {
	dir := doneDir
	if v.Outcome == Failed {
		dir = failedDir
	}
	hidden := f.path(dir, "."+file.Name+reportEnding)
	if err := os.WriteFile(hidden, v.Report, 0o644); err != nil { //nolint:gosec // for those who may read the folder; it holds nothing private
		return fmt.Errorf("drop: writing a report into %s: %w", dir, cause(err))
	}
	moved, err := f.move(file.Path, dir, file.Name)
	if err != nil {
		return err
	}
	if err := os.Rename(hidden, f.path(dir, moved+reportEnding)); err != nil {
		return fmt.Errorf("drop: writing a report into %s: %w", dir, cause(err))
	}
	return nil
}

// start counts that a file is begun, by the bytes of a file of its own, and gives how often it was begun by now. A program that ends
// by itself takes the count back.
func (f *Folder) start(name string) (int, error) {
	out, err := os.OpenFile(f.startsPath(name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644) //nolint:gosec // it holds dots
	if err != nil {
		return 0, fmt.Errorf("drop: counting in working: %w", cause(err))
	}
	_, err = out.WriteString(".")
	info, statErr := out.Stat()
	if err = errors.Join(err, statErr, out.Close()); err != nil {
		return 0, fmt.Errorf("drop: counting in working: %w", cause(err))
	}
	return int(info.Size()), nil
}

func (f *Folder) ended(name string) error {
	if err := os.Remove(f.startsPath(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("drop: counting in working: %w", cause(err))
	}
	return nil
}

func (f *Folder) startsPath(name string) string { return f.path(workingDir, "."+name+".starts") }
