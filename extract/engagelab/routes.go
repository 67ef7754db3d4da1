package engagelab

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"smsetl/sms"
)

// Paths are the addresses of the three calls under the base URL. The vendor's page gives two for some of them; an empty
// field stands for the one in its URL block, and for the other one where the vendor does not know that.
type Paths struct {
	StatsDay      string // default /v1/stats_day
	ProcessFailed string // default /v1/stats/process_failed
	SendFailed    string // default /v1/stats/send_failed
}

// documented are the paths of each dataset: that of the vendor's URL block, and that of its example. For process_failed
// the second is what the other two suggest.
var documented = map[sms.Dataset][]string{
	sms.StatsDay:      {"/v1/stats_day", "/v1/data/stats_day"},
	sms.ProcessFailed: {"/v1/stats/process_failed", "/v1/data/processFailed"},
	sms.SendFailed:    {"/v1/stats/send_failed", "/v1/data/sendFailed"},
}

// routes are the paths that are asked, and those that are left to try when the vendor does not know one of them. Safe
// for use by many goroutines.
type routes struct {
	mu     sync.Mutex
	paths  map[sms.Dataset]string
	others map[sms.Dataset][]string
}

func newRoutes(set Paths) (*routes, error) {
	r := &routes{paths: make(map[sms.Dataset]string), others: make(map[sms.Dataset][]string)}
	for dataset, path := range map[sms.Dataset]string{
		sms.StatsDay: set.StatsDay, sms.ProcessFailed: set.ProcessFailed, sms.SendFailed: set.SendFailed,
	} {
		known := documented[dataset]
		switch {
		case path == "":
			r.paths[dataset], r.others[dataset] = known[0], known
		case !strings.HasPrefix(path, "/") || strings.ContainsAny(path, "?#% \t\r\n"):
			return nil, fmt.Errorf("path %q of %s: want one that starts with / and holds no query, such as %s", path, dataset, known[0])
		default:
			r.paths[dataset] = path
		}
	}
	return r, nil
}

// of gives the path of the dataset; ok is false when the vendor has no such dataset.
func (r *routes) of(dataset sms.Dataset) (path string, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	path, ok = r.paths[dataset]
	return path, ok
}

// besides gives the paths to try when the vendor does not know this one; none when it was configured.
func (r *routes) besides(dataset sms.Dataset, path string) []string {
	return slices.DeleteFunc(slices.Clone(r.others[dataset]), func(other string) bool { return other == path })
}

// use notes that the vendor knows the path. It says whether that is news.
func (r *routes) use(dataset sms.Dataset, path string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	isNews := r.paths[dataset] != path
	r.paths[dataset] = path
	return isNews
}
