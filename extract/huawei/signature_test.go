package huawei

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// signedAt is the moment of the signature below.
var signedAt = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// signedRequest gives a request that is signed by the steps of the vendor's page, spelled out. The sandbox signs a second time
// in its own words.
func signedRequest(change func(*http.Request)) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "http://hook.example/huawei/status/a%20b?z=1&a=x%20y&a=b", strings.NewReader(vendorSample))
	r.Header.Set("Content-Type", formType)
	r.Header.Set("X-Sdk-Date", "20260102T030405Z")
	canonical := "POST\n/huawei/status/a%20b/\na=b&a=x%20y&z=1\n" +
		"content-type:application/x-www-form-urlencoded\nhost:hook.example\nx-sdk-date:20260102T030405Z\n\ncontent-type;host;x-sdk-date\n" +
		fmt.Sprintf("%x", sha256.Sum256([]byte(vendorSample)))
	mac := hmac.New(sha256.New, []byte("the secret"))
	fmt.Fprintf(mac, "SDK-HMAC-SHA256\n20260102T030405Z\n%x", sha256.Sum256([]byte(canonical)))
	r.Header.Set("Authorization", fmt.Sprintf("SDK-HMAC-SHA256 Access=the-key, SignedHeaders=content-type;host;x-sdk-date, Signature=%x", mac.Sum(nil)))
	if change != nil {
		change(r)
	}
	return r
}

func TestVerify(t *testing.T) {
	good := Verifier{AccessKey: "the-key", SecretKey: "the secret"}
	auth := func(old, replacement string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), old, replacement, 1))
		}
	}
	set := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	for name, c := range map[string]struct {
		verifier Verifier
		change   func(*http.Request)
		body     string
		late     time.Duration
		ok       bool
	}{
		"good":                 {ok: true},
		"nearly old":           {late: 15 * time.Minute, ok: true},
		"too old":              {late: 15*time.Minute + time.Second},
		"nearly of the future": {late: -15 * time.Minute, ok: true},
		"of the future":        {late: -15*time.Minute - time.Second},
		"own window":           {verifier: Verifier{AccessKey: "the-key", SecretKey: "the secret", Window: time.Minute}, late: 2 * time.Minute},
		"behind a proxy":       {verifier: Verifier{AccessKey: "the-key", SecretKey: "the secret", Host: "hook.example"}, change: func(r *http.Request) { r.Host = "127.0.0.1:9" }, ok: true},
		"another host":         {change: func(r *http.Request) { r.Host = "other.example" }},
		"another secret":       {verifier: Verifier{AccessKey: "the-key", SecretKey: "the secrets"}},
		"another key":          {verifier: Verifier{AccessKey: "the-keys", SecretKey: "the secret"}},
		"no secret":            {verifier: Verifier{AccessKey: "the-key"}},
		"altered body":         {body: strings.Replace(vendorSample, "DELIVRD", "UNDELIV", 1)},
		"longer body":          {body: vendorSample + " "},
		"altered path":         {change: func(r *http.Request) { r.URL.Path = "/huawei/status/a c" }},
		"altered query":        {change: func(r *http.Request) { r.URL.RawQuery += "&b=1" }},
		"a query that is none": {change: func(r *http.Request) { r.URL.RawQuery += "&b=%zz" }},
		"altered method":       {change: func(r *http.Request) { r.Method = http.MethodPut }},
		"altered header":       {change: set("Content-Type", jsonType)},
		"header taken away":    {change: func(r *http.Request) { r.Header.Del("Content-Type") }},
		"header twice":         {change: func(r *http.Request) { r.Header.Add("Content-Type", jsonType) }},
		"another date":         {change: set("X-Sdk-Date", "20260102T030406Z")},
		"date twice":           {change: func(r *http.Request) { r.Header.Add("X-Sdk-Date", "20260102T030405Z") }},
		"no date":              {change: func(r *http.Request) { r.Header.Del("X-Sdk-Date") }},
		"date of no form":      {change: set("X-Sdk-Date", "2026-01-02T03:04:05Z")},
		"date is not signed":   {change: auth("content-type;host;x-sdk-date", "content-type;host")},
		"no authorization":     {change: func(r *http.Request) { r.Header.Del("Authorization") }},
		"authorization twice":  {change: func(r *http.Request) { r.Header.Add("Authorization", r.Header.Get("Authorization")) }},
		"another algorithm":    {change: auth("SDK-HMAC-SHA256", "SDK-HMAC-SM3")},
		"half a signature":     {change: func(r *http.Request) { a := r.Header.Get("Authorization"); r.Header.Set("Authorization", a[:len(a)-2]) }},
		"empty signature": {change: func(r *http.Request) {
			a := r.Header.Get("Authorization")
			r.Header.Set("Authorization", a[:len(a)-64])
		}},
		"signature twice": {change: func(r *http.Request) {
			a := r.Header.Get("Authorization")
			r.Header.Set("Authorization", a+", "+a[len(a)-74:])
		}},
		"signature of nothing":  {change: auth("Signature=", "Signature=00")},
		"no access":             {change: auth("Access=the-key, ", "")},
		"content hash of ours":  {change: set("X-Sdk-Content-Sha256", "UNSIGNED-PAYLOAD"), body: "smsMsgId=a&status=DELIVRD"},
		"more than three parts": {change: auth("Access=the-key", "Access=the-key, Scope=all")},
	} {
		t.Run(name, func(t *testing.T) {
			v, body := c.verifier, c.body
			if v == (Verifier{}) {
				v = good
			}
			if body == "" {
				body = vendorSample
			}
			err := v.Verify(signedRequest(c.change), []byte(body), signedAt.Add(c.late))
			if (err == nil) != c.ok || err != nil && !errors.Is(err, ErrSignature) {
				t.Errorf("%v, want ok: %t", err, c.ok)
			}
		})
	}
}
