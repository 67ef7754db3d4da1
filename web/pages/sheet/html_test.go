package sheet

import "testing"

func TestRowsAsPagesHaveThem(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		cell Cell
		want string
	}{
		{"text", Text("a template"), `<td data-name="&#34;name&#34;">a template</td>`},
		{"nothing", None, `<td data-name="&#34;name&#34;"><span class="none">–</span></td>`},
		{"markup", Text(`<script>alert("1")</script>'`), `<td data-name="&#34;name&#34;">&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt;&#39;</td>`},
		{"a page", Text("a").To(`/day?x="><b>&y=1`), `<td data-name="&#34;name&#34;"><a href="/day?x=&#34;&gt;&lt;b&gt;&amp;y=1">a</a></td>`},
		{"a script for an address", Text("a").To("javascript:alert(1)"), `<td data-name="&#34;name&#34;">a</td>`},
		{"somebody else's address", Text("a").To("//evil.example/"), `<td data-name="&#34;name&#34;">a</td>`},
		{"a name", Cell{Show: "1", Name: "<i>"}, `<td data-name="&#34;name&#34;">1 <small>&lt;i&gt;</small></td>`},
		{"a state", state("final"), `<td class="one" data-name="&#34;name&#34;"><span class="mark final" aria-hidden="true">F</span> final</td>`},
		{"a bar", Cell{Show: "1", Kind: IsNumber, Bar: 7}, `<td data-name="&#34;name&#34;">1<svg class="share" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect width="7" height="8"/></svg></td>`},
		{"a picture", Cell{Show: `"up"`, Draw: "M0"}, `<td data-name="&#34;name&#34;"><svg class="trend-bars" viewBox="0 0 100 16" preserveAspectRatio="none" role="img" aria-label="&#34;up&#34;"><path d="M0"/></svg></td>`},
	} {
		table := Table{Columns: []Column{{Title: "only in files", IsFiled: true}, {Title: `"name"`}}}
		if got := string(table.HTML([]Cell{Text("left out"), c.cell})); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}
