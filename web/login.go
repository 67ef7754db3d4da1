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

// hashWait is how long a login waits for its turn to be compared.
const hashWait = 2 * time.Second

var errBusy = errors.New("too many passwords are being compared")

func (g *gate) showLogin(w http.ResponseWriter, r *http.Request) {
	to := here(r.URL.Query().Get("to"))
	if g.options.PasswordHash == "" || g.sessions.isValid(r) {
		http.Redirect(w, r, to, http.StatusSeeOther) //nolint:gosec // here lets paths of this server through and nothing else
		return
	}
	render(w, http.StatusOK, loginPage, loginView{To: to})
}

// login compares the password. Which of its letters were right cannot be told from how long the answer takes.
func (g *gate) login(w http.ResponseWriter, r *http.Request) {
	if g.options.PasswordHash == "" {
		writeText(w, http.StatusNotFound, "There is no password here.\n")
		return
	}
	from, to := g.client(r), here(r.PostFormValue("to"))
	if wait, ok := g.tries.allows(from); !ok {
		w.Header().Set("Retry-After", fmt.Sprint(int(wait.Seconds())))
		render(w, http.StatusTooManyRequests, loginPage, loginView{to, "Too many tries from here. Wait a little."})
		return
	}
	if err := g.compare(r.Context(), r.PostFormValue("password")); errors.Is(err, errBusy) {
		render(w, http.StatusServiceUnavailable, loginPage, loginView{to, "Too many people log in at this moment. Try again."})
		return
	} else if err != nil {
		g.options.LoginFailed()
		g.log.Warn("login refused", zap.Stringer("client", from))
		render(w, http.StatusUnauthorized, loginPage, loginView{to, "That is not the password."})
		return
	}
	g.tries.succeeded(from)
	g.log.Info("logged in", zap.Stringer("client", from))
	http.SetCookie(w, g.sessions.cookie(g.sessions.token(), g.isSecure(r)))
	http.Redirect(w, r, to, http.StatusSeeOther) //nolint:gosec // here lets paths of this server through and nothing else
}

// compare takes its turn: a quarter of a second of a processor for each guess would otherwise be a way to stop the loads.
func (g *gate) compare(ctx context.Context, password string) error {
	ctx, cancel := context.WithTimeout(ctx, hashWait)
	defer cancel()
	select {
	case g.tries.hashes <- struct{}{}:
		defer func() { <-g.tries.hashes }()
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
