package huawei

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"sort"
	"strings"
	"time"
)

// signSDK signs a request as the vendor's gateway does, SDK-HMAC-SHA256, written from the description of the algorithm
// (https://support.huaweicloud.com/devg-apisign/api-sign-algorithm.html) and apart from what verifies it.
func signSDK(r *http.Request, body []byte, access, secret string, at time.Time) {
	date := at.UTC().Format("20060102T150405Z")
	r.Header.Set("X-Sdk-Date", date)
	signed := map[string]string{"host": r.URL.Host, "x-sdk-date": date, "content-type": r.Header.Get("Content-Type")}
	var names []string
	for name := range signed {
		names = append(names, name)
	}
	sort.Strings(names)
	var headers strings.Builder
	for _, name := range names {
		headers.WriteString(name + ":" + strings.TrimSpace(signed[name]) + "\n")
	}
	path := r.URL.EscapedPath()
	if !strings.HasSuffix(path, "/") {
		path += "/"
	}
	canonical := strings.Join([]string{
		r.Method, path, sortedQuery(r.URL.Query()), headers.String(), strings.Join(names, ";"), hexSHA256(body),
	}, "\n")
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("SDK-HMAC-SHA256\n" + date + "\n" + hexSHA256([]byte(canonical))))
	r.Header.Set("Authorization", "SDK-HMAC-SHA256 Access="+access+", SignedHeaders="+strings.Join(names, ";")+
		", Signature="+hex.EncodeToString(mac.Sum(nil)))
}

// sortedQuery gives a query by name and value, with %20 for a space.
func sortedQuery(query url.Values) string {
	for _, values := range query {
		sort.Strings(values)
	}
	return strings.ReplaceAll(query.Encode(), "+", "%20")
}

func hexSHA256(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
