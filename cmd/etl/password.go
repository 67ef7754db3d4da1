package main

import (
	"fmt"
	"os"

	"golang.org/x/crypto/bcrypt"

	"smsetl/cmd/etl/ask"
)

// passwordCommand makes the hash that web.password_hash wants. It reads a terminal without showing what is typed, and a line
// of standard input elsewhere; never an argument, which other users of the machine could see.
type passwordCommand struct {
	Cost int `help:"What a guess costs: each step doubles it. 12 takes a quarter of a second." default:"12"`

	in *os.File // for tests; nil is standard input
}

// Run asks for a password and prints its hash.
func (c *passwordCommand) Run(s *session) error {
	if c.Cost < 10 || c.Cost > 16 {
		return usage(fmt.Errorf("--cost: %d is not a cost from 10 to 16", c.Cost))
	}
	if c.in == nil {
		c.in = os.Stdin
	}
	password, err := ask.Password(c.in, s.stderr)
	if err != nil {
		return err
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), c.Cost)
	if err != nil {
		return err
	}
	fmt.Fprintln(s.stdout, string(hash))
	fmt.Fprintln(s.stderr, "Put it into the environment, in single quotes for its $, and name the variable in schedules.yaml: web.password_hash: ${ETL_WEB_PASSWORD_HASH}")
	return nil
}
