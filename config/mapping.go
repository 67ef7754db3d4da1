package config

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"smsetl/internal/spelling"
)

// mapping is a YAML mapping being read.
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

// valuePlace is where the value of the key starts.
func (e entry) valuePlace() place { return e.at(start(e.value)) }

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
		r.wrongf(m.place, "want keys with values, such as \"name: main\", and not %s", kindOf(n, "a single value"))
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

func (m *mapping) find(name string) (entry, bool) {
	i := slices.IndexFunc(m.entries, func(e entry) bool { return e.name == name })
	if i < 0 {
		return entry{}, false
	}
	return m.entries[i], true
}

// read takes the values of the keys and refuses every other key.
func (m *mapping) read(keys []Key) {
	m.refuse(names(keys), func(string) string { return "" })
	m.fill(keys)
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

// fill takes the values of the keys, in their order.
func (m *mapping) fill(keys []Key) {
	for _, k := range keys {
		e, ok := m.find(k.Name)
		switch {
		case !ok && k.Required:
			m.wrongf(m.place, "%s is missing: add %s", k.Name, k.Want)
		case !ok:
		case k.IsList:
			m.list(e, k)
		case k.Keys != nil || k.Texts != nil:
			m.section(e, k)
		default:
			m.take(e.place, e.value, k)
		}
	}
}

// take reads one value.
func (m *mapping) take(p place, n ast.Node, k Key) {
	v, ok := m.value(p, n)
	if ok && v.Text == "" && k.Want != "" {
		m.wrongf(v.place, "%s is empty: want %s", v.empty(), k.Want)
	} else if ok {
		m.took(v, k)
	}
}

func (m *mapping) took(v Value, k Key) {
	if err := k.Read(v); err != nil {
		m.wrongf(v.place, "%s", err)
	}
}

// section reads a mapping under a key.
func (m *mapping) section(e entry, k Key) {
	own, ok := m.mapping(e.place, e.value)
	if !ok {
		return
	}
	if k.Texts != nil {
		for _, c := range own.entries {
			if v, ok := m.value(c.place, c.value); ok {
				k.Texts[c.name] = v.Text
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
	for i, n := range m.items(e) {
		v, ok := m.value(e.item(i), n)
		switch {
		case !ok:
		case v.Text == "":
			m.wrongf(v.place, "%s is empty", v.empty())
		case slices.Contains(seen, v.Text):
			m.wrongf(v.place, "%s stands in the list twice", v)
		default:
			seen = append(seen, v.Text)
			m.took(v, k)
		}
	}
	if k.Required && len(seen) == 0 && len(m.mistakes) == before {
		m.wrongf(e.place, "the list is empty: want %s", k.Want)
	}
}

// items gives the nodes of a list.
func (m *mapping) items(e entry) []ast.Node {
	seq, ok := e.value.(*ast.SequenceNode)
	if !ok {
		m.wrongf(e.valuePlace(), "want a list, such as [a, b], and not %s", kindOf(e.value, "a single value"))
		return nil
	}
	return seq.Values
}
