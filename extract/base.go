package extract

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// parseBase reads the setting base_url: an absolute https URL without user, query and fragment. Plain http is taken for
// loopback addresses only, since credentials travel with every request. Its errors never repeat a password.
func parseBase(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		// The parser's own message can hold the password of a URL that it could not read.
		return nil, errors.New("base_url is not a URL: want one such as https://api.example.com")
	case u.User != nil:
		return nil, errors.New("base_url holds a user or password: they have settings of their own")
	case u.Host == "" || u.Hostname() == "":
		return nil, fmt.Errorf("base_url %q names no host: want one such as https://api.example.com", raw)
	case u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("base_url holds a query or a fragment: want scheme, host and path alone")
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return nil, fmt.Errorf("base_url %q: plain http is for loopback addresses only; use https", raw)
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("base_url %q: scheme %q is neither https nor http", raw, u.Scheme)
	}
	u.Path = strings.TrimRight(u.Path, "/")
	u.RawPath = ""
	return u, nil
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
