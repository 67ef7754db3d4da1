package config

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// keyed matches a line that starts with a key: the indentation with its dashes, the key, the colon, the rest.
var keyed = regexp.MustCompile(`^([\s-]*)(["']?)([\p{L}\p{N}_.-]*[\p{L}\p{N}_.])["']?\s*:(?:\s(.*))?$`)

// safeLine gives a line as an excerpt may show it. It does not trust the file to be valid YAML: a value is shown only when
// the line's own key and every key it is nested under are known and no credential. A mistyped sms_kye is therefore
// masked like sms_key.
func safeLine(lines []string, i int) string {
	line := strings.TrimRight(lines[i], "\r")
	parent, ok := keyAbove(lines, i)
	if !ok {
		return printable(indentation(line) + masked)
	}
	parts := keyed.FindStringSubmatch(line)
	if parts == nil {
		return printable(safeWords(line, parent))
	}
	head := strings.TrimSuffix(line, parts[4])
	if strings.TrimSpace(parts[4]) == "" {
		return printable(strings.TrimRight(head, " "))
	}
	if !slices.Contains(plainKeys, parts[3]) || strings.Contains(parts[4], "@") && !strings.HasPrefix(parts[3], "cron") {
		return printable(head + masked)
	}
	return printable(head + safeValue(parts[4]))
}

// safeValue masks what follows in the same line when it may hold further keys, and drops a comment.
func safeValue(rest string) string {
	if i := strings.Index(rest, " #"); i >= 0 {
		rest = rest[:i]
	}
	if i := strings.IndexByte(rest, '{'); i >= 0 && !strings.HasPrefix(rest[i:], "{}") && (i == 0 || rest[i-1] != '$') {
		return rest[:i+1] + masked
	}
	if strings.Contains(rest, ": ") {
		return masked
	}
	return rest
}

// safeWords shows a line without a key: `- engagelab-main` in a list under a known key, a known key that lacks its colon,
// punctuation. Anything else could be anything, such as a whole file of secrets given by mistake.
func safeWords(line, parent string) string {
	head := indentation(line)
	body := line[len(head):]
	word, rest, _ := strings.Cut(body, " ")
	switch {
	case !strings.ContainsFunc(body, isWord):
		return line
	case rest == "" && slices.Contains(listKeys, parent) && strings.Contains(head, "-"):
		return line
	case slices.Contains(plainKeys, word):
		return head + word + " " + masked
	default:
		return head + masked
	}
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// keyAbove gives the nearest key that the line stands under, judged by indentation; ok is false when that key or one above
// it is unknown or a credential.
func keyAbove(lines []string, i int) (key string, ok bool) {
	depth := depthOf(lines[i])
	for j := i - 1; j >= 0 && depth > 0; j-- {
		d := depthOf(lines[j])
		if d >= depth || strings.TrimSpace(lines[j]) == "" {
			continue
		}
		depth = d
		parts := keyed.FindStringSubmatch(strings.TrimRight(lines[j], "\r"))
		if parts == nil && !strings.ContainsFunc(lines[j], isWord) {
			continue // a lone dash or bracket
		}
		if parts == nil || !slices.Contains(plainKeys, parts[3]) {
			return "", false
		}
		if key == "" {
			key = parts[3]
		}
	}
	return key, true
}

// depthOf is the column at which the text of a line starts, its dashes counted as indentation.
func depthOf(line string) int { return len(indentation(line)) }

func indentation(line string) string {
	return line[:len(line)-len(strings.TrimLeft(line, " \t-"))]
}
