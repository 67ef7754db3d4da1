package temper_test

import (
	"fmt"
	"time"

	"smsetl/internal/dev/temper"
)

// A world says what its vendor tells of a day, and what it really holds.
func Example() {
	half, _ := temper.Named("outage of a day, half, rows only")
	first := temper.Day(20089) // 2025-01-01
	w := temper.Of(false, half).World(7, first)
	morning := time.Date(2025, 1, 12, 3, 0, 0, 0, time.FixedZone("+08:00", 8*3600)) // day 11, in the outage
	for _, day := range []temper.Day{first + 5, first + 10} {
		said, truth := w.Observe(day, morning), w.Truth(day, morning)
		fmt.Println(day, "rows:", said.Stats.Requested, "check sum:", said.Check.Requested, "truth:", truth.Requested)
	}
	// Output:
	// 2025-01-06 rows: 579 check sum: 1203 truth: 1203
	// 2025-01-11 rows: 454 check sum: 942 truth: 942
}
