package dictionary

import (
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"smsetl/internal/dev/pgtest"
	"smsetl/load"
	"smsetl/read"
)

var update = flag.Bool("update", false, "write docs/schema.md instead of comparing with it")

const file = "../../docs/schema.md"

func catalog(t *testing.T) []read.Relation {
	t.Helper()
	wh, err := load.Open(t.Context(), pgtest.New(t), load.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(wh.Close)
	all, err := read.New(wh.DB, time.Now).Dictionary(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestSchemaIsCurrent(t *testing.T) {
	t.Parallel()
	got := markdown(catalog(t))
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("docs/schema.md is not what the catalog says (-file +catalog); run go test ./internal/dictionary -update:\n%s", d)
	}
}

// The page is well-formed, reaches everything, escapes what comments hold, and asks for nothing outside of itself.
func TestPage(t *testing.T) {
	t.Parallel()
	all := catalog(t)
	all[0].Comment = `rows. <script>alert("1")</script>`
	made, err := HTML(all)
	if err != nil {
		t.Fatal(err)
	}
	text := "<main>" + string(made) + "</main>"
	for _, outside := range []string{"<script", "<style", "style=", "http:", "https:", "src=", "@import", "url(", "<no value>", "ZgotmplZ"} {
		if strings.Contains(text, outside) {
			t.Errorf("the page holds %q", outside)
		}
	}
	ids, links := map[string]bool{}, []string{}
	d := xml.NewDecoder(strings.NewReader(text))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if start, is := token.(xml.StartElement); is {
			for _, a := range start.Attr {
				switch a.Name.Local {
				case "id":
					ids[a.Value] = true
				case "href":
					links = append(links, a.Value)
				}
			}
		}
	}
	for _, r := range all {
		name, _, _ := strings.Cut(r.Name, "(")
		if !ids[r.Schema+"."+name] || r.Kind == "function" && !strings.HasSuffix(r.Name, ")") {
			t.Errorf("%s.%s is not on the page", r.Schema, r.Name)
		}
	}
	for _, link := range links {
		if !ids[strings.TrimPrefix(link, "#")] {
			t.Errorf("%s leads nowhere", link)
		}
	}
	if len(links) < len(all) {
		t.Errorf("%d links to %d relations", len(links), len(all))
	}
}
