package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/bcrypt"
	"golang.org/x/term"
)

// passwordCommand makes the hash that web.password_hash wants. It reads a terminal without showing what is typed, and a line
// of standard input elsewhere; never an argument, which other users of the machine could see.
type passwordCommand struct {
	Cost int `help:"What a guess costs: each step doubles it. 12 takes a quarter of a second." default:"12"`

	in *os.File // for tests; nil is standard input
}

// shortestPassword is in characters. bcrypt takes 72 bytes and no more.
const (
	shortestPassword = 12
	longestPassword  = 72
)

// Run asks for a password and prints its hash.
func (c *passwordCommand) Run(s *session) error {
	if c.Cost < 10 || c.Cost > 16 {
		return usage(fmt.Errorf("--cost: %d is not a cost from 10 to 16", c.Cost))
	}
	if c.in == nil {
		c.in = os.Stdin
	}
	password, err := s.askPassword(c.in)
	if err != nil {
		return err
	}
	switch {
	case utf8.RuneCountInString(password) < shortestPassword:
		return usage(fmt.Errorf("the password has fewer than %d characters: take a longer one, such as four words", shortestPassword))
	case len(password) > longestPassword:
		return usage(fmt.Errorf("the password has more than %d bytes: bcrypt would not look at the rest", longestPassword))
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), c.Cost)
	if err != nil {
		return err
	}
	fmt.Fprintln(s.stdout, string(hash))
	fmt.Fprintln(s.stderr, "Put it into the environment, in single quotes for its $, and name the variable in schedules.yaml: web.password_hash: ${ETL_WEB_PASSWORD_HASH}")
	return nil
}

// askPassword reads the password, twice where somebody types it.
func (s *session) askPassword(from *os.File) (string, error) {
	if !term.IsTerminal(int(from.Fd())) {
		return readLine(from)
	}
	read := func(prompt string) (string, error) {
		fmt.Fprint(s.stderr, prompt)
		typed, err := term.ReadPassword(int(from.Fd()))
		fmt.Fprintln(s.stderr)
		return string(typed), err
	}
	first, err := read("Password: ")
	if err != nil {
		return "", err
	}
	second, err := read("Once more: ")
	if err != nil {
		return "", err
	}
	if first != second {
		return "", errors.New("the two passwords differ")
	}
	return first, nil
}

func readLine(r io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(r, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return strings.TrimRight(line, "\r\n"), nil
}
