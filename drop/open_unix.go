//go:build unix

package drop

import (
	"io/fs"
	"syscall"
)

// noFollow opens no link, and does not wait for whoever writes into a pipe.
const noFollow = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// links gives how many names a file has.
func links(info fs.FileInfo) uint64 {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(stat.Nlink) //nolint:unconvert // narrower on other systems
	}
	return 1
}
