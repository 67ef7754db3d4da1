package show

import (
	"smsetl/internal/english"
	"smsetl/pipeline"
)

// ImportedNames is what an import of names came to.
type ImportedNames struct {
	Names   int   `json:"names"`
	Changed int64 `json:"changed"` // that are new or other than before
}

// RefreshedNames tells what the vendors say about names.
func RefreshedNames(all []pipeline.SourceNames) string {
	t := &text{}
	for _, s := range all {
		if s.Refused != "" {
			t.printf("%s gives no names: %s\n", s.Source, s.Refused)
			continue
		}
		t.printf("%s: %s, %s new or changed\n", s.Source, english.Plural(s.Names, "name"), english.Number(s.Changed))
	}
	if len(all) == 0 {
		t.printf("No source is asked for names\n")
	}
	return t.String()
}
