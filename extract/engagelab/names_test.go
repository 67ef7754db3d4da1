package engagelab

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"smsetl/sms"
)

// Listings are asked for page by page until one is not full, and nothing but IDs and names is taken from them.
func TestNames(t *testing.T) {
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path+"?"+r.URL.RawQuery)
		if name, secret, _ := r.BasicAuth(); name != user || secret != key {
			t.Errorf("signed in as %q", name)
		}
		offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
		kind, count := "template", 200
		if r.URL.Path == "/v1/labels" {
			kind, count = "label", 3
		}
		var rows []string
		for i := offset; i < min(offset+100, count); i++ {
			rows = append(rows, fmt.Sprintf(`{"%s_id":%d,"%s_name":"n%d","template_content":"your code is 1234"}`, kind, i, kind, i))
		}
		fmt.Fprintf(w, `{"result":[%s],"total":%d,"count":%d}`, strings.Join(rows, ","), count, len(rows))
	}))
	defer server.Close()
	names, err := open(t, quick(server.URL)).Names(t.Context())
	if err != nil || len(names) != 203 {
		t.Fatalf("%d names: %v", len(names), err)
	}
	if want := (sms.Name{Kind: sms.LabelName, Vendor: sms.EngageLab, ID: "2", Name: "n2"}); names[202] != want || names[199].ID != "199" {
		t.Errorf("%+v and %+v", names[199], names[202])
	}
	want := []string{"/v1/templates?limit=100&offset=0", "/v1/templates?limit=100&offset=100", "/v1/templates?limit=100&offset=200", "/v1/labels?limit=100&offset=0"}
	if d := cmp.Diff(want, asked); d != "" {
		t.Error(d)
	}
}

// Errors are of the kinds that all calls have, and hold neither key nor text.
func TestNamesErrors(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		kind   error
	}{
		"no right":    {http.StatusForbidden, `{"code":30000,"message":"` + key + `"}`, sms.ErrSourceDenied},
		"no such":     {http.StatusNotFound, `{}`, sms.ErrRefused},
		"no rows":     {http.StatusOK, `{"result":{"template_content":"your code is 1234"}}`, sms.ErrMalformed},
		"not its own": {http.StatusOK, `<html>`, sms.ErrMalformed},
		"down":        {http.StatusBadGateway, ``, sms.ErrTemporary},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				fmt.Fprint(w, c.body)
			}))
			defer server.Close()
			_, err := open(t, quick(server.URL)).Names(t.Context())
			if !errors.Is(err, c.kind) || strings.Contains(err.Error(), key) || strings.Contains(err.Error(), "1234") {
				t.Errorf("%v, want %v", err, c.kind)
			}
		})
	}
}
