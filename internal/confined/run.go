package confined

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"smsetl/internal/spawn"
)

// Argument is the hidden argument by which the program knows that it is a child.
const Argument = "confined-work"

// Limits are what a child may use. Zero values are replaced by the defaults.
type Limits struct {
	Memory    int64         // bytes of data; default 512 MiB, or what the group of processes has beside its parent
	Processor time.Duration // in whole seconds; default 2 minutes
	Time      time.Duration // by the clock; default 10 minutes
	Answer    int64         // bytes that it may answer with; default 384 MiB
}

func (l *Limits) setDefaults() {
	if l.Memory == 0 {
		l.Memory = memoryOf(groupLimit())
	}
	if l.Processor == 0 {
		l.Processor = 2 * time.Minute
	}
	if l.Time == 0 {
		l.Time = 10 * time.Minute
	}
	if l.Answer == 0 {
		l.Answer = 384 << 20
	}
}

// memoryOf gives the memory of a child in a group of processes that has so much in all; 0 for no limit. Systemd and Kubernetes end all of
// a group when one process takes the last of it, so the child's limit has to come first.
func memoryOf(group int64) int64 {
	const (
		most   = 512 << 20
		least  = 160 << 20 // an export of 10,000 rows needs less
		parent = 160 << 20
	)
	if group == 0 {
		return most
	}
	return min(most, max(least, group-parent))
}

var (
	// ErrDied says that a child ended before its work was done, and why as far as that can be seen.
	ErrDied = errors.New("the process that did it was ended")
	// ErrNotStarted says that no child could be started, which is no fault of the work.
	ErrNotStarted = errors.New("no process can be started")
)

// Run does a piece of work on a file in a child. The question goes to it through a pipe, so that no secret in it stands in an
// environment or a command line. answer reads what it says to the end.
func Run(ctx context.Context, limits Limits, file *os.File, question []byte, answer func(io.Reader) error) error {
	limits.setDefaults()
	timed, cancel := context.WithTimeout(ctx, limits.Time)
	defer cancel()
	asked, ask, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotStarted, err)
	}
	defer asked.Close()
	defer ask.Close()
	said := &head{}
	cmd := spawn.CommandContext(timed, spawn.Plain, self, Argument, strconv.FormatInt(limits.Memory, 10), strconv.Itoa(int(limits.Processor.Seconds())))
	// Nothing of ours. The collector works harder well below the limit, and a crash prints no more than where.
	cmd.Env = []string{"GOMEMLIMIT=" + strconv.FormatInt(limits.Memory/8*5, 10), "GOTRACEBACK=single"}
	cmd.Stdin, cmd.Stderr, cmd.ExtraFiles, cmd.SysProcAttr, cmd.WaitDelay = file, said, []*os.File{asked}, attributes(), time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotStarted, err)
	}
	// The child ends with its parent, which to the system is the thread that started it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%w: %w", ErrNotStarted, err)
	}
	_ = asked.Close() // it is the child's now
	_, err = ask.Write(question)
	_ = ask.Close()
	from := &bounded{from: out, left: limits.Answer}
	if err == nil {
		err = answer(from)
	}
	_ = out.Close() // who still writes ends
	waited := cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case timed.Err() != nil:
		return fmt.Errorf("%w: it took longer than %s", ErrDied, limits.Time)
	case from.left < 0:
		return fmt.Errorf("%w: it answered with more than %s", ErrDied, mebibytes(limits.Answer))
	case waited == nil || isBrokenPipe(cmd.ProcessState):
		return err
	}
	return fmt.Errorf("%w: %s", ErrDied, limits.cause(cmd.ProcessState, said.String()))
}

// cause says what ended a child.
func (l *Limits) cause(state *os.ProcessState, said string) string {
	switch {
	case state.UserTime()+state.SystemTime() >= l.Processor/4*3: // ticks are counted coarsely
		return fmt.Sprintf("it took more than %s of processor time", l.Processor)
	case strings.Contains(said, "out of memory"), strings.Contains(said, "cannot allocate memory"),
		strings.Contains(said, "pthread_create failed"), strings.Contains(said, "failed to create new OS thread"), // for a stack
		strings.HasPrefix(said, "SIGSEGV"): // the runtime itself, where it finds no memory for itself
		return "it took more than " + mebibytes(l.Memory) + " of memory"
	case strings.Contains(said, "stack exceeds"):
		return "it took more stack than there is"
	}
	first, _, _ := strings.Cut(said, "\n")
	return strings.TrimSuffix(state.String()+": "+first, ": ") // killed by the system or by a person, or a crash
}

func mebibytes(n int64) string { return strconv.FormatInt(n>>20, 10) + " MiB" }

// bounded ends with an error where more comes than may; io.LimitReader would end as if that were all.
type bounded struct {
	from io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, errors.New("more than may be")
	}
	return n, err
}

// head keeps the first bytes of what a child has to complain.
type head struct{ strings.Builder }

func (h *head) Write(p []byte) (int, error) {
	const most = 16 << 10
	h.Builder.Write(p[:min(len(p), max(0, most-h.Len()))])
	return len(p), nil
}
