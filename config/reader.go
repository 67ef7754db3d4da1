package config

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// maxFileBytes is more than any schedules.yaml needs; it keeps a wrong path from being read as one.
const maxFileBytes = 1 << 20

// reader turns a file into values and collects everything that is wrong with it. Values are read from the syntax tree and
// not into structs, because the library's strict decoding stops at the first mistake, and people fix a file faster when
// they see all of them.
type reader struct {
	file     string
	lines    []string
	env      Env
	mistakes Mistakes
	doors    []door // of the sources that may be pushed to
}

// place is where something stands in the file, with the path of its key.
type place struct {
	line, column int
	key          string
}

func (p place) under(key string) place {
	if p.key != "" {
		key = p.key + "." + key
	}
	return place{p.line, p.column, key}
}

func (p place) item(i int) place {
	return place{p.line, p.column, fmt.Sprintf("%s[%d]", p.key, i)}
}

func (p place) at(t *token.Token) place {
	if t != nil && t.Position != nil && t.Position.Line > 0 {
		p.line, p.column = t.Position.Line, max(1, t.Position.Column)
	}
	return p
}

func (r *reader) wrongf(p place, format string, args ...any) {
	r.mistakes = append(r.mistakes, Mistake{
		File: r.file, Line: p.line, Column: p.column, Key: p.key,
		Message: fmt.Sprintf(format, args...),
		Excerpt: excerpt(r.lines, p.line, p.column),
	})
}

// document gives the file's one document, or nil after saying why there is none.
func (r *reader) document(data []byte) ast.Node {
	const wanted = `want "sources:" with at least one source; README.md has an example`
	switch {
	case len(data) > maxFileBytes:
		r.wrongf(place{}, "the file has %d bytes: a configuration has at most %d", len(data), maxFileBytes)
		return nil
	case !utf8.Valid(data):
		r.wrongf(place{line: badLine(r.lines), column: 1}, "the file is not UTF-8 text: save it as UTF-8")
		return nil
	}
	file, err := parse(data)
	if err != nil {
		r.wrongSyntax(err)
		return nil
	}
	var bodies []ast.Node
	for _, doc := range file.Docs {
		if doc.Body != nil && doc.Body.Type() != ast.CommentType {
			bodies = append(bodies, doc.Body)
		}
	}
	switch {
	case len(bodies) == 0:
		r.wrongf(place{}, "the file is empty: "+wanted)
		return nil
	case len(bodies) > 1:
		r.wrongf(place{}.at(start(bodies[1])), "a second YAML document starts here: put everything into one, without \"---\" in between")
		return nil
	}
	return bodies[0]
}

// parse reads YAML. A panic of the library on odd bytes becomes an error: the file comes from outside.
func parse(data []byte) (file *ast.File, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("this is no YAML that can be understood")
		}
	}()
	return parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
}

// wrongSyntax reports broken YAML with a hint for the usual slips. Only the fixed part of the library's message is shown:
// what it quotes may be a credential.
func (r *reader) wrongSyntax(err error) {
	var at yaml.Error
	if !errors.As(err, &at) {
		r.wrongf(place{}, "broken YAML: %s", err)
		return
	}
	p := place{}.at(at.GetToken())
	message := at.GetMessage()
	if i := strings.Index(message, `: "`); i >= 0 {
		message = message[:i]
	}
	switch {
	case strings.Contains(message, "\t"):
		message = "a tab where spaces are needed: YAML is indented with spaces only"
	case message == "undefined alias name":
		message = `"*" starts an alias in YAML: put the value in quotes, such as "30 2 * * *"`
	case strings.HasSuffix(message, "is a reserved character"):
		message += `: put the value in quotes, such as "@every 1h"`
	case message == "mapping value is not allowed in this context":
		message += `: a value that holds ": " needs quotes, or the line below is indented too far`
	case strings.HasPrefix(message, "',' or "):
		message += ": what was opened above with [ or { is not closed before this line"
	case strings.HasPrefix(message, "value is not allowed in this context"), message == "non-map value is specified":
		message += `: check the indentation, and that every key is followed by ": "`
	}
	r.wrongf(p, "broken YAML: %s", message)
}

