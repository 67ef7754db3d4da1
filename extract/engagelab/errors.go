package engagelab

import (
	"fmt"
	"net/http"
	"net/url"
	"time"

	"smsetl/extract"
	"smsetl/sms"
)

// known are the error codes that the vendor's pages show. There is no complete table, and none for a rate limit.
var known = map[string]struct {
	kind error
	hint string
}{
	"30000": {sms.ErrSourceDenied, "check sms_user and sms_key, and that they belong to the old EngageLab SMS API"},
	"33001": {sms.ErrRefused, "a template of the filter does not exist"},
	"34020": {sms.ErrRefused, "the labels of the filter must be whole numbers"},
}

// refusal is an sms.ErrRefused that something can be done about.
type refusal struct{ string }

func (r *refusal) Error() string { return sms.ErrRefused.Error() }
func (r *refusal) Unwrap() error { return sms.ErrRefused }

var (
	// errWindow is of a call whose parameters the vendor does not take, which may be for its days.
	errWindow = error(&refusal{"window"})
	// errNoPath is of a call at a path that the vendor does not know.
	errNoPath = error(&refusal{"path"})
)

// judge gives the error of one try, nil for an answer to be understood. What is worth another try has the mark of
// extract.Again. The status decides before the body does, except under 200, where the vendor's clients treat the
// presence of `code` as failure whatever the status says.
func (c *Client) judge(a *extract.Answer, err error) error {
	switch {
	case err != nil:
		return extract.Retryable(a, err)
	case a.Status == http.StatusOK:
		return c.judgeBody(a)
	}
	e := envelope{}
	if got, err := peek(a.Head, a.IsWhole()); err == nil {
		e = got
	}
	said := fmt.Sprintf("HTTP %d%s", a.Status, c.quote(e))
	rule, isKnown := known[e.code]
	switch {
	case extract.IsTemporary(a.Status):
		return extract.Again(fmt.Errorf("%w: %s", sms.ErrTemporary, said), extract.RetryAfter(a.Header, time.Now()))
	case a.Status/100 == 3:
		return fmt.Errorf("%w: %s: redirected%s, which is not followed: set base_url and paths to the final address", sms.ErrRefused, said, c.target(a))
	case a.Status/100 == 2:
		return extract.AgainSaying(fmt.Errorf("%w: %s instead of 200", sms.ErrMalformed, said), 0, a.Said())
	case isKnown:
		return fmt.Errorf("%w: %s: %s", rule.kind, said, rule.hint)
	case a.Status == http.StatusUnauthorized, a.Status == http.StatusForbidden:
		return fmt.Errorf("%w: %s: %s", sms.ErrSourceDenied, said, known["30000"].hint)
	case a.Status == http.StatusNotFound:
		return fmt.Errorf("%w: %s: the path is wrong, which never means that there is no data: check the setting paths, and base_url", errNoPath, said)
	}
	kind := sms.ErrRefused
	if a.Status == http.StatusBadRequest {
		kind = errWindow
	}
	return fmt.Errorf("%w: %s: the vendor does not take the parameters: check filters, msg_type and time_zone", kind, said)
}

// judgeBody judges what came under 200.
func (c *Client) judgeBody(a *extract.Answer) error {
	e, err := peek(a.Head, a.IsWhole())
	if err != nil {
		return extract.AgainSaying(fmt.Errorf("%w: %s", sms.ErrMalformed, c.Scrub.Text(err.Error())), 0, a.Said())
	}
	if !e.isError {
		return nil
	}
	// An error under 200 contradicts itself, so even a code that is final elsewhere gets a second try.
	said := "an error under HTTP 200" + c.quote(e)
	if rule, ok := known[e.code]; ok {
		return extract.AgainSaying(fmt.Errorf("%w: %s: %s", rule.kind, said, rule.hint), 0, a.Said())
	}
	return extract.AgainSaying(fmt.Errorf("%w: %s", sms.ErrTemporary, said), extract.RetryAfter(a.Header, time.Now()), a.Said())
}

// quote gives code and message of an error body for an error text, empty when there is neither.
func (c *Client) quote(e envelope) string {
	var s string
	if e.code != "" {
		s = ", code " + c.Scrub.Text(e.code)
	}
	if e.message != "" {
		s += fmt.Sprintf(", %q", c.Scrub.Text(e.message))
	}
	return s
}

// target names the host that a redirect points at. Its path and query are left out: they may hold anything.
func (c *Client) target(a *extract.Answer) string {
	u, err := url.Parse(a.Header.Get("Location"))
	if err != nil || u.Host == "" {
		return ""
	}
	return " to " + c.Scrub.Text(u.Scheme+"://"+u.Host)
}
