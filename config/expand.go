package config

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// expand replaces ${NAME} and ${NAME:-default} in a decoded value; $${ stands for a literal ${ and any other $ for itself.
// It works on values and never on the file's text, where a secret with a colon or a # would change the YAML, and does
// not look again at what a variable held.
func expand(written string, env Env) (string, error) {
	var out strings.Builder
	for rest := written; ; {
		i := strings.Index(rest, "${")
		if i < 0 {
			out.WriteString(rest)
			return out.String(), nil
		}
		if i > 0 && rest[i-1] == '$' {
			out.WriteString(rest[:i-1] + "${")
			rest = rest[i+2:]
			continue
		}
		out.WriteString(rest[:i])
		inside, after, closed := strings.Cut(rest[i+2:], "}")
		if !closed {
			return "", errors.New(`"${" is not closed: want ${NAME} or ${NAME:-default}; a literal ${ is written $${`)
		}
		value, err := variable(inside, env)
		if err != nil {
			return "", err
		}
		out.WriteString(value)
		rest = after
	}
}

// variable gives the value of NAME or NAME:-default. As in a shell, the default also stands in for an empty variable.
func variable(inside string, env Env) (string, error) {
	name, otherwise, hasDefault := strings.Cut(inside, ":-")
	if !variableName.MatchString(name) {
		return "", errors.New("what stands in ${...} is not understood: want ${NAME} or ${NAME:-default}, the name of letters, digits and _; a literal ${ is written $${")
	}
	value, set := env.Lookup(name)
	switch {
	case hasDefault && value == "":
		return otherwise, nil
	case !set:
		return "", fmt.Errorf("the environment variable %s is not set: set it, or give a default with ${%s:-...}", name, name)
	default:
		return value, nil
	}
}
