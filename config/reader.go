package config

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// maxFileBytes is more than any schedules.yaml needs; it keeps a wrong path from being read as one.
const maxFileBytes = 1 << 20

// reader turns a file into values and collects everything that is wrong with it. Values are read from the syntax tree
// and not into structs, because the library's strict decoding stops at the first mistake, and people fix a file faster
// when they see all of them.
type reader struct {
	file      string
	env       Env
	text      excerpts
	mistakes  Mistakes
	endpoints []pushEndpoint // of the sources that may be pushed to
}

// wrongf reports what is wrong at a node. nil stands for the file as a whole.
func (r *reader) wrongf(n ast.Node, format string, args ...any) {
	if n == nil {
		r.wrongAtf(nil, "", format, args...)
		return
	}
	r.wrongAtf(start(n), keyOf(n), format, args...)
}

func (r *reader) wrongAtf(t *token.Token, key, format string, args ...any) {
	m := Mistake{key: key, text: r.file}
	if t != nil && t.Position != nil && t.Position.Line > 0 {
		m.line, m.column = t.Position.Line, max(1, t.Position.Column)
		m.text += fmt.Sprintf(":%d:%d", m.line, m.column)
	}
	if key != "" {
		m.text += ": " + key
	}
	m.text += ": " + fmt.Sprintf(format, args...)
	if line := r.text.at(m.line, m.column); line != "" {
		m.text += "\n" + line
	}
	r.mistakes = append(r.mistakes, m)
}

// keyOf gives the path of the key that a node stands under: sources[0].time_zone. What is no name may be a line whose
// colon is missing, and hold a credential: from there on the path is masked.
func keyOf(n ast.Node) string {
	path := strings.TrimPrefix(strings.TrimPrefix(n.GetPath(), "$"), ".")
	isOdd := func(r rune) bool { return !isWord(r) && !strings.ContainsRune("_-.[]", r) }
	if i := strings.IndexFunc(path, isOdd); i >= 0 {
		return path[:strings.LastIndexByte(path[:i], '.')+1] + masked
	}
	return path
}

// hasMistakeAt says whether something under the key is wrong already, so that what follows from it is not reported too.
func (r *reader) hasMistakeAt(key string) bool {
	return slices.ContainsFunc(r.mistakes, func(m Mistake) bool { return strings.HasPrefix(m.key, key) })
}

// document gives the file's one document, or nil after saying why there is none.
func (r *reader) document(data []byte) ast.Node {
	const wanted = `want "sources:" with at least one source, as "etl init" writes it`
	switch {
	case len(data) > maxFileBytes:
		r.wrongf(nil, "the file has %d bytes: a configuration has at most %d", len(data), maxFileBytes)
		return nil
	case !utf8.Valid(data):
		bad := &token.Token{Position: &token.Position{Line: r.text.badLine()}}
		r.wrongAtf(bad, "", "the file is not UTF-8 text: save it as UTF-8")
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
		r.wrongf(nil, "the file is empty: "+wanted)
		return nil
	case len(bodies) > 1:
		const what = `a second YAML document starts here: put everything into one, without "---" in between`
		r.wrongAtf(start(bodies[1]), "", what)
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

// wrongSyntax reports broken YAML with a hint for the usual slips. Only the fixed part of the library's message is
// shown: what it quotes may be a credential.
func (r *reader) wrongSyntax(err error) {
	var at yaml.Error
	if !errors.As(err, &at) {
		r.wrongf(nil, "broken YAML: %s", err)
		return
	}
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
	r.wrongAtf(at.GetToken(), "", "broken YAML: %s", message)
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

// value reads one value, expanding ${NAME} and file:PATH.
func (r *reader) value(n ast.Node) (Value, bool) {
	var written string
	switch s := n.(type) {
	case *ast.StringNode:
		written = s.Value
	case *ast.LiteralNode:
		written = strings.TrimSuffix(s.Value.Value, "\n")
	case *ast.IntegerNode, *ast.FloatNode:
		written = n.GetToken().Value // as written: 0123 is an identifier as good as any
	case *ast.NullNode:
		r.wrongf(n, "there is no value: write one, or leave the key out")
		return Value{}, false
	case *ast.AliasNode, *ast.AnchorNode, *ast.TagNode:
		r.wrongf(n, "anchors, aliases and tags are not understood here: write the value out, or put it in quotes")
		return Value{}, false
	default:
		r.wrongf(n, "want one value and not %s", kindOf(n, "true or false"))
		return Value{}, false
	}
	text, err := expand(written, r.env)
	// Decided by what the configuration says, so that a variable whose value starts with file: stays what it is.
	if path, ok := strings.CutPrefix(text, "file:"); err == nil && ok && strings.HasPrefix(written, "file:") {
		text, err = r.fileText(path)
	}
	if missing, ok := errors.AsType[*openError](err); ok && r.env.Open != nil {
		r.env.Open(missing.reference)
		return Value{node: n, Text: written, written: written, expanded: true, isOpen: true}, true
	}
	if err != nil {
		r.wrongf(n, "%s", err)
		return Value{}, false
	}
	return Value{node: n, Text: text, written: written, expanded: text != written}, true
}

// kindOf says what n is. scalar names a single value that does not fit.
func kindOf(n ast.Node, scalar string) string {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping of keys"
	case *ast.SequenceNode:
		return "a list"
	case ast.ScalarNode:
		return scalar
	default:
		return "a " + strings.ToLower(n.Type().String())
	}
}

// fileText gives what the file of a file: value holds, without the line break at its end.
func (r *reader) fileText(path string) (string, error) {
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(r.file), path)
	}
	data, err := r.env.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		const want = "put the value into it, or write ${NAME} to read a variable"
		return "", &openError{"file:" + path, fmt.Sprintf("the file %s is not there: %s", printable(path), want)}
	}
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		err = at.Err // the message has the path already
	}
	if err != nil {
		return "", fmt.Errorf("the file %s cannot be read: %w", printable(path), err)
	}
	return strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r"), nil
}
