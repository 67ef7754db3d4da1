package job

import (
	"smsetl/load"
	"smsetl/queue"
	"smsetl/sms"
)

// Progress is told what happens, from several goroutines at once. It must not block for long.
type Progress interface {
	// Called reports one answer of a vendor.
	Called(answer sms.Payload)
	// Finished reports the end of a window: loaded when err is nil, given up otherwise.
	Finished(item queue.Item, result load.Result, err error)
}
