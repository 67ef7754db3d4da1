package config

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// excerpts shows lines of a file whose credentials no message may show.
type excerpts struct {
	lines []string
	plain []string // keys whose values may be shown: every known one but the credentials
	lists []string // those of them whose values are lists of words
}

// know takes in the keys that a file may have.
func (x *excerpts) know(keys []Key) {
	for _, k := range keys {
		if k.Hidden {
			continue
		}
		x.plain = append(x.plain, k.Name)
		if k.IsList {
			x.lists = append(x.lists, k.Name)
		}
		x.know(k.Keys)
	}
}

func (x *excerpts) badLine() int {
	return slices.IndexFunc(x.lines, func(line string) bool { return !utf8.ValidString(line) }) + 1
}

// excerptWidth is what of a long line is shown around the place.
const excerptWidth = 100

// at gives the numbered line with a caret under the column.
func (x *excerpts) at(line, column int) string {
	if line < 1 || line > len(x.lines) {
		return ""
	}
	shown := []rune(x.safeLine(line - 1))
	at := max(0, min(column-1, len(shown)))
	if end := len(shown) - len(masked); at > end && strings.HasSuffix(string(shown), masked) {
		at = max(0, end) // the place itself is masked
	}
	if at > excerptWidth {
		cut := at - excerptWidth/2
		shown, at = append([]rune("…"), shown[cut:]...), at-cut+1
	}
	if len(shown) > excerptWidth+20 {
		shown = append(shown[:excerptWidth+20:excerptWidth+20], '…')
	}
	return fmt.Sprintf("%5d | %s\n      | %s^", line, string(shown), strings.Repeat(" ", at))
}

// keyed matches a line that starts with a key: the indentation with its dashes, the key, the colon, the rest.
var keyed = regexp.MustCompile(`^([\s-]*)(["']?)([\p{L}\p{N}_.-]*[\p{L}\p{N}_.])["']?\s*:(?:\s(.*))?$`)

// safeLine gives a line as an excerpt may show it. It does not trust the file to be valid YAML: a value is shown only
// when the line's own key and every key it is nested under are known and no credential. A mistyped sms_kye is
// therefore masked like sms_key.
func (x *excerpts) safeLine(i int) string {
	line := strings.TrimRight(x.lines[i], "\r")
	parent, ok := x.keyAbove(i)
	if !ok {
		return printable(indentation(line) + masked)
	}
	parts := keyed.FindStringSubmatch(line)
	if parts == nil {
		return printable(x.safeWords(line, parent))
	}
	head := strings.TrimSuffix(line, parts[4])
	if strings.TrimSpace(parts[4]) == "" {
		return printable(strings.TrimRight(head, " "))
	}
	if !slices.Contains(x.plain, parts[3]) || strings.Contains(parts[4], "@") && !strings.HasPrefix(parts[3], "cron") {
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

// safeWords shows a line without a key: `- engagelab-main` in a list under a known key, a known key that lacks its
// colon, punctuation. Anything else could be anything, such as a whole file of secrets given by mistake.
func (x *excerpts) safeWords(line, parent string) string {
	head := indentation(line)
	body := line[len(head):]
	word, rest, _ := strings.Cut(body, " ")
	switch {
	case !strings.ContainsFunc(body, isWord):
		return line
	case rest == "" && slices.Contains(x.lists, parent) && strings.Contains(head, "-"):
		return line
	case slices.Contains(x.plain, word):
		return head + word + " " + masked
	default:
		return head + masked
	}
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// keyAbove gives the nearest key that the line stands under, judged by indentation; ok is false when that key or one
// above it is unknown or a credential.
func (x *excerpts) keyAbove(i int) (key string, ok bool) {
	depth := depthOf(x.lines[i])
	for j := i - 1; j >= 0 && depth > 0; j-- {
		d := depthOf(x.lines[j])
		if d >= depth || strings.TrimSpace(x.lines[j]) == "" {
			continue
		}
		depth = d
		parts := keyed.FindStringSubmatch(strings.TrimRight(x.lines[j], "\r"))
		if parts == nil && !strings.ContainsFunc(x.lines[j], isWord) {
			continue // a lone dash or bracket
		}
		if parts == nil || !slices.Contains(x.plain, parts[3]) {
			return "", false
		}
		key = cmp.Or(key, parts[3])
	}
	return key, true
}

// depthOf is the column at which the text of a line starts, its dashes counted as indentation.
func depthOf(line string) int { return len(indentation(line)) }

func indentation(line string) string {
	return line[:len(line)-len(strings.TrimLeft(line, " \t-"))]
}
