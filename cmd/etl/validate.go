package main

import (
	"cmp"

	"smsetl/cmd/etl/show"
	"smsetl/config"
)

type validateCommand struct {
	File string `arg:"" optional:"" help:"The file. Default: that of --config."`
	configFlag
	outputFlag
}

// Run reads the configuration as every command does, but for what is not in the file.
func (c *validateCommand) Run(s *session) error {
	var missing []string
	file := cmp.Or(c.File, c.Config)
	cfg, err := s.openConfig(file, func(reference string) { missing = append(missing, reference) })
	if err != nil {
		return config.BadFile(err)
	}
	valid := show.NewValid(file, cfg, missing)
	return c.print(s, valid, valid.Text()+"Next: "+s.with("etl doctor", file)+"\n", exitOK)
}

// with gives a command as it reads the file: only one that is not found by itself is named.
func (s *session) with(command, file string) string {
	if file == s.env.configFile() {
		return command
	}
	return command + " --config " + file
}
