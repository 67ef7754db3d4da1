package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"go.uber.org/zap"
	"golang.org/x/crypto/bcrypt"
)

// loginView is what the login page shows.
type loginView struct {
	To     string // where to go afterwards
	Failed string // what was wrong; empty the first time
}

const (
	// triesAtOnce and trySpacing bound how often one address may guess: 5 times, then once in 15 s, 5,760 times a day.
	triesAtOnce = 5
	trySpacing  = 15 * time.Second
	// hashesAtOnce bounds how many passwords are compared at once in this process: each takes a processor for a quarter of
	// a second. So guessing from more addresses than are counted is bounded still.
	hashesAtOnce = 2
	// hashWait is how long a login waits for its turn to be compared.
	hashWait = 2 * time.Second
)

var errBusy = errors.New("too many passwords are being compared")

func (g *gate) showLogin(w http.ResponseWriter, r *http.Request) {
	to := here(r.URL.Query().Get("to"))
	if g.options.PasswordHash == "" || g.sessions.isValid(r) {
		http.Redirect(w, r, to, http.StatusSeeOther) //nolint:gosec // here lets paths of this server through and nothing else
		return
	}
	render(w, http.StatusOK, "login.html", loginView{To: to})
}

// login compares the password. Which of its letters were right cannot be told from how long the answer takes.
func (g *gate) login(w http.ResponseWriter, r *http.Request) {
	if g.options.PasswordHash == "" {
		writeText(w, http.StatusNotFound, "There is no password here.\n")
		return
	}
	// A form is small: whoever sends it letter by letter does not keep the connection for that.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(readHeaderTimeout))
	from, to := Client(r, g.options.Proxies), here(r.PostFormValue("to"))
	if !g.tries.Allows(from) {
		w.Header().Set("Retry-After", fmt.Sprint(trySpacing.Seconds()))
		render(w, http.StatusTooManyRequests, "login.html", loginView{to, "Too many tries from here. Wait a little."})
		return
	}
	if err := g.compare(r.Context(), r.PostFormValue("password")); errors.Is(err, errBusy) {
		render(w, http.StatusServiceUnavailable, "login.html", loginView{to,
			"Too many people log in at this moment. Try again."})
		return
	} else if err != nil {
		g.options.LoginFailed()
		g.log.Warn("login refused", zap.Stringer("client", from))
		render(w, http.StatusUnauthorized, "login.html", loginView{to, "That is not the password."})
		return
	}
	g.tries.Forget(from) // people mistype
	g.log.Info("logged in", zap.Stringer("client", from))
	http.SetCookie(w, g.sessions.cookie(g.sessions.token(), g.isSecure(r)))
	http.Redirect(w, r, to, http.StatusSeeOther) //nolint:gosec // here lets paths of this server through and nothing else
}

// compare takes its turn: a quarter of a second of a processor for each guess would otherwise be a way to stop the loads.
func (g *gate) compare(ctx context.Context, password string) error {
	ctx, cancel := context.WithTimeout(ctx, hashWait)
	defer cancel()
	select {
	case g.hashes <- struct{}{}:
		defer func() { <-g.hashes }()
	case <-ctx.Done():
		return errBusy
	}
	return bcrypt.CompareHashAndPassword([]byte(g.options.PasswordHash), []byte(password))
}

func (g *gate) logout(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, g.sessions.cookie("", g.isSecure(r)))
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// here keeps a path of this server and nothing else: //stranger and /\stranger are other hosts to a browser.
func here(to string) string {
	if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n\t") {
		return "/"
	}
	return to
}
