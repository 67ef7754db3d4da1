package sandbox

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// tc3 is the name of the signature, TC3-HMAC-SHA256, checked here from the algorithm as Tencent writes it down.
const tc3 = "TC3-HMAC-SHA256"

// tc3Tolerance is how far a request's clock may be from ours.
const tc3Tolerance = 5 * time.Minute

// authorization is the Authorization header, read.
type authorization struct {
	secretID  string
	date      string // of the credential scope, UTC
	service   string
	signed    []string // names of the signed headers, as they stand
	signature string
}

func readAuthorization(header string) (a authorization, ok bool) {
	rest, ok := strings.CutPrefix(header, tc3+" ")
	if !ok {
		return a, false
	}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "Credential":
			scope := strings.Split(value, "/")
			if len(scope) != 4 || scope[3] != "tc3_request" {
				return a, false
			}
			a.secretID, a.date, a.service = scope[0], scope[1], scope[2]
		case "SignedHeaders":
			a.signed = strings.Split(value, ";")
		case "Signature":
			a.signature = value
		}
	}
	return a, a.secretID != "" && a.signature != "" &&
		slices.Contains(a.signed, "content-type") && slices.Contains(a.signed, "host")
}

// verify checks a request's signature and gives the secret that made it.
func (s *Sandbox) verify(r *http.Request, body []byte) (*Secret, *tencentError) {
	if r.Header.Get("Authorization") == "" {
		return nil, &tencentError{"AuthFailure.InvalidAuthorization", "The request header has no Authorization."}
	}
	a, ok := readAuthorization(r.Header.Get("Authorization"))
	if !ok {
		return nil, &tencentError{"AuthFailure.InvalidAuthorization", "Authorization does not follow the standard of " + tc3 + "."}
	}
	stamp := r.Header.Get("X-TC-Timestamp")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return nil, &tencentError{"MissingParameter", "The request header has no usable X-TC-Timestamp."}
	}
	at, now := time.Unix(seconds, 0), s.signatureTime()
	if at.Sub(now).Abs() > tc3Tolerance {
		return nil, &tencentError{"AuthFailure.SignatureExpire", "The timestamp is more than five minutes from the server's."}
	}
	if a.date != at.UTC().Format(time.DateOnly) || a.service != "sms" {
		return nil, &tencentError{"AuthFailure.SignatureFailure", "The credential scope does not match the timestamp (UTC date) and service."}
	}
	secret := s.secret(a.secretID)
	if secret == nil {
		return nil, &tencentError{"AuthFailure.SecretIdNotFound", "The SecretId does not exist."}
	}
	want := sign(secret.Key, a.date, stringToSign(stamp, a.date, canonicalRequest(r, a.signed, body)))
	if !hmac.Equal([]byte(want), []byte(a.signature)) {
		return nil, &tencentError{"AuthFailure.SignatureFailure", "The provided credentials could not be validated. Please check your signature."}
	}
	return secret, nil
}

// canonicalRequest gives the text whose hash is signed. The URI is "/" whatever the path.
func canonicalRequest(r *http.Request, signed []string, body []byte) string {
	var headers strings.Builder
	for _, name := range signed {
		value := strings.TrimSpace(r.Header.Get(name))
		switch name {
		case "host":
			value = r.Host
		case "content-type": // byte for byte as on the wire
		default:
			value = strings.ToLower(value)
		}
		headers.WriteString(name + ":" + value + "\n")
	}
	hash := sha256.Sum256(body)
	return strings.Join([]string{
		r.Method, "/", r.URL.RawQuery, headers.String(), strings.Join(signed, ";"), hex.EncodeToString(hash[:]),
	}, "\n")
}

func stringToSign(stamp, date, canonical string) string {
	hash := sha256.Sum256([]byte(canonical))
	return strings.Join([]string{tc3, stamp, date + "/sms/tc3_request", hex.EncodeToString(hash[:])}, "\n")
}

// sign gives the signature in hex: a chain of HMACs from the key over date, service and the closing word.
func sign(key, date, text string) string {
	k := []byte("TC3" + key)
	for _, link := range []string{date, "sms", "tc3_request", text} {
		h := hmac.New(sha256.New, k)
		h.Write([]byte(link))
		k = h.Sum(nil)
	}
	return hex.EncodeToString(k)
}

// signatureTime is the time that signatures are checked against.
func (s *Sandbox) signatureTime() time.Time {
	if s.o.Tencent.VirtualTimestamps {
		return s.Now()
	}
	return s.o.Wall()
}

func (s *Sandbox) secret(id string) *Secret {
	for i := range s.o.Secrets {
		if s.o.Secrets[i].ID == id {
			return &s.o.Secrets[i]
		}
	}
	return nil
}
