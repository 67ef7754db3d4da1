package config

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// Pushes is where `etl serve` listens for what vendors push. The zero value is nowhere.
type Pushes struct {
	Listen       string         // host:port; empty is nowhere
	Proxies      []netip.Prefix // that are trusted for the address of the sender
	MaxPerSecond float64        // pushes of one address
	TLS          TLS
}

// Push is who may push to a source.
type Push struct {
	IsOn bool
	// AccessKey and SecretKey are those with which the vendor signs. Without them whatever comes is a hint.
	AccessKey, SecretKey Secret
	// SecretPath is the last part of the address, which nobody else knows.
	SecretPath Secret
	// Host is the name that the vendor calls, where a proxy puts another one in its place; empty is that of the request.
	Host string
	// ReplayWindow is how far the time of a signature may be from ours.
	ReplayWindow time.Duration
}

// IsSigned says whether pushes have to be signed.
func (p Push) IsSigned() bool { return p.SecretKey.Reveal() != "" }

// IsOpen says whether anybody who reaches the listener may push.
func (p Push) IsOpen() bool { return p.IsOn && !p.IsSigned() && p.SecretPath.Reveal() == "" }

var (
	secretPathForm = regexp.MustCompile(`^[A-Za-z0-9._~-]+$`)
	hostPortForm   = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?$`)
)

const (
	// defaultPushRate lets a vendor that sends a thousand messages a second push every report alone.
	defaultPushRate = 1000
	longestReplay   = 24 * time.Hour
)

func (p *Push) keys() []Key {
	const signing = "the key that the console shows where push authentication is turned on"
	const guess = "a part of the address that nobody guesses, made by openssl rand -hex 16"
	const host = "%s is not the name of a host: want the one that the vendor calls, " +
		"such as hook.example.com or hook.example.com:8443"
	return []Key{
		{Name: "access_key", Hidden: true, Want: signing, Read: Credential(&p.AccessKey, nil)},
		{Name: "secret_key", Hidden: true, Want: signing, Read: Credential(&p.SecretKey, nil)},
		{Name: "secret_path", Hidden: true, Want: guess, Read: Credential(&p.SecretPath, func(text string) error {
			if len(text) < shortestToken || !secretPathForm.MatchString(text) {
				return fmt.Errorf("this is no secret path: want at least %d letters, digits, dots, dashes and underscores, "+
					"made by openssl rand -hex 16", shortestToken)
			}
			return nil
		})},
		{Name: "host", Read: Like(&p.Host, hostPortForm, host)},
		{Name: "replay_window", Read: Span(&p.ReplayWindow, longestReplay).Then(func(Value) error {
			if p.ReplayWindow == 0 {
				return errors.New("nothing arrives at the moment at which it was signed: want a time span such as 15m")
			}
			return nil
		})},
	}
}

// pushEndpoint is a source that may be pushed to.
type pushEndpoint struct {
	key  ast.Node
	push Push
}

// endpoint notes that the source may be pushed to.
func (r *reader) endpoint(p *Push) func(entry, *mapping) {
	return func(e entry, own *mapping) {
		if (own.find("access_key") == nil) != (own.find("secret_key") == nil) {
			const where = "take both from the console, where push authentication is turned on"
			r.wrongf(e.Key, "access_key and secret_key go together: %s", where)
		}
		if p.IsOn = true; p.ReplayWindow == 0 {
			p.ReplayWindow = 15 * time.Minute
		}
		r.endpoints = append(r.endpoints, pushEndpoint{e.Key, *p})
	}
}

func (p *Pushes) keys() []Key {
	return append(p.TLS.keys(), []Key{
		{Name: "listen", Required: true, Want: `an address, such as listen: "127.0.0.1:8081"`, Read: listen(&p.Listen)},
		{Name: "trusted_proxies", IsList: true, Read: proxies(&p.Proxies)},
		{Name: "max_per_second", Read: Number(&p.MaxPerSecond, 0.1, 100_000)},
	}...)
}

// listeners finds sources that everybody may push to, and listening for nobody.
func (r *reader) listeners(p *Pushes) func(entry, *mapping) {
	return func(section entry, own *mapping) {
		p.TLS.check(section, own)
		p.MaxPerSecond = cmp.Or(p.MaxPerSecond, defaultPushRate)
		e := own.find("listen")
		switch {
		case e != nil && len(r.endpoints) == 0 && !r.hasMistakeAt("sources"):
			r.wrongf(e.Key, "no source is pushed to: add push with access_key and secret_key to a source of vendor %s",
				strings.Join(r.env.vendorNames(true), " or "))
		case p.Listen != "" && !isLoopbackAddress(p.Listen):
			for _, d := range r.endpoints {
				if d.push.IsOpen() && !r.hasMistakeAt(keyOf(d.key)) {
					const what = "add access_key and secret_key, or a secret_path"
					r.wrongf(d.key, "anybody who reaches %s could push: %s", p.Listen, what)
				}
			}
		}
	}
}

// checkListens reports sources that may be pushed to where nobody listens.
func (r *reader) checkListens() {
	for _, d := range r.endpoints {
		const example = `pushes: {listen: "127.0.0.1:8081"}`
		r.wrongf(d.key, "nobody listens: add pushes at the top of the file, such as %s", example)
	}
}

// isLoopbackAddress says whether only this machine reaches host:port.
func isLoopbackAddress(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && isLoopback(host)
}
