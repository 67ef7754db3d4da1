package tencent

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"smsetl/internal/dev/extracttest"
	"smsetl/sms"
)

// packagesOf answers with so many packages of each page; lists what was asked for.
func packagesOf(t *testing.T, asked *[]question, page func(offset int) string) *Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q question
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil || r.Header.Get("X-TC-Action") != "SmsPackagesStatistics" {
			t.Errorf("%q: %v", r.Header.Get("X-TC-Action"), err)
		}
		*asked = append(*asked, q)
		extracttest.Say(200, `{"Response":{`+page(*q.Offset)+`,"RequestId":"r-1"}}`, "Content-Type", "application/json")(w, r)
	}))
	t.Cleanup(server.Close)
	return open(t, quick(server.URL))
}

func set(first, n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(`{"PackageId":%d,"CurrentUsage":%d}`, first+i, first)
	}
	return `"SmsPackagesStatisticsSet":[` + strings.Join(all, ",") + `]`
}

// Every page is asked for until one is not full; a package that moved to the next page meanwhile is there once, as it was told last.
func TestPackagesAreRead(t *testing.T) {
	t.Parallel()
	var asked []question
	c := packagesOf(t, &asked, func(offset int) string {
		return map[int]string{0: set(0, 500), 500: set(499, 500), 1000: set(2000, 3)}[offset]
	})
	all, err := c.Packages(t.Context(), account)
	if err != nil || len(all) != 500+499+3 || all[499].Used != sms.Reported(499) || all[1001].ID != "2002" {
		t.Fatalf("%d packages, %v", len(all), err)
	}
	if len(asked) != 3 || *asked[2].Offset != 1000 || *asked[0].Limit != 500 || asked[0].App != app || asked[0].EndTime != "2026040111" || asked[0].BeginTime != "2023033000" {
		t.Errorf("%+v", asked)
	}
	c = packagesOf(t, &asked, func(int) string {
		return `"SmsPackagesStatisticsSet":[{"PackageCreateTime":1556640000,"PackageEffectiveTime":"1556640000","PackageExpiredTime":0,` +
			`"PackageAmount":100,"PackageType":0,"PackageId":"7","CurrentUsage":null}]`
	})
	all, err = c.Packages(t.Context(), account)
	at := time.Date(2019, 4, 30, 16, 0, 0, 0, time.UTC)
	want := []sms.Package{{ID: "7", Amount: sms.Reported(100), IsGift: true, CreatedAt: at, EffectiveAt: at}}
	if d := cmp.Diff(want, all, cmpopts.IgnoreFields(sms.Package{}, "Told"), cmp.AllowUnexported(sms.Count{})); d != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
}

func TestPackagesAreRefused(t *testing.T) {
	t.Parallel()
	var asked []question
	for name, c := range map[string]struct {
		page func(int) string
		want error
		most int // calls
	}{
		"no right": {func(int) string {
			return `"Error":{"Code":"UnauthorizedOperation.RequestPermissionDeny","Message":"no"}`
		}, sms.ErrAccountDenied, 1},
		"no such":     {func(int) string { return `"Error":{"Code":"InvalidAction","Message":"no"}` }, sms.ErrRefused, 1},
		"no list":     {func(int) string { return `"SmsPackagesStatisticsSet":null` }, sms.ErrMalformed, 2},
		"no number":   {func(int) string { return `"SmsPackagesStatisticsSet":[{"PackageAmount":1}]` }, sms.ErrMalformed, 1},
		"without end": {func(int) string { return set(0, 500) }, sms.ErrMalformed, packagesPages},
	} {
		asked = nil
		_, err := packagesOf(t, &asked, c.page).Packages(t.Context(), account)
		if !errors.Is(err, c.want) || len(asked) != c.most || !strings.HasPrefix(err.Error(), "tencent/1400006874: packages: ") {
			t.Errorf("%s: %d calls, %v", name, len(asked), err)
		}
	}
	if _, err := open(t, quick("http://127.0.0.1:1")).Packages(t.Context(), sms.Account{Vendor: sms.Tencent, ID: "1"}); !errors.Is(err, sms.ErrRefused) {
		t.Errorf("another's application: %v", err)
	}
}
