package config

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
)

// reference matches $${, ${NAME}, ${NAME:-default}, and a ${ that is not closed.
var reference = regexp.MustCompile(`\$\$\{|\$\{[^}]*\}?`)

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// openError is about something outside of the file that is not there.
type openError struct{ reference, text string }

func (e *openError) Error() string { return e.text }

func (*openError) Unwrap() error { return fs.ErrNotExist }

// expand replaces ${NAME} and ${NAME:-default} in a decoded value; $${ stands for a literal ${ and any other $ for
// itself. It works on values and never on the file's text, where a secret with a colon or a # would change the YAML,
// and does not look again at what a variable held. As in a shell, the default also stands in for an empty variable.
func expand(written string, env Env) (text string, err error) {
	text = reference.ReplaceAllStringFunc(written, func(found string) string {
		inside, isClosed := strings.CutSuffix(strings.TrimPrefix(found, "${"), "}")
		name, otherwise, hasDefault := strings.Cut(inside, ":-")
		value := ""
		switch {
		case err != nil:
		case found == "$${":
			return "${"
		case !isClosed:
			err = errors.New(`"${" is not closed: want ${NAME} or ${NAME:-default}; a literal ${ is written $${`)
		case !variableName.MatchString(name):
			err = errors.New("what stands in ${...} is not understood: want ${NAME} or ${NAME:-default}, " +
				"the name of letters, digits and _; a literal ${ is written $${")
		default:
			var isSet bool
			if value, isSet = env.Lookup(name); hasDefault && value == "" {
				value = otherwise
			} else if !isSet {
				err = &openError{name, fmt.Sprintf("the environment variable %s is not set: set it, or give a default with ${%s:-...}", name, name)}
			}
		}
		return value
	})
	return text, err
}
