package main

import (
	"cmp"
	"fmt"
	"io"
	"time"

	"github.com/alecthomas/kong"

	"smsetl/cmd/etl/manual"
	"smsetl/config"
)

// helpCommand is listed among the commands; spelt makes it the flag of the one that it names.
type helpCommand struct {
	Command []string `arg:"" optional:"" help:"The command."`
}

type completionCommand struct {
	Shell string `arg:"" help:"bash, zsh, fish or powershell." enum:"bash,zsh,fish,powershell"`
}

// Run prints the script. It asks this program what may come next, so it never goes stale.
func (c *completionCommand) Run(s *session) error {
	script, err := manual.Script(c.Shell)
	if err != nil {
		return err
	}
	_, err = io.WriteString(s.stdout, script)
	return err
}

type completeCommand struct {
	Words []string `arg:"" optional:"" help:"The line up to the cursor."`
}

// Run prints a candidate a line.
func (c *completeCommand) Run(s *session, k *kong.Kong) error {
	words := manual.Words{Vendors: s.env.vendors.Configured(), Config: func(file string) config.Config {
		cfg, _ := s.openConfig(cmp.Or(file, s.env.configFile()), func(string) {})
		return cfg // with nothing to offer where the file is broken
	}}
	for _, candidate := range manual.Complete(k.Model, c.Words, words) {
		if _, err := fmt.Fprintln(s.stdout, candidate); err != nil {
			return err
		}
	}
	return nil
}

// openConfig reads a configuration whose variables and files of secrets need not be there; missing is told of each.
func (s *session) openConfig(file string, missing func(reference string)) (config.Config, error) {
	env := s.configEnv(time.Now)
	env.Open = missing
	return config.Load(file, env)
}

type manCommand struct {
	Dir string `arg:"" help:"The folder."`
}

// Run writes a page for each command.
func (c *manCommand) Run(k *kong.Kong) error {
	return manual.Write(c.Dir, k.Model, currentVersion().Version)
}

type schemaCommand struct {
	Config schemaConfig `cmd:"" help:"Print the JSON Schema (draft 2020-12) of schedules.yaml, the keys of every vendor included."`
}

type schemaConfig struct{}

// Run prints the schema.
func (c *schemaConfig) Run(s *session) error {
	schema, err := config.Schema(s.env.vendors.Configured())
	if err != nil {
		return err
	}
	_, err = s.stdout.Write(schema)
	return err
}
