package engagelab

import (
	"context"
	"fmt"
	"net/url"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"smsetl/extract"
	"smsetl/internal/pack"
	"smsetl/sms"
)

// pageSize is the most that a listing gives at once, and maxPages where one ends that never does.
const (
	pageSize = 100
	maxPages = 1000
)

// Names asks what the templates and labels of the credentials are called. What has no name is left out. Nothing but IDs and names is looked
// at: templates hold texts. Errors wrap a kind of package sms, or are ctx's own when it ended.
//
// Sources: https://engagelab.com/docs/SMS/REST-API/SMS-Templates and https://www.engagelab.com/docs/SMS/REST-API/Tags.
func (c *Client) Names(ctx context.Context) ([]sms.Name, error) {
	var all []sms.Name
	for _, l := range []struct {
		kind sms.NameKind
		path string
	}{{sms.TemplateName, "/v1/templates"}, {sms.LabelName, "/v1/labels"}} {
		for page := range maxPages {
			listed, err := c.list(ctx, l.path, page*pageSize)
			if err != nil {
				return nil, fmt.Errorf("%s: %s: %w", c, l.path, err)
			}
			for i := range listed {
				if n := listed[i].named(l.kind); n.ID != "" && n.Name != "" {
					all = append(all, n)
				}
			}
			if len(listed) < pageSize {
				break
			}
		}
	}
	return all, nil
}

// listed is a row of a listing, a template or a label.
type listed struct {
	TemplateID   jsontext.Value `json:"template_id"`
	TemplateName jsontext.Value `json:"template_name"`
	LabelID      jsontext.Value `json:"label_id"`
	LabelName    jsontext.Value `json:"label_name"`
}

func (l *listed) named(kind sms.NameKind) sms.Name {
	n := sms.Name{Kind: kind, Vendor: sms.EngageLab, ID: codeOf(l.TemplateID), Name: codeOf(l.TemplateName)}
	if kind == sms.LabelName {
		n.ID, n.Name = codeOf(l.LabelID), codeOf(l.LabelName)
	}
	return n
}

// list asks for a page of a listing.
func (c *Client) list(ctx context.Context, path string, offset int) ([]listed, error) {
	u := *c.Base
	u.Path += path
	u.RawQuery = url.Values{"offset": {strconv.Itoa(offset)}, "limit": {strconv.Itoa(pageSize)}}.Encode()
	var page struct {
		Result []listed `json:"result"`
	}
	err := c.Policy.Do(ctx, func() error {
		answer, err := c.send(ctx, u.String(), nil)
		if err := c.judge(answer, err); err != nil {
			return err
		}
		body, err := pack.Unpack(answer.Body)
		if err == nil {
			err = extract.Decode(body, &page)
		}
		if err != nil {
			err = fmt.Errorf("%w: %s", sms.ErrMalformed, c.Scrub.Text(err.Error()))
			return extract.RetryUnlessSame(err, 0, answer.Fingerprint())
		}
		return nil
	})
	return page.Result, err
}
