package metabase

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"smsetl/sms"
)

const (
	// requestTimeout is how long an answer may take. Adding a database makes Metabase connect to it first, which it gives up
	// after 10 s.
	requestTimeout = time.Minute
	maxBody        = 64 << 20
)

// Client asks one Metabase with one API key.
type Client struct {
	base *url.URL
	key  string
	http *http.Client
	// secrets are cut out of the messages of Metabase before they are shown.
	secrets []string
}

// Options are how a Metabase may be reached.
type Options struct {
	AllowHTTP bool // an address without TLS that is not this machine: the key then travels in the clear
}

// NewClient makes a client for the Metabase at an address such as metabase.example.com with https in front. A wrong address is
// an error of kind sms.ErrRefused.
func NewClient(address, key string, options Options) (*Client, error) {
	base, err := url.Parse(address)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, refused("the address is not one: want http or https, a host, and a path only where Metabase lies " +
			"under one")
	}
	if base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return nil, refused("the address holds more than scheme, host and path: the key is given by itself")
	}
	if base.Scheme == "http" && !options.AllowHTTP && !isLoopback(base.Hostname()) {
		return nil, refused("http to %s would send the key and the password in the clear: use https, or say that http is "+
			"meant", base.Hostname())
	}
	if key == "" || strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, refused("the API key is empty or holds spaces or line ends: copy it from Admin settings > " +
			"Authentication > API keys")
	}
	base.Path = strings.TrimSuffix(base.Path, "/")
	return &Client{base: base, key: key, secrets: []string{key}, http: &http.Client{
		Timeout: requestTimeout,
		// The key would go along to wherever the answer points.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// refused is an error of kind sms.ErrRefused, which says what another command line would mend.
func refused(form string, arguments ...any) error {
	return fmt.Errorf("metabase: %w: %s", sms.ErrRefused, fmt.Sprintf(form, arguments...))
}

func isLoopback(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsLoopback()
	}
	return host == "localhost"
}

// Address gives where a page of this Metabase is, such as /dashboard/3.
func (c *Client) Address(path string) string { return c.base.String() + path }

func (c *Client) get(ctx context.Context, path string, into any) error {
	return c.do(ctx, http.MethodGet, path, nil, into)
}

// do sends one request and decodes the answer, unless into is nil.
func (c *Client) do(ctx context.Context, method, path string, body, into any) error {
	answer, err := c.send(ctx, method, path, body)
	if err != nil {
		return fmt.Errorf("metabase: %s %s: %w", method, withoutQuery(path), err)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(answer, into); err != nil {
		// The text of the error could show a part of the answer.
		return fmt.Errorf("metabase: %s %s: %w: the answer is not of the form that is documented", method, withoutQuery(path), sms.ErrMalformed)
	}
	return nil
}

func (c *Client) send(ctx context.Context, method, path string, body any) ([]byte, error) {
	var content io.Reader
	if body != nil {
		document, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(document)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base.String()+path, content)
	if err != nil {
		return nil, err
	}
	request.Header.Set("X-Api-Key", c.key)
	request.Header.Set("Accept", "application/json")
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, c.unreachable(ctx, err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	if err != nil {
		return nil, c.unreachable(ctx, err)
	}
	return answer, c.refusal(response, answer)
}

// unreachable says why there was no answer.
func (c *Client) unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err // the rest repeats the address
	}
	if lookup, ok := errors.AsType[*net.DNSError](err); ok && lookup.IsNotFound {
		return fmt.Errorf("%w: no machine is called %s: is the address right?", sms.ErrRefused, c.base.Hostname())
	}
	return fmt.Errorf("%w: nothing answers at %s: %w", sms.ErrTemporary, c.base, err)
}

// refusal turns an answer that is not a success into an error that says what to do.
func (c *Client) refusal(response *http.Response, answer []byte) error {
	kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	status := response.StatusCode
	switch {
	case status >= 300 && status < 400:
		return fmt.Errorf("%w: %s sends on to %s: give the address where Metabase is", sms.ErrRefused, c.base, hostOf(response))
	case status == http.StatusUnauthorized:
		return fmt.Errorf("%w: the API key is not accepted: make one under Admin settings > Authentication > API keys", sms.ErrSourceDenied)
	case status == http.StatusForbidden:
		return fmt.Errorf("%w: the API key may not do this: its group has to be Administrators", sms.ErrSourceDenied)
	case status >= 500 && kind == "text/html":
		return fmt.Errorf("%w: %d with a page in HTML: what answers is a proxy, and Metabase behind it is starting or down", sms.ErrTemporary, status)
	case status >= 500:
		return fmt.Errorf("%w: %d: %s", sms.ErrTemporary, status, c.reason(answer))
	case status == http.StatusNotFound:
		return fmt.Errorf("%w: %d: no such thing there: is this the address of a Metabase?", sms.ErrRefused, status)
	case status >= 400:
		return fmt.Errorf("%w: %d: %s", sms.ErrRefused, status, c.reason(answer))
	case status != http.StatusNoContent && kind != "application/json":
		return fmt.Errorf("%w: the answer is not JSON: is this the address of a Metabase?", sms.ErrRefused)
	}
	return nil
}

func hostOf(response *http.Response) string {
	if where, err := response.Location(); err == nil {
		return where.Scheme + "://" + where.Host
	}
	return "elsewhere"
}

// reason gives what Metabase says is wrong: a message, or the fields with what is wrong with each, or a plain text.
// Secrets are cut out, because Metabase repeats what it was sent.
func (c *Client) reason(answer []byte) string {
	var document struct {
		Message string `json:"message"`
		Error   string `json:"error"`
		// Of a field it is a text, or a map of texts.
		Errors map[string]json.RawMessage `json:"errors"`
	}
	text := strings.TrimSpace(string(answer))
	if json.Unmarshal(answer, &document) == nil {
		text = cmp.Or(document.Message, document.Error)
		for _, field := range sortedKeys(document.Errors) {
			text += fmt.Sprintf("; %s: %s", field, document.Errors[field])
		}
		text = strings.TrimPrefix(text, "; ")
	}
	for _, secret := range c.secrets {
		text = strings.ReplaceAll(text, secret, "***")
	}
	const most = 400
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "..."
	}
	return cmp.Or(text, "it does not say why")
}

