package config

import (
	"bytes"
	"encoding/json"
	"regexp"
)

// schema is a part of a JSON Schema.
type schema struct {
	Schema      string             `json:"$schema,omitempty"`
	Title       string             `json:"title,omitempty"`
	Description string             `json:"description,omitempty"`
	Type        types              `json:"type,omitempty"`
	Const       string             `json:"const,omitempty"`
	Enum        []string           `json:"enum,omitempty"`
	Pattern     string             `json:"pattern,omitempty"`
	Minimum     *float64           `json:"minimum,omitempty"`
	Maximum     *float64           `json:"maximum,omitempty"`
	AnyOf       []*schema          `json:"anyOf,omitempty"`
	Items       *schema            `json:"items,omitempty"`
	MinItems    int                `json:"minItems,omitempty"`
	Unique      bool               `json:"uniqueItems,omitempty"`
	Properties  map[string]*schema `json:"properties,omitempty"`
	Required    []string           `json:"required,omitempty"`
	Others      any                `json:"additionalProperties,omitempty"` // false for none, else what they look like
	AllOf       []*schema          `json:"allOf,omitempty"`
	If          *schema            `json:"if,omitempty"`
	Then        *schema            `json:"then,omitempty"`
}

// types is one type or several.
type types []string

// MarshalJSON writes one type as editors show it.
func (t types) MarshalJSON() ([]byte, error) {
	if len(t) == 1 {
		return json.Marshal(t[0])
	}
	return json.Marshal([]string(t))
}

// outside matches a value that comes from outside of the file, of which nobody can tell what it will be.
const outside = `\$\{|^file:`

// Schema gives the JSON Schema (draft 2020-12) of a configuration file, for editors: the keys with their forms, as the reader itself
// has them. What only the whole file or the world shows, such as two sources of one name, it cannot see.
func Schema(vendors []Vendor) ([]byte, error) {
	r := &reader{env: Env{Vendors: vendors}}
	top := mappingSchema(r.sections(&Config{}))
	top.Schema, top.Title = "https://json-schema.org/draft/2020-12/schema", "schedules.yaml of etl"
	top.Required = []string{"sources"}
	top.Properties["sources"] = &schema{Type: types{"array"}, MinItems: 1, Items: r.sourceSchema(), Description: "what is asked for"}
	top.Properties["schedules"] = &schema{Type: types{"array"}, Items: mappingSchema((&Schedule{}).keys(nil, nil)), Description: "when it is asked for"}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(top)
	return out.Bytes(), err
}

// sourceSchema has for each vendor the keys of its sources.
func (r *reader) sourceSchema() *schema {
	var s Source
	source := mappingSchema(r.identity(&s))
	source.Others = nil
	for _, v := range r.env.Vendors {
		own := Source{}
		keys := append(r.identity(&own), r.keys(&own, v)...)
		of := mappingSchema(append(keys, own.datasets()))
		of.Type = nil
		source.AllOf = append(source.AllOf, &schema{
			If:   &schema{Properties: map[string]*schema{"vendor": {Const: string(v.Name)}}, Required: []string{"vendor"}},
			Then: of,
		})
	}
	return source
}

func mappingSchema(keys []Key) *schema {
	s := &schema{Type: types{"object"}, Properties: map[string]*schema{}, Others: false}
	for _, k := range keys {
		s.Properties[k.Name] = k.schema()
		s.Properties[k.Name].Description = k.Doc
		if k.Required {
			s.Required = append(s.Required, k.Name)
		}
	}
	return s
}

func (k *Key) schema() *schema {
	switch {
	case k.Items != nil:
		return &schema{Type: types{"array"}, Items: mappingSchema(k.Keys)}
	case k.IsList:
		list := &schema{Type: types{"array"}, Items: k.Read.form.schema(true), Unique: true}
		if k.Required {
			list.MinItems = 1
		}
		return list
	case k.Keys != nil:
		return mappingSchema(k.Keys)
	case k.Texts != nil:
		return &schema{Type: types{"object"}, Others: form{}.schema(false)}
	}
	return k.Read.form.schema(k.Want != "")
}

// schema is that of a value as it stands in the file: a number may be quoted, and anything may come from outside.
func (f form) schema(isFilled bool) *schema {
	orOutside := func(form string) *schema { return &schema{Type: types{"string"}, Pattern: form + "|" + outside} }
	bounded := func(kind string) *schema { return &schema{Type: types{kind}, Minimum: &f.least, Maximum: &f.most} }
	switch {
	case f.isWhole:
		return &schema{AnyOf: []*schema{bounded("integer"), orOutside("^[0-9]+$")}}
	case f.isNumber:
		return &schema{AnyOf: []*schema{bounded("number"), orOutside("^[0-9.eE+-]+$")}}
	case f.words != nil:
		return &schema{AnyOf: []*schema{{Enum: f.words}, {Type: types{"string"}, Pattern: outside}}}
	}
	text := &schema{Type: types{"string"}}
	if f.pattern != "" {
		text = orOutside(f.pattern)
	} else if isFilled {
		text.Pattern = "."
	}
	if regexp.MustCompile(f.pattern).MatchString("7") {
		text.Type = append(text.Type, "number") // 1400006874 is an identifier as good as any
	}
	return text
}
