//go:build !linux || !amd64

package cases

import (
	"errors"
	"io"
	"os"
)

// CanTrace says whether operations on files can be broken here.
const CanTrace = false

// traceErrand says what a tracer breaks, and where it writes what it saw.
type traceErrand struct {
	Folder string `json:"folder"`
	Result string `json:"result"`
	N      int    `json:"n"`
	Fault  Fault  `json:"fault"`
}

// traceResult is what it saw.
type traceResult struct {
	Seen   int    `json:"seen"`
	Struck string `json:"struck"`
}

// Trace is for Linux.
func Trace(*os.File, io.Writer) error {
	return errors.New("operations on files are broken on Linux only")
}
