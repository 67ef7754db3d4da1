package metabase

import (
	"context"
	"fmt"
	"regexp"
	"strconv"

	"smsetl/sms"
)

// OldestVersion is the first whose API is spoken here: the Trash, questions with a type, and dashboards that are saved with their
// cards in one request came before it or with it.
const OldestVersion = 50

// Of v0.50.1 and, with a licence, v1.50.1 the second number is what counts.
var versionForm = regexp.MustCompile(`^v?[01]\.(\d+)\b`)

// hello finds out whether a Metabase answers, whether it is new enough, and whether the key may do what is needed. It writes nothing.
func (c *Client) hello(ctx context.Context) (version string, err error) {
	var properties struct {
		Version struct {
			Tag string `json:"tag"`
		} `json:"version"`
	}
	if err := c.get(ctx, "/api/session/properties", &properties); err != nil {
		return "", err
	}
	version = properties.Version.Tag
	if version == "" {
		return "", fmt.Errorf("metabase: %w: %s answers, and does not say which version of Metabase it is", sms.ErrRefused, c.base)
	}
	if found := versionForm.FindStringSubmatch(version); found != nil {
		if number, err := strconv.Atoi(found[1]); err == nil && number < OldestVersion {
			return "", fmt.Errorf("metabase: %w: %s is Metabase %s: 0.%d or newer is needed", sms.ErrRefused, c.base, version, OldestVersion)
		}
	}
	var user struct {
		IsSuperuser bool `json:"is_superuser"`
	}
	if err := c.get(ctx, "/api/user/current", &user); err != nil {
		return "", err
	}
	if !user.IsSuperuser {
		return "", fmt.Errorf("metabase: %w: the API key is accepted, and may not add a database: its group has to be Administrators", sms.ErrSourceDenied)
	}
	return version, nil
}
