package tencent

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// verify checks a request's signature by the vendor's written algorithm, TC3-HMAC-SHA256, and not with its SDK.
func verify(r *http.Request, body, id, key string, now time.Time) error {
	sum := func(s string) string { h := sha256.Sum256([]byte(s)); return hex.EncodeToString(h[:]) }
	chain := func(key []byte, s string) []byte {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(s))
		return h.Sum(nil)
	}
	seconds, err := strconv.ParseInt(r.Header.Get("X-TC-Timestamp"), 10, 64)
	if err != nil {
		return err
	}
	signed := time.Unix(seconds, 0).UTC()
	if d := now.Sub(signed).Abs(); d > 5*time.Minute {
		return fmt.Errorf("signed %s ago", d)
	}
	canonical := strings.Join([]string{r.Method, "/", "",
		"content-type:" + r.Header.Get("Content-Type") + "\nhost:" + r.Host + "\n", "content-type;host", sum(body)}, "\n")
	scope := signed.Format("2006-01-02") + "/sms/tc3_request"
	toSign := strings.Join([]string{"TC3-HMAC-SHA256", r.Header.Get("X-TC-Timestamp"), scope, sum(canonical)}, "\n")
	k := chain(chain(chain([]byte("TC3"+key), signed.Format("2006-01-02")), "sms"), "tc3_request")
	want := fmt.Sprintf("TC3-HMAC-SHA256 Credential=%s/%s, SignedHeaders=content-type;host, Signature=%s",
		id, scope, hex.EncodeToString(chain(k, toSign)))
	if got := r.Header.Get("Authorization"); got != want {
		return fmt.Errorf("authorization\n%s\nwant\n%s", got, want)
	}
	return nil
}
