package web_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"smsetl/web"
)

// issuer is a small provider of logins on loopback.
type issuer struct {
	t      *testing.T
	server *httptest.Server
	key    *rsa.PrivateKey
	claims map[string]any // of the next token, over the honest ones
	signer *rsa.PrivateKey
	alg    string
	nonce  string // of the question that is under way
	proof  string // its challenge
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	i := &issuer{t: t, key: key, signer: key, alg: "RS256"}
	mux := http.NewServeMux()
	answer := func(w http.ResponseWriter, document any) {
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(document); err != nil {
			t.Error(err)
		}
	}
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{
			"issuer": i.server.URL, "authorization_endpoint": i.server.URL + "/auth", "token_endpoint": i.server.URL + "/token",
			"jwks_uri": i.server.URL + "/keys", "id_token_signing_alg_values_supported": []string{"RS256"},
		})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{"keys": []any{map[string]string{
			"kty": "RSA", "kid": "1", "alg": "RS256", "use": "sig", "n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()),
			"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
		}}})
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
		if _, secret, _ := r.BasicAuth(); secret != "canary-client-secret" || r.PostFormValue("code") != "good" || base64.RawURLEncoding.EncodeToString(sum[:]) != i.proof {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		answer(w, map[string]any{"access_token": "a", "token_type": "Bearer", "id_token": i.token()})
	})
	i.server = httptest.NewServer(mux)
	t.Cleanup(i.server.Close)
	return i
}

func (i *issuer) token() string {
	claims := map[string]any{
		"iss": i.server.URL, "aud": "etl", "sub": "17", "exp": time.Now().Add(time.Minute).Unix(), "iat": time.Now().Unix(), "nonce": i.nonce,
		"email": "vera@example.com", "email_verified": true,
	}
	maps.Copy(claims, i.claims)
	part := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			i.t.Error(err)
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	signed := part(map[string]string{"alg": i.alg, "kid": "1", "typ": "JWT"}) + "." + part(claims)
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, i.signer, crypto.SHA256, sum[:])
	if err != nil {
		i.t.Error(err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// begin lets a browser ask to be logged in, and gives the state with which it comes back.
func (i *issuer) begin(b *browser) (state string) {
	i.t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Get(b.address + "/login/oidc?to=/page")
	if err != nil {
		i.t.Fatal(err)
	}
	answer.Body.Close()
	to, err := url.Parse(answer.Header.Get("Location"))
	if err != nil || answer.StatusCode != 303 || to.Path != "/auth" {
		i.t.Fatalf("%d to %s %v", answer.StatusCode, to, err)
	}
	q := to.Query()
	if q.Get("client_id") != "etl" || q.Get("code_challenge_method") != "S256" || q.Get("response_type") != "code" {
		i.t.Errorf("asked: %s", to)
	}
	i.nonce, i.proof, b.cookies = q.Get("nonce"), q.Get("code_challenge"), answer.Cookies()
	return q.Get("state")
}

func TestLoginByAProvider(t *testing.T) {
	i := newIssuer(t)
	options := web.Options{
		OIDC: web.NewOIDC(web.OIDCOptions{
			Issuer: i.server.URL, ClientID: "etl", ClientSecret: "canary-client-secret", RedirectURL: "http://127.0.0.1/login/callback",
		}),
		// A login with a password that has the name of somebody else's there.
		Logins:    []web.Login{{Name: "vera@example.com", PasswordHash: hash(t, password), Role: web.Operator}},
		Operators: []string{"olga@example.com"}, OperatorGroups: []string{"sre"}, Sessions: web.InMemory(),
	}
	options.Jobs = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, web.User(r.Context()), " ", web.CanAct(r.Context()))
	})
	address := served(t, options)
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		claims map[string]any
		change func(*issuer, *browser)
		query  string // "" is the right one
		want   string // who is in; "" for nobody
	}{
		"a viewer":                          {want: "vera@example.com false"},
		"an operator by name":               {claims: map[string]any{"email": "olga@example.com"}, want: "olga@example.com true"},
		"an operator by group":              {claims: map[string]any{"groups": []string{"dev", "sre"}}, want: "vera@example.com true"},
		"groups that are no list":           {claims: map[string]any{"groups": "sre"}, want: "vera@example.com false"},
		"no groups":                         {claims: map[string]any{"groups": nil}, want: "vera@example.com false"},
		"an address that is not verified":   {claims: map[string]any{"email": "olga@example.com", "email_verified": false}, want: "17 false"},
		"a token for another program":       {claims: map[string]any{"aud": "other"}},
		"a token of another provider":       {claims: map[string]any{"iss": "http://127.0.0.1:1"}},
		"an old token":                      {claims: map[string]any{"exp": time.Now().Add(-time.Hour).Unix()}},
		"the answer to another question":    {claims: map[string]any{"nonce": "another"}},
		"signed by a stranger":              {change: func(i *issuer, _ *browser) { i.signer = stranger }},
		"signed by nobody":                  {change: func(i *issuer, _ *browser) { i.alg = "none" }},
		"another state":                     {query: "?code=good&state=another"},
		"no code":                           {query: "?state="},
		"a code that the provider refuses":  {query: "?code=bad&state="},
		"a browser that asked for no login": {change: func(_ *issuer, b *browser) { b.cookies = nil }},
		"a verifier that is not ours":       {change: func(i *issuer, _ *browser) { i.proof = "another" }},
	} {
		b := &browser{t: t, address: address}
		state := i.begin(b)
		i.claims, i.signer, i.alg = test.claims, i.key, "RS256"
		if test.change != nil {
			test.change(i, b)
		}
		query := "?code=good&state=" + state
		if test.query != "" {
			query = test.query
			if query[len(query)-1] == '=' {
				query += state
			}
		}
		b.headers = map[string]string{"X-Forwarded-For": "198.51.100." + fmt.Sprint(len(name))} // guests of their own
		status, _ := b.send("GET", "/login/callback"+query)
		b.headers = nil
		in, body := b.send("GET", "/jobs/")
		switch {
		case test.want != "" && (status != 303 || in != 200 || body != test.want):
			t.Errorf("%s: %d, then %d %q, want %q", name, status, in, body, test.want)
		case test.want == "" && (status == 303 || in != 401):
			t.Errorf("%s: %d, then %d %q, want nobody", name, status, in, body)
		}
	}
}
