package confined

import (
	"errors"
	"io"
	"os"
	"strconv"
)

// IsChild says whether the program was started as a child, by its arguments.
func IsChild(arguments []string) bool {
	return len(arguments) == 4 && arguments[1] == Argument
}

// Work is the whole of a child: it takes its limits upon itself, does the work and gives the exit code. The question is the parent's.
func Work(arguments []string, work func(question io.Reader, file *os.File, answer io.Writer) error) int {
	memory, err := strconv.ParseInt(arguments[2], 10, 64)
	seconds, err2 := strconv.ParseUint(arguments[3], 10, 32)
	if err = errors.Join(err, err2); err == nil {
		err = confine(uint64(memory), seconds)
	}
	if err == nil {
		err = work(os.NewFile(3, "question"), os.Stdin, os.Stdout)
	}
	if err != nil {
		_, _ = os.Stderr.WriteString(err.Error() + "\n")
		return 1
	}
	return 0
}
