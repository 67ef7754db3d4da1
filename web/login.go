package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"go.uber.org/zap"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/time/rate"
)

// loginView is what the login page shows.
type loginView struct {
	To     string // where to go afterwards
	Failed string // what was wrong; empty the first time
	Named  bool   // there are several who may log in
	Words  bool   // they do so with passwords
	OIDC   bool   // or at a provider
}

const (
	// triesAtOnce and trySpacing bound how often one address may guess for one name: 5 times, then once in 15 s, 5,760 times a day.
	triesAtOnce = 5
	trySpacing  = 15 * time.Second
	// crowdAtOnce and crowdSpacing bound all tries for one name that come through a proxy which is not trusted. It says who is
	// behind it, and may lie.
	crowdAtOnce  = 30
	crowdSpacing = 3 * time.Second
	// hashesAtOnce bounds how many passwords are compared at once in this process: each takes a processor for a quarter of
	// a second. So guessing from more addresses than are counted is bounded still.
	hashesAtOnce = 2
	// hashWait is how long a login waits for its turn to be compared.
	hashWait = 2 * time.Second
)

var errBusy = errors.New("too many passwords are being compared")

// try is whom a wrong password is counted for.
type try struct {
	from    netip.Prefix
	claimed netip.Prefix // who a proxy that is not trusted says it is; no prefix for none
	login   string       // empty for a name that nobody has: names that are invented are no new tries
}

// tries bounds guessing. Five wrong passwords of one guest lock neither other names out nor, behind a proxy that somebody
// forgot to trust, the other guests.
type tries struct {
	guests *throttle[try]
	crowds *throttle[try]
}

func newTries(now func() time.Time) *tries {
	return &tries{
		guests: newThrottle[try](now, rate.Every(trySpacing), triesAtOnce),
		crowds: newThrottle[try](now, rate.Every(crowdSpacing), crowdAtOnce),
	}
}

// newTry gives whom a request counts for.
func newTry(r *http.Request, o *Options, login string) try {
	t := try{from: network(Client(r, o.Proxies)), login: login}
	if isAmong(peer(r), o.Proxies) {
		return t
	}
	chain := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	if addr, err := netip.ParseAddr(strings.TrimSpace(chain[len(chain)-1])); err == nil {
		t.claimed = network(addr.Unmap()) // the last one: those before it are the guest's own words
	}
	return t
}

// allows reports whether a password may be tried, and counts it when it may. A guest who is locked takes nothing from the others
// behind the proxy, and a proxy that invents guests fills no table.
func (t *tries) allows(by try) bool {
	if t.guests.isLocked(by) || by.claimed != (netip.Prefix{}) && !t.crowds.allows(try{from: by.from, login: by.login}) {
		return false
	}
	return t.guests.allows(by)
}

func (g *gate) showLogin(w http.ResponseWriter, r *http.Request) {
	o, to := g.options(), here(r.URL.Query().Get("to"))
	if o.hasLogin() {
		if _, isIn, _ := g.sessions.find(r, o); !isIn {
			g.renderLogin(w, http.StatusOK, to, "")
			return
		}
	}
	http.Redirect(w, r, to, http.StatusSeeOther) //nolint:gosec // here lets paths of this server through and nothing else
}

func (g *gate) renderLogin(w http.ResponseWriter, status int, to, failed string) {
	o := g.options()
	render(w, status, "login.html", loginView{
		To: to, Failed: failed, Named: len(o.Logins) > 0, Words: len(o.logins()) > 0, OIDC: o.OIDC != nil,
	})
}

// login compares the password. Neither which of its letters were right nor whether anybody has the name can be told from how long
// the answer takes.
func (g *gate) login(w http.ResponseWriter, r *http.Request) {
	o := g.options()
	if len(o.logins()) == 0 {
		writeText(w, http.StatusNotFound, "There is no password here.\n")
		return
	}
	// A form is small: whoever sends it letter by letter does not keep the connection for that.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(readHeaderTimeout))
	to, name := here(r.PostFormValue("to")), r.PostFormValue("username")
	if name == "" && o.PasswordHash != "" {
		name = operator
	}
	login, isKnown := o.login(name)
	from, by := Client(r, o.Proxies), newTry(r, o, login.Name)
	if !g.tries.allows(by) {
		w.Header().Set("Retry-After", fmt.Sprint(trySpacing.Seconds()))
		g.renderLogin(w, http.StatusTooManyRequests, to, "Too many tries from here. Wait a little.")
		return
	}
	if !isKnown {
		login = o.logins()[0] // compared all the same, for the time it takes
	}
	err := g.compare(r.Context(), login, r.PostFormValue("password"))
	switch {
	case errors.Is(err, errBusy):
		g.renderLogin(w, http.StatusServiceUnavailable, to, "Too many people log in at this moment. Try again.")
	case err != nil || !isKnown:
		o.LoginFailed()
		g.log.Warn("login refused", zap.Stringer("client", from), zap.Bool("untrusted_proxy", by.claimed != (netip.Prefix{})))
		g.renderLogin(w, http.StatusUnauthorized, to, "That is not the password.")
	default:
		g.tries.guests.forget(by) // people mistype
		g.begin(w, r, newSession{name: login.Name, credential: login.credential()}, from, to)
	}
}

// newSession is whoever gets a session.
type newSession struct {
	name       string
	groups     []string // as the provider says; nil for a password
	credential []byte
}

// begin begins a session.
func (g *gate) begin(w http.ResponseWriter, r *http.Request, who newSession, from netip.Addr, to string) {
	proof, err := g.sessions.begin(r.Context(), who, from.String(), g.options().Session)
	if err != nil {
		g.log.Error("a session cannot be kept", zap.Error(err))
		g.renderLogin(w, http.StatusServiceUnavailable, to, "Nobody can log in at this moment: the database does not answer.")
		return
	}
	g.log.Info("logged in", zap.Stringer("client", from), zap.String("login", who.name))
	http.SetCookie(w, cookie(proof, g.isSecure(r)))
	http.Redirect(w, r, to, http.StatusSeeOther) //nolint:gosec // here lets paths of this server through and nothing else
}

// compare takes its turn: a quarter of a second of a processor for each guess would otherwise be a way to stop the loads.
func (g *gate) compare(ctx context.Context, with Login, password string) error {
	ctx, cancel := context.WithTimeout(ctx, hashWait)
	defer cancel()
	select {
	case g.hashes <- struct{}{}:
		defer func() { <-g.hashes }()
	case <-ctx.Done():
		return errBusy
	}
	return bcrypt.CompareHashAndPassword([]byte(with.PasswordHash), []byte(password))
}

// logout ends the session in every process, and not only the browser's proof of it.
func (g *gate) logout(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, cookie("", g.isSecure(r)))
	if err := g.sessions.end(r); err != nil {
		g.log.Error("a session cannot be ended", zap.Error(err))
		writeText(w, http.StatusServiceUnavailable, "The session is not ended: the database does not answer. Log out again in a moment.\n")
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// here keeps a path of this server and nothing else: //stranger and /\stranger are other hosts to a browser.
func here(to string) string {
	if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n\t") {
		return "/"
	}
	return to
}
