package web

import (
	"context"
	"crypto/sha256"
	"net/http"
	"slices"
	"strings"

	"smsetl/access"
)

// Role is what somebody may do on the pages.
type Role string

// The roles. An operator acts on the queue too: cancels, retries and deletes jobs, pauses and resumes queues.
const (
	Viewer   Role = "viewer"
	Operator Role = "operator"
)

// Login is somebody who may log in with a password.
type Login struct {
	Name         string
	PasswordHash string // bcrypt
	Role         Role
}

// credential stands for what lets a login in. A session that was begun with another one is over.
func (l Login) credential() []byte {
	sum := sha256.Sum256([]byte("smsetl login 1\x00" + l.Name + "\x00" + l.PasswordHash))
	return sum[:]
}

// operator is the name of whoever comes in with Options.PasswordHash.
const operator = "operator"

// logins gives everybody who may log in with a password.
func (o *Options) logins() []Login {
	if o.PasswordHash == "" {
		return o.Logins
	}
	return append([]Login{{operator, o.PasswordHash, Operator}}, o.Logins...)
}

// login gives whoever has the name.
func (o *Options) login(name string) (Login, bool) {
	all := o.logins()
	i := slices.IndexFunc(all, func(l Login) bool { return l.Name == name })
	if i < 0 {
		return Login{}, false
	}
	return all[i], true
}

// demandsLogin reports whether pages are for people who are logged in. A login that is configured is demanded on
// loopback too: a proxy on this machine comes from there.
func (o *Options) demandsLogin() bool { return o.hasLogin() || o.UserHeader != "" }

// hasLogin reports whether people can log in here, with a password or at a provider.
func (o *Options) hasLogin() bool { return len(o.logins()) > 0 || o.OIDC != nil }

// entry gives what the settings in force say of whoever has a session: the role, and what has to have let them in; nil is nobody.
func (o *Options) entry(session access.Session) (Role, []byte) {
	if session.Groups != nil { // from a provider: the name of a login with a password is another one's
		if o.OIDC == nil {
			return "", nil
		}
		return o.roleOf(session.Login, session.Groups), o.OIDC.credential()
	}
	if login, isLogin := o.login(session.Login); isLogin {
		return login.Role, login.credential()
	}
	return "", nil
}

// roleOf gives the role of somebody whom a proxy or a provider names.
func (o *Options) roleOf(name string, groups []string) Role {
	if slices.Contains(o.Operators, name) || slices.ContainsFunc(o.OperatorGroups, func(g string) bool { return slices.Contains(groups, g) }) {
		return Operator
	}
	return Viewer
}

// identity is whoever asks.
type identity struct {
	name    string // empty where no login is demanded
	role    Role
	session bool // it came in with a password, and can log out
}

// named gives whoever the proxy's headers name; ok is false for nobody, and for a header that came twice: one of them is the
// guest's own. The headers are taken away, so that nobody after this reads them by mistake.
func (g *gate) named(r *http.Request, o *Options) (who identity, ok bool) {
	users, groups := r.Header.Values(o.UserHeader), r.Header.Values(o.GroupHeader)
	for _, name := range []string{o.UserHeader, o.GroupHeader} {
		if name != "" {
			r.Header.Del(name)
		}
	}
	if o.UserHeader == "" || !isAmong(peer(r), o.Proxies) || len(users) != 1 || users[0] == "" {
		return identity{}, false
	}
	member := []string{}
	if len(groups) == 1 {
		for group := range strings.SplitSeq(groups[0], ",") {
			member = append(member, strings.TrimSpace(group))
		}
	}
	return identity{name: users[0], role: o.roleOf(users[0], member)}, true
}

type identityKey struct{}

func withIdentity(r *http.Request, who identity) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), identityKey{}, who))
}

func identityOf(ctx context.Context) identity {
	who, _ := ctx.Value(identityKey{}).(identity)
	return who
}

// CanLogOut reports whether whoever asks came in with a password.
func CanLogOut(ctx context.Context) bool { return identityOf(ctx).session }

// User gives the name of whoever asks: the proxy's word, or that of the login. It is empty where no login is demanded.
func User(ctx context.Context) string { return identityOf(ctx).name }

// CanAct reports whether whoever asks may act, and not only look.
func CanAct(ctx context.Context) bool { return identityOf(ctx).role == Operator }
