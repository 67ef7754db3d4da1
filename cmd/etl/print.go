package main

import (
	"io"

	"smsetl/cmd/etl/show"
)

// outputFlag chooses between tables for people and one JSON document for scripts.
type outputFlag struct {
	Output string `short:"o" help:"text or json. With json, standard output holds one document and nothing else." enum:"text,json" default:"text"`
}

func (f outputFlag) isJSON() bool { return f.Output == "json" }

// print writes the document as JSON where that was asked for and the text otherwise, and ends the command with the exit code.
func (f outputFlag) print(s *session, document any, text string, code int) (err error) {
	if f.isJSON() {
		err = show.JSON(s.stdout, document)
	} else {
		_, err = io.WriteString(s.stdout, text)
	}
	if err != nil {
		return err
	}
	return exitWith(code)
}
