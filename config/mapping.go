package config

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"smsetl/internal/spelling"
)

// mapping is a YAML mapping being read. Each getter says what is wrong with its key's value and then gives the default.
type mapping struct {
	*reader
	place
	entries []entry
}

type entry struct {
	place // of the key
	name  string
	value ast.Node
}

// mapping reads n as a mapping. Its place is that of its first key.
func (r *reader) mapping(p place, n ast.Node) (*mapping, bool) {
	m := &mapping{reader: r, place: p.at(start(n))}
	var values []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	case *ast.NullNode:
		r.wrongf(m.place, "there is nothing here: want keys with values, such as \"name: main\"")
		return nil, false
	default:
		r.wrongf(m.place, "want keys with values, such as \"name: main\", and not %s", kindWithScalars(n))
		return nil, false
	}
	for _, v := range values {
		key, ok := v.Key.(ast.ScalarNode)
		if !ok {
			r.wrongf(m.at(v.Key.GetToken()), "this key is not understood: want a plain name followed by \": \"")
			continue
		}
		name := key.GetToken().Value
		e := entry{place: m.under(printable(name)).at(v.Key.GetToken()), name: name, value: v.Value}
		if first, ok := m.find(name); ok {
			r.wrongf(e.place, "the key stands here a second time: line %d has it already; keep one", first.line)
			continue
		}
		m.entries = append(m.entries, e)
	}
	return m, true
}

func kindWithScalars(n ast.Node) string {
	if _, ok := n.(ast.ScalarNode); ok {
		return "a single value"
	}
	return kindOf(n)
}

func (m *mapping) find(name string) (entry, bool) {
	i := slices.IndexFunc(m.entries, func(e entry) bool { return e.name == name })
	if i < 0 {
		return entry{}, false
	}
	return m.entries[i], true
}

// refuse reports every key that is not known. elsewhere says where a key does belong, or "".
func (m *mapping) refuse(known []string, elsewhere func(name string) string) {
	for _, e := range m.entries {
		if slices.Contains(known, e.name) {
			continue
		}
		if why := elsewhere(e.name); why != "" {
			m.wrongf(e.place, "%s", why)
			continue
		}
		hint := spelling.Suggest(e.name, known)
		if hint == "" {
			hint = "the keys here are " + strings.Join(known, ", ")
		}
		m.wrongf(e.place, "unknown key: %s", hint)
	}
}

// scalar gives the value of a key; ok is false when the key is not there or its value is wrong.
func (m *mapping) scalar(name string) (scalar, bool) {
	e, ok := m.find(name)
	if !ok {
		return scalar{}, false
	}
	return m.reader.scalar(e.place, e.value)
}

// required gives the value of a key that has no default.
func (m *mapping) required(name, example string) (scalar, bool) {
	if _, ok := m.find(name); !ok {
		m.wrongf(m.place, "%s is missing: add %s", name, example)
		return scalar{}, false
	}
	s, ok := m.scalar(name)
	if ok && s.text == "" {
		m.wrongf(s.place, "%s is empty: want %s", emptyOf(s), example)
		return scalar{}, false
	}
	return s, ok
}

func emptyOf(s scalar) string {
	if s.expanded {
		return s.written
	}
	return "the value"
}

func (m *mapping) text(name, otherwise string) (scalar, bool) {
	s, ok := m.scalar(name)
	if !ok {
		return scalar{place: m.place, text: otherwise}, false
	}
	return s, true
}

func (m *mapping) whole(name string, otherwise, least, most int64) int64 {
	if s, ok := m.scalar(name); ok {
		if n, ok := m.reader.whole(s, least, most); ok {
			return n
		}
	}
	return otherwise
}

func (m *mapping) number(name string, otherwise, least, most float64) float64 {
	if s, ok := m.scalar(name); ok {
		if x, ok := m.reader.number(s, least, most); ok {
			return x
		}
	}
	return otherwise
}

// items gives the nodes of a list with their places; ok is false when the key is not there or is no list.
func (m *mapping) items(name string) (list entry, nodes []ast.Node, ok bool) {
	e, ok := m.find(name)
	if !ok {
		return entry{}, nil, false
	}
	seq, ok := e.value.(*ast.SequenceNode)
	if !ok {
		m.wrongf(e.at(start(e.value)), "want a list, such as [a, b], and not %s", kindWithScalars(e.value))
		return e, nil, false
	}
	return e, seq.Values, true
}

// words gives a list of values without empty and repeated ones.
func (m *mapping) words(name string) (list entry, words []scalar, ok bool) {
	list, nodes, ok := m.items(name)
	for i, n := range nodes {
		s, read := m.reader.scalar(list.item(i), n)
		switch same := func(o scalar) bool { return o.text == s.text }; {
		case !read:
		case s.text == "":
			m.wrongf(s.place, "%s is empty", emptyOf(s))
		case slices.ContainsFunc(words, same):
			m.wrongf(s.place, "%s stands in the list twice", s.shown())
		default:
			words = append(words, s)
		}
	}
	return list, words, ok
}
