package web

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"go.uber.org/zap"
	"golang.org/x/oauth2"
)

// OIDCOptions are how people log in at a provider of OpenID Connect.
type OIDCOptions struct {
	Issuer, ClientID, ClientSecret string
	RedirectURL                    string   // of this server, with the path /login/callback
	GroupsClaim                    string   // default "groups"
	Scopes                         []string // that are asked for beside openid and email
}

// callbackPath is where a provider sends people back to.
const callbackPath = "/login/callback"

const (
	flowCookie  = "etl_oidc"
	flowLasts   = 10 * time.Minute
	oidcTimeout = 10 * time.Second
)

// OIDC is a provider of logins. It is asked for what it is when somebody first logs in: it may be away when this program starts.
type OIDC struct {
	options OIDCOptions
	mu      sync.Mutex
	found   *oidc.Provider
}

// NewOIDC gives a provider that was not asked yet.
func NewOIDC(options OIDCOptions) *OIDC {
	options.GroupsClaim = cmp.Or(options.GroupsClaim, "groups")
	return &OIDC{options: options}
}

// credential stands for the provider: a session that was begun with another one is over.
func (p *OIDC) credential() []byte {
	sum := sha256.Sum256([]byte("smsetl oidc 1\x00" + p.options.Issuer + "\x00" + p.options.ClientID))
	return sum[:]
}

func (p *OIDC) provider(ctx context.Context) (*oidc.Provider, oauth2.Config, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found == nil {
		found, err := oidc.NewProvider(ctx, p.options.Issuer)
		if err != nil {
			return nil, oauth2.Config{}, fmt.Errorf("asking the provider what it is: %w", err)
		}
		p.found = found
	}
	return p.found, oauth2.Config{
		ClientID: p.options.ClientID, ClientSecret: p.options.ClientSecret, RedirectURL: p.options.RedirectURL,
		Endpoint: p.found.Endpoint(), Scopes: append([]string{oidc.ScopeOpenID, "email"}, p.options.Scopes...),
	}, nil
}

// oidcContext bounds what is asked of the provider. Its keys are asked for later too, so the client outlives the context.
func oidcContext(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(oidc.ClientContext(ctx, &http.Client{Timeout: oidcTimeout}), oidcTimeout)
}

// startOIDC sends a browser to the provider. What it has to come back with stands in a cookie, so that any process takes it back.
func (g *gate) startOIDC(w http.ResponseWriter, r *http.Request) {
	o := g.options()
	if o.OIDC == nil {
		http.NotFound(w, r)
		return
	}
	ctx, cancel := oidcContext(context.WithoutCancel(r.Context()))
	defer cancel()
	_, config, err := o.OIDC.provider(ctx)
	if err != nil {
		g.refuseOIDC(w, err)
		return
	}
	state, nonce, verifier := rand.Text(), rand.Text(), oauth2.GenerateVerifier()
	flow := strings.Join([]string{state, nonce, verifier, url.QueryEscape(here(r.URL.Query().Get("to")))}, ".")
	http.SetCookie(w, g.flow(r, flow, int(flowLasts.Seconds())))
	http.Redirect(w, r, config.AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)), http.StatusSeeOther)
}

// flow is the cookie of a login under way. It is Lax and not Strict, since the provider sends the browser back.
func (g *gate) flow(r *http.Request, value string, lasts int) *http.Cookie {
	return &http.Cookie{ //nolint:gosec // secure wherever the connection is
		Name: flowCookie, Value: value, Path: "/login", HttpOnly: true, Secure: g.isSecure(r), SameSite: http.SameSiteLaxMode, MaxAge: lasts,
	}
}

// endOIDC takes a browser back and begins its session.
func (g *gate) endOIDC(w http.ResponseWriter, r *http.Request) {
	o, from := g.options(), Client(r, g.options().Proxies)
	if o.OIDC == nil {
		http.NotFound(w, r)
		return
	}
	by := newTry(r, o, "\x00oidc") // no login's name
	if !g.tries.allows(by) {
		g.renderLogin(w, http.StatusTooManyRequests, "/", "Too many tries from here. Wait a little.")
		return
	}
	http.SetCookie(w, g.flow(r, "", -1))
	who, to, err := o.OIDC.identify(r)
	if err != nil {
		o.LoginFailed()
		g.refuseOIDC(w, err)
		return
	}
	g.tries.guests.forget(by)
	g.begin(w, r, who, from, to)
}

func (g *gate) refuseOIDC(w http.ResponseWriter, err error) {
	g.log.Warn("login refused", zap.Error(err)) // it holds no token: those are in no error of the libraries that is reached here
	g.renderLogin(w, http.StatusUnauthorized, "/", "The provider did not let you in. Try again.")
}

// identify proves who comes back from the provider.
func (p *OIDC) identify(r *http.Request) (who newSession, to string, err error) {
	cookie, err := r.Cookie(flowCookie)
	if err != nil {
		return who, "", errors.New("no login is under way in this browser")
	}
	flow := strings.Split(cookie.Value, ".")
	query := r.URL.Query()
	if len(flow) != 4 || subtle.ConstantTimeCompare([]byte(flow[0]), []byte(query.Get("state"))) != 1 || query.Get("code") == "" {
		return who, "", errors.New("the provider's answer is to another question")
	}
	ctx, cancel := oidcContext(context.WithoutCancel(r.Context()))
	defer cancel()
	provider, config, err := p.provider(ctx)
	if err != nil {
		return who, "", err
	}
	token, err := config.Exchange(ctx, query.Get("code"), oauth2.VerifierOption(flow[2]))
	if err != nil {
		return who, "", errors.New("the provider gives no token for the code")
	}
	raw, _ := token.Extra("id_token").(string)
	proof, err := provider.Verifier(&oidc.Config{ClientID: p.options.ClientID}).Verify(ctx, raw)
	if err != nil || subtle.ConstantTimeCompare([]byte(proof.Nonce), []byte(flow[1])) != 1 {
		return who, "", errors.New("the provider's token does not prove who it is")
	}
	to, err = url.QueryUnescape(flow[3])
	if err != nil {
		to = "/"
	}
	who, err = p.claims(proof)
	return who, here(to), err
}

// claims gives the name and the groups of a token. The name is one that people cannot choose for themselves: an address that the
// provider has verified, else its own number for them.
func (p *OIDC) claims(proof *oidc.IDToken) (newSession, error) {
	var known struct {
		Email    string `json:"email"`
		Verified bool   `json:"email_verified"`
	}
	var all map[string]json.RawMessage
	if err := errors.Join(proof.Claims(&known), proof.Claims(&all)); err != nil {
		return newSession{}, errors.New("the provider's token cannot be read")
	}
	var groups []string
	_ = json.Unmarshal(all[p.options.GroupsClaim], &groups) // without a list of them, a member of none
	who := newSession{name: proof.Subject, groups: append([]string{}, groups...), credential: p.credential()}
	if known.Verified && known.Email != "" {
		who.name = known.Email
	}
	return who, nil
}
