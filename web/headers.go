package web

import (
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

// strictPolicy is for pages of this program: everything from here, nothing inline, framed by nobody.
const strictPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// jobsPagePolicy is for the queue's pages, which write styles into their elements. Scripts come from files only, and
// nothing is sent elsewhere.
const jobsPagePolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; " +
	"connect-src 'self'; manifest-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

// headers tells browsers what they may do with the answers. A page may narrow or widen its own.
func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", strictPolicy)
		h.Set("X-Frame-Options", "DENY")
		h.Set("X-Content-Type-Options", "nosniff")
		// Not no-referrer: browsers would then send "Origin: null" with our own forms, which nobody can tell from a stranger's.
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		// Numbers of a business stay out of caches; files that never change say otherwise themselves.
		h.Set("Cache-Control", "no-store")
		if r.TLS != nil { // a browser that was here once never again asks without encryption
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// jobsPolicy also refuses addresses that hold what is no text: the queue's pages hand them to the database, and answer its refusal
// with 500.
func jobsPolicy(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query, err := url.QueryUnescape(r.URL.RawQuery)
		if address := r.URL.Path + query; err != nil || !utf8.ValidString(address) || strings.ContainsRune(address, 0) {
			writeText(w, http.StatusBadRequest, "The address holds what is no text.\n")
			return
		}
		w.Header().Set("Content-Security-Policy", jobsPagePolicy)
		next.ServeHTTP(w, r)
	})
}
