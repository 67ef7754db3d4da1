package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// webhook is the address of a chat program.
type webhook struct {
	address string // a credential
	client  *http.Client
}

func newWebhook(address string, timeout time.Duration) (webhook, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return webhook{}, errors.New("the webhook is no address") // the parser's error quotes it
	}
	return webhook{address: address, client: &http.Client{
		Timeout: timeout,
		// Followed, a redirect would carry the message elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// post sends one message. Only an answer of 2xx took it.
func (h webhook) post(ctx context.Context, text string) error {
	body, err := json.Marshal(map[string]string{"text": text}) // as Slack, Mattermost and Rocket.Chat take it
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, h.address, bytes.NewReader(body))
	if err != nil {
		return errors.New("the webhook is no address")
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := h.client.Do(request)
	if err != nil {
		return withoutAddress(err)
	}
	defer answer.Body.Close()
	// Read, so that the connection can be used again; not shown, because it is nobody's words.
	if _, err := io.CopyN(io.Discard, answer.Body, 1<<16); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("status %d, and the answer breaks off", answer.StatusCode)
	}
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return fmt.Errorf("status %d", answer.StatusCode)
	}
	return nil
}

// withoutAddress takes the address off the error of a call: package net/http quotes it whole.
func withoutAddress(err error) error {
	if at, ok := errors.AsType[*url.Error](err); ok {
		return at.Err
	}
	return errors.New("the call failed")
}
