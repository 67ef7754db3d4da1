package sheet

import (
	"fmt"
	"strings"
)

// Trend draws numbers beside each other, each as a bar against the largest; one that is not known has no bar. Files hold the numbers.
func Trend(all []*int64) Cell {
	var most, first, last *int64
	texts := make([]string, len(all))
	for i, n := range all {
		if texts[i] = "null"; n == nil {
			continue
		}
		texts[i], last = Whole(*n).Raw, n
		if first == nil {
			first = n
		}
		if most == nil || *n > *most {
			most = n
		}
	}
	if most == nil || len(all) < 2 {
		return None
	}
	step := 100 / float64(len(all))
	var path strings.Builder
	for i, n := range all {
		if n != nil && *n > 0 {
			fmt.Fprintf(&path, "M%.1f 16V%.1fh%.1fV16z", float64(i)*step, 15*(1-float64(*n)/float64(*most)), step*.75)
		}
	}
	return Cell{Show: fmt.Sprintf("from %s to %s, at most %s", Grouped(*first), Grouped(*last), Grouped(*most)), Raw: strings.Join(texts, " "), Draw: path.String()}
}
