package metabase

import (
	"context"
	"encoding/json"
	"fmt"

	"smsetl/sms"
)

// folder is a collection as Metabase has it. The id of the one at the top is a word, and a person's own has a name of its own.
type folder struct {
	ID          json.RawMessage `json:"id"`
	Name        string          `json:"name"`
	Description string          `json:"description"`
	Location    string          `json:"location"`
}

func (f folder) number() int {
	n := 0
	_ = json.Unmarshal(f.ID, &n) // "root" is no number, and not ours
	return n
}

type newFolder struct {
	Name        string `json:"name"`
	Description string `json:"description"`
}

// collection finds the collection or makes it: by its mark, else by its name at the top level.
func (b *bootstrap) collection(ctx context.Context) (id int, err error) {
	var thrownAway, all []folder
	if err := b.client.get(ctx, "/api/collection", &all); err != nil {
		return 0, err
	}
	for _, f := range all {
		if b.isOurs(f) {
			b.note("collection", f.Name, Unchanged, "")
			return f.number(), nil
		}
	}
	for _, f := range all {
		if f.Name == b.settings.Name && f.Location == "/" && f.number() != 0 {
			b.note("collection", f.Name, Kept, "it was made or described by hand")
			return f.number(), nil
		}
	}
	if err := b.client.get(ctx, "/api/collection?archived=true", &thrownAway); err != nil {
		return 0, err
	}
	for _, f := range thrownAway {
		if b.isOurs(f) {
			return 0, fmt.Errorf("metabase: %w: the collection %q is in the Trash: restore it there, or delete it for good and run this again", sms.ErrRefused, f.Name)
		}
	}
	m := b.mark("collection", "0")
	m.stored = "0"
	text := "Questions and dashboards over the SMS warehouse. What you change here stays: etl leaves it alone from then on."
	var made folder
	err = b.change(ctx, Change{"collection", b.settings.Name, Created, ""}, "POST", "/api/collection", newFolder{b.settings.Name, m.after(text)}, &made)
	return made.number(), err
}

func (b *bootstrap) isOurs(f folder) bool {
	_, m, ok := readMark(b.settings.Name, f.Description)
	return ok && m.thing == "collection"
}
