package config

import (
	"cmp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"smsetl/internal/spelling"
)

// mapping is a YAML mapping being read.
type mapping struct {
	*reader
	node    ast.Node
	entries []entry
}

// entry is a key of a mapping with its value.
type entry = *ast.MappingValueNode

func nameOf(e entry) string { return e.Key.GetToken().Value }

// mapping reads n as a mapping.
func (r *reader) mapping(n ast.Node) (*mapping, bool) {
	m := &mapping{reader: r, node: n}
	var entries []entry
	switch n := n.(type) {
	case *ast.MappingNode:
		entries = n.Values
	case *ast.MappingValueNode:
		entries = []entry{n}
	case *ast.NullNode:
		r.wrongf(n, "there is nothing here: want keys with values, such as \"name: main\"")
		return nil, false
	default:
		r.wrongf(n, "want keys with values, such as \"name: main\", and not %s", kindOf(n, "a single value"))
		return nil, false
	}
	for _, e := range entries {
		if _, ok := e.Key.(ast.ScalarNode); !ok {
			r.wrongf(e.Key, "this key is not understood: want a plain name followed by \": \"")
		} else if first := m.find(nameOf(e)); first != nil {
			const what = "the key stands here a second time: line %d has it already; keep one"
			r.wrongf(e.Key, what, start(first).Position.Line)
		} else {
			m.entries = append(m.entries, e)
		}
	}
	return m, true
}

// find gives the entry of a key, or nil.
func (m *mapping) find(name string) entry {
	i := slices.IndexFunc(m.entries, func(e entry) bool { return nameOf(e) == name })
	if i < 0 {
		return nil
	}
	return m.entries[i]
}

// read takes the values of the keys and refuses every other key.
func (m *mapping) read(keys []Key) {
	m.refuse(names(keys), func(string) string { return "" })
	m.fill(keys)
}

// refuse reports every key that is not known. elsewhere says where a key does belong, or "".
func (m *mapping) refuse(known []string, elsewhere func(name string) string) {
	for _, e := range m.entries {
		name := nameOf(e)
		if slices.Contains(known, name) {
			continue
		}
		if why := elsewhere(name); why != "" {
			m.wrongf(e.Key, "%s", why)
			continue
		}
		hint := cmp.Or(spelling.Suggest(name, known), "the keys here are "+strings.Join(known, ", "))
		m.wrongf(e.Key, "unknown key: %s", hint)
	}
}

// fill takes the values of the keys, in their order.
func (m *mapping) fill(keys []Key) {
	for _, k := range keys {
		e := m.find(k.Name)
		switch {
		case e == nil && k.Required:
			m.wrongf(m.node, "%s is missing: add %s", k.Name, k.Want)
		case e == nil:
		case k.Items != nil:
			for _, n := range m.items(e) {
				if own, ok := m.mapping(n); ok {
					k.Items(own)
				}
			}
		case k.IsList:
			m.list(e, k)
		case k.Keys != nil || k.Texts != nil:
			m.section(e, k)
		default:
			m.take(e.Value, k)
		}
	}
}

// take reads one value.
func (m *mapping) take(n ast.Node, k Key) {
	v, ok := m.value(n)
	if ok && v.Text == "" && k.Want != "" {
		m.wrongf(v.node, "%s is empty: want %s", v.empty(), k.Want)
	} else if ok {
		m.took(v, k)
	}
}

func (m *mapping) took(v Value, k Key) {
	if v.isOpen && !k.Hidden {
		return // no telling before it is there
	}
	if err := k.Read.take(v); err != nil {
		m.wrongf(v.node, "%s", err)
	}
}

// section reads a mapping under a key.
func (m *mapping) section(e entry, k Key) {
	own, ok := m.mapping(e.Value)
	if !ok {
		return
	}
	if k.Texts != nil {
		for _, c := range own.entries {
			if v, ok := m.value(c.Value); ok {
				k.Texts[nameOf(c)] = v.Text
			}
		}
		return
	}
	own.read(k.Keys)
	if k.then != nil {
		k.then(e, own)
	}
}

// list reads a list of words, none of them empty or repeated.
func (m *mapping) list(e entry, k Key) {
	var seen []string
	before := len(m.mistakes)
	for _, n := range m.items(e) {
		v, ok := m.value(n)
		switch {
		case !ok:
		case v.Text == "":
			m.wrongf(v.node, "%s is empty", v.empty())
		case slices.Contains(seen, v.Text):
			m.wrongf(v.node, "%s stands in the list twice", v)
		default:
			seen = append(seen, v.Text)
			m.took(v, k)
		}
	}
	if k.Required && len(seen) == 0 && len(m.mistakes) == before {
		m.wrongf(e.Key, "the list is empty: want %s", k.Want)
	}
}

// items gives the nodes of a list.
func (m *mapping) items(e entry) []ast.Node {
	seq, ok := e.Value.(*ast.SequenceNode)
	if !ok {
		m.wrongf(e.Value, "want a list, such as [a, b], and not %s", kindOf(e.Value, "a single value"))
		return nil
	}
	return seq.Values
}
