package star

import "smsetl/internal/dev/long"

// Nothing here is long; the flag is known all the same, so that it can be given to all packages at once.
var _ = long.Wanted