func withoutQuery(path string) string {
	before, _, _ := strings.Cut(path, "?")
	return before
}

// oldestVersion is the first whose API is spoken here: the Trash, questions with a type, and dashboards that are saved
// with their cards in one request came before it or with it.
const oldestVersion = 50

// Of v0.50.1 and, with a licence, v1.50.1 the second number is what counts.
var versionForm = regexp.MustCompile(`^v?[01]\.(\d+)\b`)

// version finds out whether a Metabase answers, whether it is new enough, and whether the key may do what is needed. It
// writes nothing.
func (c *Client) version(ctx context.Context) (tag string, err error) {
	var properties struct {
		Version struct {
			Tag string `json:"tag"`
		} `json:"version"`
	}
	if err := c.get(ctx, "/api/session/properties", &properties); err != nil {
		return "", err
	}
	tag = properties.Version.Tag
	if tag == "" {
		return "", refused("%s answers, and does not say which version of Metabase it is", c.base)
	}
	if found := versionForm.FindStringSubmatch(tag); found != nil {
		if number, err := strconv.Atoi(found[1]); err == nil && number < oldestVersion {
			return "", refused("%s is Metabase %s: 0.%d or newer is needed", c.base, tag, oldestVersion)
		}
	}
	var user struct {
		IsSuperuser bool `json:"is_superuser"`
	}
	if err := c.get(ctx, "/api/user/current", &user); err != nil {
		return "", err
	}
	if !user.IsSuperuser {
		return "", fmt.Errorf("metabase: %w: the API key is accepted, and may not add a database: its group has to be "+
			"Administrators", sms.ErrSourceDenied)
	}
	return tag, nil
}
