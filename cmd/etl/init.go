package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"smsetl/cmd/etl/ask"
	"smsetl/config"
	"smsetl/internal/english"
)

// initCommand writes a first configuration.
type initCommand struct {
	configFlag
	ask.First
}

// Run writes the file. One that is there is left alone.
func (c *initCommand) Run(s *session) error {
	if _, err := os.Stat(c.Config); err == nil {
		return usage(fmt.Errorf("%s is there already and is left as it is: move it away, or name another with --config", c.Config))
	}
	known := s.env.vendors.Configured()
	if len(c.Vendor) == 0 && term.IsTerminal(int(os.Stdin.Fd())) {
		if err := c.Ask(os.Stdin, s.stderr, known); err != nil {
			return err
		}
	}
	b, err := c.Beginning(known)
	if err != nil {
		return usage(err)
	}
	file, err := os.OpenFile(c.Config, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // it holds no secret
	if err != nil {
		return usage(err)
	}
	_, err = io.WriteString(file, config.Begin(b))
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	fmt.Fprintf(s.stdout, "Wrote %s for %s. It holds no secrets: they come from the environment.\nNext: %s\n",
		c.Config, english.Plural(len(b.Vendors), "vendor"), s.with("etl validate", c.Config))
	return nil
}
