package config

import (
	"net/netip"
	"regexp"
	"time"
)

// Pushes is where `etl serve` listens for what vendors push. The zero value is nowhere.
type Pushes struct {
	Listen       string         // host:port; empty is nowhere
	Proxies      []netip.Prefix // whose word for the address of the sender is believed
	MaxPerSecond float64        // pushes of one address
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
	pushesKeys = []string{"listen", "trusted_proxies", "max_per_second"}
	pushKeys   = []string{"access_key", "secret_key", "secret_path", "host", "replay_window"}

	secretPathForm = regexp.MustCompile(`^[A-Za-z0-9._~-]+$`)
)

const (
	// defaultPushRate lets a vendor that sends a thousand messages a second push every report alone.
	defaultPushRate = 1000
	longestReplay   = 24 * time.Hour
)

// push reads who may push to a source.
func (m *mapping) push() Push {
	e, ok := m.find("push")
	if !ok {
		return Push{}
	}
	own, ok := m.mapping(e.place, e.value)
	if !ok {
		return Push{}
	}
	own.refuse(pushKeys, func(string) string { return "" })
	p := Push{IsOn: true, ReplayWindow: 15 * time.Minute, AccessKey: own.pushKey("access_key"), SecretKey: own.pushKey("secret_key")}
	_, hasAccess := own.find("access_key")
	_, hasSecret := own.find("secret_key")
	if hasAccess != hasSecret {
		m.wrongf(e.place, "access_key and secret_key go together: take both from the console, where push authentication is turned on")
	}
	if secret, at, ok := own.maybeSecret("secret_path"); ok {
		p.SecretPath = secret
		if len(at.text) < shortestToken || !secretPathForm.MatchString(at.text) {
			own.wrongf(at.place, "this is no secret path: want at least %d letters, digits, dots, dashes and underscores, made by openssl rand -hex 16", shortestToken)
		}
	} else if _, there := own.find("secret_path"); there {
		own.wrongf(at.place, "%s is empty: want a part of the address that nobody guesses, made by openssl rand -hex 16", emptyOf(at))
	}
	if v, ok := own.scalar("host"); ok {
		p.Host = v.text
		if !hostPortForm.MatchString(v.text) {
			own.wrongf(v.place, "%s is not the name of a host: want the one that the vendor calls, such as hook.example.com or hook.example.com:8443", v.shown())
		}
	}
	if v, ok := own.scalar("replay_window"); ok {
		if p.ReplayWindow = own.duration(v, longestReplay); p.ReplayWindow == 0 && !own.hasMistakeAt(v.key) {
			own.wrongf(v.place, "nothing arrives at the moment at which it was signed: want a time span such as 15m")
		}
	}
	own.doors = append(own.doors, door{e.place, p})
	return p
}

var hostPortForm = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?$`)

// pushKey reads one of the keys with which the vendor signs.
func (m *mapping) pushKey(name string) Secret {
	secret, at, ok := m.maybeSecret(name)
	if e, there := m.find(name); there && !ok && !m.hasMistakeAt(e.key) {
		m.wrongf(at.place, "%s is empty: want the key that the console shows where push authentication is turned on", emptyOf(at))
	}
	return secret
}

// door is a source that may be pushed to.
type door struct {
	place
	push Push
}

// pushes reads where pushes are listened for.
func (r *reader) pushes(top *mapping) Pushes {
	m, ok := top.section("pushes", pushesKeys)
	if !ok {
		if _, there := top.find("pushes"); !there {
			for _, d := range r.doors {
				r.wrongf(d.place, "nobody listens: add pushes at the top of the file, such as pushes: {listen: \"127.0.0.1:8081\"}")
			}
		}
		return Pushes{}
	}
	p := Pushes{Listen: m.listen(), Proxies: m.proxies()}
	p.MaxPerSecond = m.number("max_per_second", defaultPushRate, 0.1, 100_000)
	e, there := m.find("listen")
	switch {
	case !there:
		m.wrongf(m.place, "listen is missing: add an address, such as listen: \"127.0.0.1:8081\"")
	case len(r.doors) == 0 && !r.hasMistakeAt("sources"):
		m.wrongf(e.place, "no source is pushed to: add push with access_key and secret_key to a source of vendor huawei")
	case p.Listen != "" && !isLoopbackAddress(p.Listen):
		for _, d := range r.doors {
			if d.push.IsOpen() && !r.hasMistakeAt(d.key) {
				r.wrongf(d.place, "anybody who reaches %s could push: add access_key and secret_key, or a secret_path", p.Listen)
			}
		}
	}
	return p
}

// isLoopbackAddress says whether only this machine reaches host:port.
func isLoopbackAddress(address string) bool {
	if at, err := netip.ParseAddrPort(address); err == nil {
		return at.Addr().Unmap().IsLoopback()
	}
	return len(address) > 10 && address[:10] == "localhost:"
}