// start gives the token that a node begins with: a mapping's own token is the colon of its first key.
func start(n ast.Node) *token.Token {
	switch n := n.(type) {
	case *ast.MappingNode:
		if len(n.Values) > 0 && !n.IsFlowStyle {
			return n.Values[0].Key.GetToken()
		}
	case *ast.MappingValueNode:
		return n.Key.GetToken()
	case *ast.LiteralNode:
		return n.Start
	}
	return n.GetToken()
}

func badLine(lines []string) int {
	for i, line := range lines {
		if !utf8.ValidString(line) {
			return i + 1
		}
	}
	return 0
}

// scalar is a value as the reader understood it.
type scalar struct {
	place
	text     string // after expansion
	written  string // as it stands in the file
	expanded bool
}

// shown quotes the value for a message. A value that came from outside the file is shown as it was written: it may be a
// credential in the wrong place.
func (s scalar) shown() string {
	if s.expanded {
		return s.written + " (from outside the file)"
	}
	return `"` + printable(s.text) + `"`
}

// scalar reads one value, expanding ${NAME} and file:PATH.
func (r *reader) scalar(p place, n ast.Node) (scalar, bool) {
	p = p.at(start(n))
	var written string
	switch n := n.(type) {
	case *ast.StringNode:
		written = n.Value
	case *ast.LiteralNode:
		written = strings.TrimSuffix(n.Value.Value, "\n")
	case *ast.IntegerNode, *ast.FloatNode:
		written = n.GetToken().Value // as written: 0123 is an identifier as good as any
	case *ast.NullNode:
		r.wrongf(p, "there is no value: write one, or leave the key out")
		return scalar{}, false
	case *ast.AliasNode, *ast.AnchorNode, *ast.TagNode:
		r.wrongf(p, "anchors, aliases and tags are not understood here: write the value out, or put it in quotes")
		return scalar{}, false
	default:
		r.wrongf(p, "want one value and not %s", kindOf(n))
		return scalar{}, false
	}
	text, err := expand(written, r.env)
	if err != nil {
		r.wrongf(p, "%s", err)
		return scalar{}, false
	}
	// Decided by what the configuration says, so that a variable whose value starts with file: stays what it is.
	if path, ok := strings.CutPrefix(text, "file:"); ok && strings.HasPrefix(written, "file:") {
		if text, ok = r.fileText(p, path); !ok {
			return scalar{}, false
		}
	}
	return scalar{place: p, text: text, written: written, expanded: text != written}, true
}

func kindOf(n ast.Node) string {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping of keys"
	case *ast.SequenceNode:
		return "a list"
	case *ast.BoolNode:
		return "true or false"
	default:
		return "a " + strings.ToLower(n.Type().String())
	}
}

// whole reads a whole number between least and most.
func (r *reader) whole(s scalar, least, most int64) (int64, bool) {
	n, err := strconv.ParseInt(s.text, 10, 64)
	if err != nil || n < least || n > most {
		r.wrongf(s.place, "%s is not a whole number from %d to %s", s.shown(), least, ceiling(most))
		return 0, false
	}
	return n, true
}

func ceiling(most int64) string {
	if most == math.MaxInt64 {
		return "9223372036854775807"
	}
	return strconv.FormatInt(most, 10)
}

// number reads a number between least and most.
func (r *reader) number(s scalar, least, most float64) (float64, bool) {
	x, err := strconv.ParseFloat(s.text, 64)
	if err != nil || !(x >= least && x <= most) { // not a number fails both
		r.wrongf(s.place, "%s is not a number from %v to %v", s.shown(), least, most)
		return 0, false
	}
	return x, true
}

// duration reads a span such as 1h or 90m; a wrong one is 0.
func (r *reader) duration(s scalar, most time.Duration) time.Duration {
	d, err := time.ParseDuration(s.text)
	if err != nil || d < 0 || d > most {
		r.wrongf(s.place, "%s is not a time span from 0s to %v: want hours, minutes or seconds such as 1h, 90m or 30s", s.shown(), most)
		return 0
	}
	return d
}

// hasMistakeAt says whether something under the key is wrong already, so that a list left empty by it is not reported again.
func (r *reader) hasMistakeAt(key string) bool {
	for _, m := range r.mistakes {
		if strings.HasPrefix(m.Key, key) {
			return true
		}
	}
	return false
}
