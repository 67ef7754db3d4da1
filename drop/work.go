package drop

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
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
	Path string // where it is now, to be shown
	// Data is the file itself, open for reading until it was read; nil for what is none. Who reads it by Path may read another.
	Data *os.File
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

// ErrFile says that some files cannot be moved or counted, and stay where they are. Those beside them were read.
var ErrFile = errors.New("drop: a file cannot be worked")

// mostErrors is how many files may be like that before it is the folder that is taken to be.
const mostErrors = 10

// Work takes the files that are ready, one after the other, those first that were begun before, and moves each aside. Whoever calls it must
// see to it that no other program works the folder at the same time: what is in working is then left from one that died.
//
// Whoever drops files may do in the folder what he likes, while it is worked too. So the folder is held by its descriptor, and no name is
// followed out of it; a file is opened once, and read by that; and what is written is new under its name.
//
// Errors are ErrLater, ErrFile, and those of the folder itself: it cannot be written, or is gone. Files that vanish are none.
func (f *Folder) Work(ctx context.Context, s Listing, r Reader) error {
	root, err := os.OpenRoot(f.dir)
	if err != nil {
		return fmt.Errorf("drop: %w", cause(err))
	}
	defer root.Close()
	w := &working{Folder: f, root: root, reader: r}
	for _, dir := range []string{workingDir, doneDir, failedDir} {
		if err := w.makeDir(dir); err != nil {
			return err
		}
	}
	begun, err := files(root, workingDir)
	if err != nil {
		return err
	}
	for _, name := range begun {
		if err := w.next(ctx, name); err != nil {
			return err
		}
	}
	for _, name := range s.ready {
		taken, err := w.take(name)
		switch {
		case err != nil:
			err = w.note(err)
		case taken != "":
			err = w.next(ctx, taken)
		}
		if err != nil {
			return err
		}
	}
	return errors.Join(w.troubles...)
}

// working is a folder while it is worked.
type working struct {
	*Folder

	root     *os.Root
	reader   Reader
	troubles []error // with single files
}

// next reads a file in working. The error ends the work; what is only the file's is noted.
func (w *working) next(ctx context.Context, name string) error {
	switch err := w.read(ctx, name); {
	case errors.Is(err, errRetry):
		w.troubles = append(w.troubles, ErrLater)
		return nil
	case err == nil, ctx.Err() != nil, errors.Is(err, ErrLater):
		return err
	default:
		return w.note(err)
	}
}

// note keeps what is wrong with a file for the end, so that it holds up no other.
func (w *working) note(err error) error {
	w.troubles = append(w.troubles, fmt.Errorf("%w: %w", ErrFile, err))
	if len(w.troubles) < mostErrors {
		return nil
	}
	return err
}

func within(dir, name string) string { return dir + "/" + name }

// makeDir makes a folder within, for those who may use the folder itself.
func (w *working) makeDir(name string) error {
	info, err := w.root.Stat(".")
	if err == nil {
		err = w.root.Mkdir(name, info.Mode().Perm())
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("drop: making %s: %w", name, cause(err))
	}
	return checkDir(w.root, name)
}

// take moves a file into working, so that nobody changes it under its name or drops another one over it. It gives the name there, or ""
// when the file is gone or has changed since it was looked at.
func (w *working) take(name string) (string, error) {
	info, err := w.root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("drop: %w", cause(err))
	}
	at := w.seen[name]
	if !info.Mode().IsRegular() || info.Size() != at.size || !info.ModTime().Equal(at.changed) {
		return "", nil
	}
	taken, err := w.move(name, workingDir, name)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	delete(w.seen, name)
	return taken, err
}

// move moves a file into a folder within, under its name or, where that is taken, with a number before its ending.
func (w *working) move(from, dir, name string) (string, error) {
	free := name
	ending := filepath.Ext(name)
	if len(ending) > 20 {
		ending = "" // a dot within a long name
	}
	for n := 2; ; n++ {
		_, err := w.root.Lstat(within(dir, free))
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return "", fmt.Errorf("drop: %s: %w", dir, cause(err))
		}
		free = fitting(strings.TrimSuffix(name, ending), "."+strconv.Itoa(n)+ending)
	}
	if err := w.root.Rename(from, within(dir, free)); err != nil {
		return "", fmt.Errorf("drop: moving a file into %s: %w", dir, cause(err))
	}
	return free, nil
}

// longestName is that of the file systems in use, in bytes: 85 Chinese characters.
const longestName = 255

// fitting gives a name with an ending of ours. One that would be too long for a file system is cut, and told apart by its hash.
func fitting(name, ending string) string {
	if len(name)+len(ending) <= longestName {
		return name + ending
	}
	ending = "~" + hashOf(name)[:8] + ending
	return strings.ToValidUTF8(name[:longestName-len(ending)], "") + ending
}

// hashOf gives the name of what is kept about a file where nobody looks for it by its own.
func hashOf(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:16])
}

// errRetry says that a file is read again later, and those behind it now.
var errRetry = fmt.Errorf("%w: one of them", ErrLater)

