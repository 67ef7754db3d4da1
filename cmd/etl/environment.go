package main

import "os"

// environment is the only place that reads environment variables and files named by the configuration. Tests pass their own.
type environment struct {
	lookup func(name string) (string, bool)
	read   func(path string) ([]byte, error)
}

func processEnvironment() environment {
	return environment{lookup: os.LookupEnv, read: os.ReadFile}
}

// Lookup gives a variable's value.
func (e environment) Lookup(name string) (string, bool) { return e.lookup(name) }

// ReadFile gives a file's bytes.
func (e environment) ReadFile(path string) ([]byte, error) { return e.read(path) }

// value gives a variable's value, or "" when it is not set.
func (e environment) value(name string) string {
	v, _ := e.lookup(name)
	return v
}
