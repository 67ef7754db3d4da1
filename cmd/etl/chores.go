package main

import (
	"smsetl/job"
)

// chores lists what one `etl serve` of all does now and then, whichever leads. Each must bear to be done twice at once. v.pipeline()
// gives the configuration in force.
func (v *serving) chores() []job.Chore {
	return []job.Chore{}
}