// read has a file in working read, and moves it aside.
func (w *working) read(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	file := File{Name: name, Path: filepath.Join(w.dir, workingDir, name)}
	data, before, why, err := w.open(within(workingDir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	file.Data = data
	defer data.Close() // once more where it was closed before it is moved
	result := Result{Outcome: Failed}
	starts, err := w.start(name)
	switch {
	case err != nil:
		return err
	case why != "":
		result.Report = w.reader.Refuse(file, why)
	case starts > w.o.MostStarts:
		result.Report = w.reader.Refuse(file, fmt.Sprintf("the program died %d times while it read this file", starts-1))
	default:
		result = w.reader.Read(ctx, file)
	}
	if err := w.ended(name); err != nil {
		return err
	}
	isSame, err := w.isStill(within(workingDir, name), data, before)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil // somebody took it away
	case err != nil:
		return err
	case result.Outcome == Later:
		return ErrLater
	case result.Outcome == Retry, !isSame:
		if w.tries[name]++; w.tries[name] < mostTries {
			return errRetry
		}
		result = Result{Failed, w.reader.Refuse(file, fmt.Sprintf("it was tried %d times; the log says what stood in the way", mostTries))}
	}
	delete(w.tries, name)
	_ = data.Close() // some systems move no file that is open; nothing was written to it
	return w.aside(file, result)
}

// open opens a file for good: what stands under its name from then on is looked at by nobody. why says that it is none to be read; it
// is open then too, unless it cannot be.
func (w *working) open(path string) (data *os.File, info fs.FileInfo, why string, err error) {
	named, err := w.root.Lstat(path)
	if err != nil {
		return nil, nil, "", fmt.Errorf("drop: %w", cause(err))
	}
	if !named.Mode().IsRegular() {
		return nil, named, "this is no file", nil
	}
	data, err = w.root.OpenFile(path, os.O_RDONLY|noFollow, 0)
	if err == nil {
		info, err = data.Stat()
	}
	if err != nil {
		return nil, nil, "", fmt.Errorf("drop: %w", cause(err))
	}
	switch {
	case !info.Mode().IsRegular() || !os.SameFile(named, info):
		why = "another file was put in its place"
	case links(info) > 1:
		why = "the file has a second name elsewhere (a hard link), and could be one that who put it here may not read: copy it here instead"
	}
	return data, info, why, nil
}

// isStill says whether a name is still that of the file that was read, and the file as it was.
func (w *working) isStill(path string, data *os.File, before fs.FileInfo) (bool, error) {
	named, err := w.root.Lstat(path)
	if err != nil {
		return false, fmt.Errorf("drop: %w", cause(err))
	}
	if data == nil {
		return true, nil // it was none before
	}
	after, err := data.Stat()
	if err != nil {
		return false, fmt.Errorf("drop: %w", cause(err))
	}
	return os.SameFile(named, after) && after.Size() == before.Size() && after.ModTime().Equal(before.ModTime()), nil
}

// aside moves a file out of working. The report comes first: a program that dies in between reads the file again.
func (w *working) aside(file File, v Result) error {
	dir := doneDir
	if v.Outcome == Failed {
		dir = failedDir
	}
	hidden := within(dir, "."+hashOf(file.Name)+".report")
	if err := w.write(hidden, v.Report); err != nil {
		return fmt.Errorf("drop: writing a report into %s: %w", dir, cause(err))
	}
	moved, err := w.move(within(workingDir, file.Name), dir, file.Name)
	if err != nil {
		return err
	}
	if err := w.root.Rename(hidden, within(dir, fitting(moved, reportEnding))); err != nil {
		return fmt.Errorf("drop: writing a report into %s: %w", dir, cause(err))
	}
	return nil
}

// write writes a file that is new: what stands under its name, left from a program that died or put there by somebody, is taken away and not
// written to.
func (w *working) write(path string, text []byte) error {
	if err := w.root.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	out, err := w.root.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY|noFollow, 0o644) // for those who may read the folder; it holds nothing private
	if err != nil {
		return err
	}
	_, err = out.Write(text)
	return errors.Join(err, out.Close())
}

// start counts that a file is begun, by the bytes of a file of its own, and gives how often it was begun by now. A program that ends
// by itself takes the count back. The count is written anew each time: one that somebody made a link would lead into another file.
func (w *working) start(name string) (int, error) {
	path := startsPath(name)
	n := 0
	if info, err := w.root.Lstat(path); err == nil && info.Mode().IsRegular() && links(info) == 1 {
		n = int(min(info.Size(), 1000))
	}
	if err := w.write(path+".new", bytes.Repeat([]byte("."), n+1)); err != nil {
		return 0, fmt.Errorf("drop: counting in working: %w", cause(err))
	}
	if err := w.root.Rename(path+".new", path); err != nil {
		return 0, fmt.Errorf("drop: counting in working: %w", cause(err))
	}
	return n + 1, nil
}

func (w *working) ended(name string) error {
	if err := w.root.Remove(startsPath(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("drop: counting in working: %w", cause(err))
	}
	return nil
}

func startsPath(name string) string { return within(workingDir, "."+hashOf(name)+".starts") }
