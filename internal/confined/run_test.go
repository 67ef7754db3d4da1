package confined_test

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"smsetl/internal/confined"
	"smsetl/internal/dev/long"
)

var _ = long.Wanted

// TestMain lets the test binary be a child, as the program lets itself.
func TestMain(m *testing.M) {
	if confined.IsChild(os.Args) {
		os.Exit(confined.Work(os.Args, misbehave))
	}
	os.Exit(m.Run())
}

var sink [][]byte

// misbehave does what its question says.
func misbehave(question io.Reader, file *os.File, answer io.Writer) error {
	text, err := io.ReadAll(question)
	if err != nil {
		return err
	}
	switch string(text) {
	case "memory":
		for {
			block := make([]byte, 1<<20)
			for i := range block {
				block[i] = 1
			}
			sink = append(sink, block)
		}
	case "processor":
		for n := 0; ; n++ {
			sink = sink[:0]
		}
	case "sleep":
		time.Sleep(time.Minute)
	case "talk":
		for err == nil {
			_, err = answer.Write(make([]byte, 1<<20))
		}
	case "crash":
		panic("a bug")
	case "stack":
		return recurse(0)
	case "environment":
		_, err = io.WriteString(answer, strings.Join(os.Environ(), " "))
	default:
		buf := make([]byte, 5)
		if _, err = file.ReadAt(buf, 0); err == nil {
			_, err = answer.Write(append(text, buf...))
		}
	}
	return err
}

func recurse(n int) error {
	var large [1 << 10]byte
	large[n%len(large)] = 1
	if n < 0 {
		return nil // never
	}
	return recurse(n + int(large[0]))
}

// Whatever a child does, its parent goes on and is told why it ended.
func TestChildrenDieAlone(t *testing.T) {
	if !confined.IsSupported() {
		t.Skip("there are no children on this system")
	}
	path := t.TempDir() + "/file"
	if err := os.WriteFile(path, []byte("bytes of the file"), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	t.Setenv("DATABASE_URL", "postgres://secret")
	limits := confined.Limits{Memory: 128 << 20, Processor: time.Second, Time: time.Minute, Answer: 8 << 20}
	ask := func(ctx context.Context, limits confined.Limits, question string) (string, error) {
		var said string
		err := confined.Run(ctx, limits, file, []byte(question), func(r io.Reader) error {
			all, err := io.ReadAll(r)
			said = string(all)
			return err
		})
		return said, err
	}
	if said, err := ask(t.Context(), limits, "hello "); said != "hello bytes" || err != nil {
		t.Fatalf("%q, %v", said, err)
	}
	if said, err := ask(t.Context(), limits, "environment"); err != nil || strings.Contains(said, "secret") || strings.Count(said, "=") != 2 {
		t.Errorf("the environment is %q, %v", said, err)
	}
	for question, why := range map[string]string{
		"memory": "more than 128 MiB of memory", "processor": "more than 1s of processor time", "sleep": "longer than 300ms", "talk": "more than 8 MiB",
		"crash": "exit status 2: panic: a bug", "stack": "more",
	} {
		t.Run(question, func(t *testing.T) {
			limits := limits
			if question == "sleep" {
				limits.Time = 300 * time.Millisecond
			}
			if _, err := ask(t.Context(), limits, question); !errors.Is(err, confined.ErrDied) || !strings.Contains(err.Error(), why) {
				t.Errorf("%v, want that it took %s", err, why)
			}
		})
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := ask(ctx, limits, "sleep"); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, confined.ErrDied) {
		t.Errorf("called off: %v", err)
	}
	refused := errors.New("not what was asked")
	if err := confined.Run(t.Context(), limits, file, []byte("talk"), func(io.Reader) error { return refused }); !errors.Is(err, refused) {
		t.Errorf("an answer that is refused: %v", err)
	}
}

func TestChildrenHaveLessThanTheirGroup(t *testing.T) {
	for group, want := range map[int64]int64{0: 512, 256: 160, 512: 352, 768: 512, 4096: 512} {
		if got := confined.MemoryOf(group << 20); got != want<<20 {
			t.Errorf("in a group of %d MiB a child has %d", group, got>>20)
		}
	}
}
