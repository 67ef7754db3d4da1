package ask

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"

	"smsetl/config"
)

// shortestPassword is in characters. bcrypt takes 72 bytes and no more.
const (
	shortestPassword = 12
	longestPassword  = 72
)

// Password reads a password that is long enough: twice from a terminal, where it is not shown, and as a line elsewhere.
func Password(from *os.File, prompts io.Writer) (string, error) {
	password, err := typed(from, prompts)
	if err != nil {
		return "", err
	}
	switch {
	case utf8.RuneCountInString(password) < shortestPassword:
		return "", config.BadInput(fmt.Errorf("the password has fewer than %d characters: take a longer one, such as four words", shortestPassword))
	case len(password) > longestPassword:
		return "", config.BadInput(fmt.Errorf("the password has more than %d bytes: bcrypt would not look at the rest", longestPassword))
	}
	return password, nil
}

func typed(from *os.File, prompts io.Writer) (string, error) {
	if !term.IsTerminal(int(from.Fd())) {
		return readLine(from)
	}
	read := func(prompt string) (string, error) {
		fmt.Fprint(prompts, prompt)
		typed, err := term.ReadPassword(int(from.Fd()))
		fmt.Fprintln(prompts)
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

// Secret gives the value of a flag, otherwise that of a variable of the environment, and follows file:PATH. Neither is ever shown.
func Secret(flag, given, variable, otherwise string, readFile func(path string) ([]byte, error)) (string, error) {
	from := flag
	if given == "" {
		given, from = otherwise, variable
	}
	if given == "" {
		return "", config.BadInput(fmt.Errorf("%s is missing: give it, or set %s", flag, variable))
	}
	path, isFile := strings.CutPrefix(given, "file:")
	if !isFile {
		return given, nil
	}
	text, err := readFile(path)
	if err != nil {
		return "", config.BadInput(fmt.Errorf("%s: %w", from, err))
	}
	return strings.TrimSpace(string(text)), nil
}
