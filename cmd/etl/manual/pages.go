package manual

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"github.com/alecthomas/kong"
)

// roff writes a man page in the man macros, which man-db, mandoc and groff read.
var roff = template.Must(template.New("man").Funcs(template.FuncMap{"esc": escape, "help": Help, "entry": Of}).Parse(
	`.TH {{.Title}} 1 "" "etl {{.Version}}"
.SH NAME
{{.Name}} \- {{esc .Help}}
.SH SYNOPSIS
.B etl
{{esc .Command.Summary}}
{{- with .Children}}
.SH COMMANDS{{range .}}{{if not .Hidden}}
.TP
.B etl {{esc .Path}}
{{esc .Help}}{{end}}{{end}}{{end}}
{{- with .Positional}}
.SH ARGUMENTS{{range .}}
.TP
.I {{esc .Name}}
{{esc (help .)}}{{end}}{{end}}
.SH OPTIONS{{range .Flags}}
.TP
.B {{esc .Value.Summary}}
{{esc (help .Value)}}{{end}}
{{- with entry .Command}}
{{- with .Variables}}
.SH ENVIRONMENT{{range .}}
.TP
.B {{.Name}}
{{esc .Does}}{{end}}{{end}}
{{- with .Examples}}
.SH EXAMPLES
.nf{{range .}}
{{esc .}}{{end}}
.fi{{end}}{{end}}
`))

// page is what the template takes.
type page struct {
	*kong.Command
	Title, Name, Version string
	Flags                []*kong.Flag
}

// escape keeps roff from reading text as requests.
func escape(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		return `\&` + text
	}
	return text
}

// Write writes the man pages of the program and of every command that can be run into a folder: etl-backfill.1.
func Write(dir string, app *kong.Application, version string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // everybody may read a manual
		return err
	}
	for _, node := range append([]*kong.Node{app.Node}, app.Leaves(true)...) {
		name := strings.ReplaceAll(strings.TrimSpace("etl "+node.Path()), " ", "-")
		var text bytes.Buffer
		if err := roff.Execute(&text, page{node, strings.ToUpper(name), name, version, slices.Concat(node.AllFlags(true)...)}); err != nil {
			return fmt.Errorf("the manual of %s: %w", name, err)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".1"), text.Bytes(), 0o644); err != nil { //nolint:gosec // as above
			return err
		}
	}
	return nil
}
