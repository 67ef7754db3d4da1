package manual

import (
	"embed"
	"io/fs"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"smsetl/config"
)

// CompleteCommand is what the scripts call with the words of the line up to the cursor; they get a candidate a line, with what it is
// after a tab.
const CompleteCommand = "__complete"

//go:embed completion
var scripts embed.FS

// Script gives what a shell has to run to complete commands.
func Script(shell string) (string, error) {
	text, err := fs.ReadFile(scripts, "completion/etl."+shell)
	return string(text), err
}

// Words is where the words come from that may stand for a flag or an argument.
type Words struct {
	Vendors []config.Vendor
	Config  func(file string) config.Config // of the file that the line names, "" for none
}

// of gives the words for a flag or an argument that has no enum.
func (w Words) of(name, file string) []string {
	var all []string
	for i := range w.Vendors {
		switch v := &w.Vendors[i]; name {
		case "vendor":
			all = append(all, string(v.Name))
		case "dataset":
			for _, dataset := range v.DatasetNames() {
				all = append(all, string(dataset))
			}
		}
	}
	if name == "source" || name == "account" {
		for _, source := range w.Config(file).Sources {
			if name == "account" {
				all = append(all, source.AccountIDs...)
			} else {
				all = append(all, source.Name)
			}
		}
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(word string) bool { return word == "" || strings.HasPrefix(word, "${") })
}

// line is a command line up to its last word.
type line struct {
	node  *kong.Node
	given map[string]string
	open  *kong.Flag // that waits for its value
	args  int
	// isLost is a command that there is not.
	isLost bool
}

// Complete gives the candidates for the last of the words, which may be empty.
func Complete(app *kong.Application, words []string, known Words) []string {
	words = slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w == "=" }) // bash cuts --flag=value into three
	if len(words) == 0 {
		words = []string{""}
	}
	current := words[len(words)-1]
	if current == `""` { // how Windows hands over nothing
		current = ""
	}
	l := line{node: app.Node, given: map[string]string{}}
	for _, word := range words[:len(words)-1] {
		l.read(word)
	}
	var all []string
	name, _, hasValue := strings.Cut(current, "=")
	switch {
	case l.isLost:
	case l.open != nil:
		all = candidates(l.open.Value, known, l.given, "")
	case hasValue && l.flag(name) != nil:
		all = candidates(l.flag(name).Value, known, l.given, name+"=")
	case strings.HasPrefix(current, "-"):
		for _, flag := range slices.Concat(l.node.AllFlags(true)...) {
			all = append(all, "--"+flag.Name+"\t"+flag.Help)
		}
	default:
		for _, child := range l.node.Children {
			if !child.Hidden {
				all = append(all, child.Name+"\t"+child.Help)
			}
		}
		if n := len(l.node.Positional); n > 0 {
			if arg := l.node.Positional[min(l.args, n-1)]; l.args < n || arg.IsCumulative() {
				all = candidates(arg, known, l.given, "")
			}
		}
	}
	return slices.DeleteFunc(all, func(c string) bool { return !strings.HasPrefix(c, current) })
}

func (l *line) read(word string) {
	if l.open != nil {
		l.given[l.open.Name], l.open = word, nil
		return
	}
	name, value, hasValue := strings.Cut(word, "=")
	if flag := l.flag(name); flag != nil {
		l.given[flag.Name] = value
		if !hasValue && !flag.IsBool() {
			l.open = flag
		}
		return
	}
	if i := slices.IndexFunc(l.node.Children, func(n *kong.Node) bool { return n.Name == word }); i >= 0 {
		l.node, l.args = l.node.Children[i], 0
		return
	}
	l.args++
	l.isLost = l.isLost || len(l.node.Children) > 0
}

// flag gives the flag of a word such as --output or -o, nil for none.
func (l *line) flag(word string) *kong.Flag {
	for _, flag := range slices.Concat(l.node.AllFlags(false)...) {
		if word == "--"+flag.Name || flag.Short != 0 && word == "-"+string(flag.Short) {
			return flag
		}
	}
	return nil
}

func candidates(v *kong.Value, known Words, given map[string]string, before string) []string {
	all := known.of(v.Name, given["config"])
	if v.Enum != "" {
		all = slices.DeleteFunc(v.EnumSlice(), func(word string) bool { return word == "" })
	}
	for i, word := range all {
		all[i] = before + word
	}
	return all
}
