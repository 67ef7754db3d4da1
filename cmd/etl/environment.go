package main

import (
	"cmp"
	"io"
	"net/url"
	"os"

	"golang.org/x/net/http/httpproxy"

	"smsetl/cmd/etl/show"
	"smsetl/internal/confined"
	"smsetl/vendors"
)

// environment is the only place that reads environment variables and files named by the configuration. Tests pass their own.
type environment struct {
	lookup func(name string) (string, bool)
	read   func(path string) ([]byte, error)
	// vendors are those that the program works with.
	vendors vendors.List
	// reading are the limits of the processes that read files of people; nil where the program reads them itself. main is such a process too.
	reading *confined.Limits
}

func processEnvironment() environment {
	env := environment{lookup: os.LookupEnv, read: os.ReadFile, vendors: vendors.All}
	if confined.IsSupported() {
		env.reading = &confined.Limits{}
	}
	return env
}

// Lookup gives a variable's value.
func (e environment) Lookup(name string) (string, bool) { return e.lookup(name) }

// ReadFile gives a file's bytes.
func (e environment) ReadFile(path string) ([]byte, error) { return e.read(path) }

// value gives a variable's value, or "" when it is not set.
func (e environment) value(name string) string {
	if v, isSet := e.lookup(name); isSet {
		return v
	}
	return ""
}

// isTraced says whether a collector of traces is named.
func (e environment) isTraced() bool {
	return cmp.Or(e.value("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"), e.value("OTEL_EXPORTER_OTLP_ENDPOINT")) != ""
}

// configFile is the configuration where no flag names one.
func (e environment) configFile() string { return cmp.Or(e.value("ETL_CONFIG"), "schedules.yaml") }

// colours says whether what is written to w has colours: on a terminal, unless NO_COLOR says otherwise, and elsewhere where CLICOLOR_FORCE
// does. Both are conventions that many programs keep.
func (e environment) colours(w io.Writer) bool {
	if e.value("NO_COLOR") != "" {
		return false
	}
	force := e.value("CLICOLOR_FORCE")
	return force != "" && force != "0" || show.IsTerminal(w)
}

// proxy gives the proxy through which a vendor is asked: that of HTTPS_PROXY, but for the hosts of NO_PROXY. Vendors are never asked in
// plain http but on this machine, so HTTP_PROXY has no say.
func (e environment) proxy() func(*url.URL) (*url.URL, error) {
	set := httpproxy.Config{
		HTTPSProxy: cmp.Or(e.value("HTTPS_PROXY"), e.value("https_proxy")),
		NoProxy:    cmp.Or(e.value("NO_PROXY"), e.value("no_proxy")),
	}
	return set.ProxyFunc()
}
