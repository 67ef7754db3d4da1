package huawei

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Verifier checks the signature of pushes, where AK/SK authentication is turned on for them in the console. The algorithm is
// that of the vendor's API gateway: https://support.huaweicloud.com/devg-apisign/api-sign-algorithm.html
type Verifier struct {
	AccessKey string
	SecretKey string
	// Window is how far the time of a signature may be from ours, both ways; 0 for 15 minutes. A push that is repeated within it
	// verifies again, which does no harm: the same report says nothing new.
	Window time.Duration
	// Host is the name by which the vendor calls; "" for that of the request, which a proxy may have replaced.
	Host string
}

// ErrSignature says that a push is not signed as it should be. It does not say which part is wrong: whoever can forge one
// learns nothing.
var ErrSignature = errors.New("huawei: push: the signature does not verify")

const (
	signAlgorithm = "SDK-HMAC-SHA256"
	signDate      = "X-Sdk-Date"
	signDateForm  = "20060102T150405Z"
	maxSigned     = 30 // headers
)

// Claim says whether the request claims to be signed with our access key, and recently. That is looked at before the body is
// read: whoever does not even know the key costs next to nothing. It proves nothing.
func (v *Verifier) Claim(r *http.Request, now time.Time) error {
	_, _, err := v.claim(r, now)
	return err
}

func (v *Verifier) claim(r *http.Request, now time.Time) (a authorization, date string, err error) {
	a, ok := parseAuthorization(r.Header.Values("Authorization"))
	dates := r.Header.Values(signDate)
	if !ok || len(dates) != 1 || v.AccessKey == "" || subtle.ConstantTimeCompare([]byte(a.access), []byte(v.AccessKey)) != 1 {
		return a, "", ErrSignature
	}
	at, err := time.Parse(signDateForm, dates[0])
	if err != nil {
		return a, "", ErrSignature
	}
	window := cmp.Or(v.Window, 15*time.Minute)
	if off := now.Sub(at); off > window || off < -window {
		return a, "", ErrSignature
	}
	return a, dates[0], nil
}

// Verify says whether the request with the given body is signed with the secret, and recently. now is the present time. The
// time it takes tells nothing about the right signature.
func (v *Verifier) Verify(r *http.Request, body []byte, now time.Time) error {
	authorization, date, err := v.claim(r, now)
	if err != nil {
		return err
	}
	canonical, ok := v.canonical(r, body, authorization.headers)
	if !ok {
		return ErrSignature
	}
	hashed := sha256.Sum256([]byte(canonical))
	mac := hmac.New(sha256.New, []byte(v.SecretKey))
	fmt.Fprintf(mac, "%s\n%s\n%x", signAlgorithm, date, hashed) // the date is signed whether its header is or not
	if subtle.ConstantTimeCompare(authorization.signature, mac.Sum(nil)) != 1 || v.SecretKey == "" {
		return ErrSignature
	}
	return nil
}

type authorization struct {
	access    string
	headers   []string
	signature []byte
}

// parseAuthorization reads SDK-HMAC-SHA256 Access=.., SignedHeaders=a;b, Signature=hex.
func parseAuthorization(values []string) (a authorization, ok bool) {
	if len(values) != 1 || len(values[0]) > 4<<10 {
		return a, false
	}
	rest, ok := strings.CutPrefix(values[0], signAlgorithm+" ")
	if !ok {
		return a, false
	}
	seen := 0
	for part := range strings.SplitSeq(rest, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		if !ok || value == "" {
			return a, false
		}
		seen++
		switch {
		case name == "Access" && a.access == "":
			a.access = value
		case name == "SignedHeaders" && a.headers == nil:
			a.headers = strings.Split(strings.ToLower(value), ";")
		case name == "Signature" && a.signature == nil:
			sum, err := hex.DecodeString(value)
			if err != nil || len(sum) != sha256.Size {
				return a, false
			}
			a.signature = sum
		default:
			return a, false
		}
	}
	return a, seen == 3 && len(a.headers) <= maxSigned
}

// canonical gives the request as it was signed. The body is hashed here, whatever X-Sdk-Content-Sha256 says about it.
func (v *Verifier) canonical(r *http.Request, body []byte, headers []string) (string, bool) {
	// (*url.URL).Query leaves out what it cannot read: it would be in the request and not in its signature.
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return "", false
	}
	var b strings.Builder
	b.WriteString(r.Method + "\n" + canonicalPath(r.URL.Path) + "\n" + canonicalQuery(query) + "\n")
	for _, name := range headers {
		values := slices.Clone(r.Header.Values(name))
		if name == "host" {
			values = []string{r.Host}
			if v.Host != "" {
				values = []string{v.Host}
			}
		}
		if len(values) == 0 {
			return "", false
		}
		slices.Sort(values)
		for _, value := range values {
			b.WriteString(name + ":" + strings.TrimSpace(value) + "\n")
		}
	}
	fmt.Fprintf(&b, "\n%s\n%x", strings.Join(headers, ";"), sha256.Sum256(body))
	return b.String(), true
}

// canonicalPath gives a path with each part escaped, and a slash at its end.
func canonicalPath(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		parts[i] = escape(part)
	}
	path = strings.Join(parts, "/")
	if !strings.HasSuffix(path, "/") {
		path += "/"
	}
	return path
}

// canonicalQuery gives a query sorted by name and value.
func canonicalQuery(query url.Values) string {
	for _, values := range query {
		slices.Sort(values)
	}
	return strings.ReplaceAll(query.Encode(), "+", "%20")
}

// escape escapes all but letters, digits and -_.~ as the vendor's signers do: url.QueryEscape writes a space as +.
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
