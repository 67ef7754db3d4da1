// Package spelling finds the word that was probably meant.
package spelling

import "strings"

// Suggest gives `did you mean "region"?` for the word of known that is nearest to what was written, or "" when none is near
// enough to be a slip of the fingers.
func Suggest(written string, known []string) string {
	written = strings.ToLower(written)
	best, least := "", max(2, len(written)/3)+1
	for _, word := range known {
		if d := slips(written, strings.ToLower(word)); d < least && d < len(word) {
			best, least = word, d
		}
	}
	if best == "" {
		return ""
	}
	return `did you mean "` + best + `"?`
}

// slips counts the letters to insert, drop, change or swap with their neighbour to get from a to b.
func slips(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := last[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			row[j] = min(change, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
