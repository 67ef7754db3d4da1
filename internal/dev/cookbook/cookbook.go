// Package cookbook reads docs/cookbook: a file of SQL for each question that people ask, with the question and what to beware of
// in the comment on top. Its tests run every one of them as an analyst and compare the answers with the sandbox's truth; the
// bench measures them.
package cookbook

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Null stands in a Table where an answer has NULL.
const Null = "NULL"

// Query is one question and its SQL.
type Query struct {
	Name     string // of the file, without .sql
	Question string // the first line of the comment
	Read     string // what to read in the answer
	Beware   string // what not to read in it
	SQL      string // the whole file: one statement, to be copied as it is
}

// Table is an answer, every value as PostgreSQL writes it.
type Table struct {
	Columns []string
	Rows    [][]string
}

// Read gives the queries of a folder in the order of their names. A file whose comment lacks the question, "Read:" or "Beware:" is an
// error.
func Read(dir string) ([]Query, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.sql"))
	if err != nil {
		return nil, err
	}
	all := make([]Query, 0, len(files))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		q := Query{Name: strings.TrimSuffix(filepath.Base(file), ".sql"), SQL: string(text)}
		if err := q.readComment(); err != nil {
			return nil, fmt.Errorf("cookbook: %s: %w", file, err)
		}
		all = append(all, q)
	}
	slices.SortFunc(all, func(a, b Query) int { return cmp.Compare(a.Name, b.Name) })
	return all, nil
}

// readComment takes the comment on top apart.
func (q *Query) readComment() error {
	part := &q.Question
	for line := range strings.Lines(q.SQL) {
		text, isComment := strings.CutPrefix(line, "--")
		if !isComment {
			break
		}
		text = strings.TrimSpace(text)
		for word, place := range map[string]*string{"Read:": &q.Read, "Beware:": &q.Beware} {
			if rest, ok := strings.CutPrefix(text, word); ok {
				part, text = place, strings.TrimSpace(rest)
			}
		}
		*part = strings.TrimSpace(*part + " " + text)
	}
	switch {
	case !strings.HasSuffix(q.Question, "?"):
		return fmt.Errorf("the comment begins with %q: want a question", q.Question)
	case q.Read == "" || q.Beware == "":
		return errors.New(`the comment needs "Read:", what to read in the answer, and "Beware:", what not to`)
	case strings.Count(q.SQL, ";") != 1 || !strings.HasSuffix(q.SQL, ";\n"):
		return errors.New("want one statement that ends with a semicolon, since BI tools take one, and none in comments")
	}
	return nil
}
