package doctor

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"smsetl/config"
	"smsetl/load"
	"smsetl/load/messages"
)

// mostUnmerged is how long a push may wait to be counted: that is done every 15 s.
const mostUnmerged = 10 * time.Minute

// pushChecks says of each source that is pushed to how its pushes stand. Nobody listening is no failure: only `etl serve` does.
func pushChecks(ctx context.Context, cfg config.Config, wh *load.Warehouse) []Check {
	sources := cfg.Pushed()
	if len(sources) == 0 {
		return nil
	}
	var backlogs []messages.PushBacklog
	var err error
	if wh != nil {
		backlogs, err = messages.PushBacklogs(ctx, wh.DB, time.Now())
	}
	listens := listenerAnswers(ctx, cfg.Pushes)
	var all []Check
	for _, source := range sources {
		c := Check{source.Name + " pushes", err == nil, trustOf(source.Push) + "; " + listens}
		i := slices.IndexFunc(backlogs, func(b messages.PushBacklog) bool { return b.Source == source.Name })
		switch {
		case err != nil:
			c.Detail = err.Error()
		case i >= 0:
			c.Detail += "; " + backlogText(backlogs[i])
			if backlogs[i].OldestWait > mostUnmerged {
				c.OK = false
				c.Detail += ": no `etl serve` counts them"
			}
		}
		all = append(all, c)
	}
	return all
}

// trustOf says what is believed of pushes.
func trustOf(p config.Push) string {
	switch {
	case p.IsSigned():
		return "signatures are verified"
	case p.IsOpen():
		return "not signed, so all are hints, and open to everybody on this machine"
	default:
		return "not signed, so all are hints; the path is secret"
	}
}

func backlogText(b messages.PushBacklog) string {
	var parts []string
	if b.LastAt == nil {
		parts = append(parts, "no push ever came")
	} else {
		parts = append(parts, "the last push came "+b.LastAt.UTC().Format(time.RFC3339))
	}
	if b.Waiting > 0 {
		parts = append(parts, fmt.Sprintf("%s for an export", waits(b.Waiting, "report")))
	}
	if b.Unmerged > 0 {
		parts = append(parts, fmt.Sprintf("%s to be counted since %s", waits(b.Unmerged, "push"), b.OldestWait.Round(time.Second)))
	}
	return strings.Join(parts, "; ")
}

func waits(n int64, what string) string {
	if n == 1 {
		return "1 " + what + " waits"
	}
	if what == "push" {
		what = "pushe"
	}
	return fmt.Sprintf("%d %ss wait", n, what)
}

// listenerAnswers asks whether somebody listens on an address of this machine.
func listenerAnswers(ctx context.Context, pushes config.Pushes) string {
	listen, scheme, client := pushes.Listen, "http", &http.Client{}
	if pushes.TLS.IsOn() {
		// The certificate is for the name that the vendor calls, and here an address is called; nothing is sent that it would protect.
		scheme = "https"
		client.Transport = &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true} //nolint:gosec // see above
	}
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "nobody listens"
	}
	if addr, err := netip.ParseAddr(host); host == "" || err == nil && addr.IsUnspecified() {
		host = "127.0.0.1"
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+net.JoinHostPort(host, port)+"/healthz", http.NoBody)
	if err != nil {
		return "nobody listens"
	}
	answer, err := client.Do(r)
	if err != nil {
		return "nobody listens on " + listen + " now, `etl serve` would"
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return "something else listens on " + listen
	}
	return listen + " answers"
}
