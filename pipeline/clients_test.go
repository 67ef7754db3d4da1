package pipeline

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"

	"smsetl/config"
	"smsetl/extract/tencent"
	"smsetl/plan"
	"smsetl/sms"
	"smsetl/vendors"
)

// A vendor that says that requests come too fast slows the limiter down, whether or not somebody is told how long requests wait,
// as `etl serve` is.
func TestTheVendorsLimitIsHeardWhereWaitsAreTold(t *testing.T) {
	t.Parallel()
	for name, hook := range map[string]Waited{"nobody is told": nil, "somebody is": func(sms.Vendor, string, time.Duration) {}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			var asked atomic.Int32
			vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if asked.Add(1) == 3 {
					cancel() // there are two actions, so one of them has been refused and asked again
				}
				w.Header().Set("Content-Type", "application/json")
				w.Write([]byte(`{"Response":{"Error":{"Code":"RequestLimitExceeded","Message":"too fast"},"RequestId":"r"}}`))
			}))
			t.Cleanup(vendor.Close)
			zone, err := sms.ParseZone("+08:00")
			if err != nil {
				t.Fatal(err)
			}
			s := config.Source{
				Source: plan.Source{
					Name: "tc", Vendor: sms.Tencent, AccountIDs: []string{"1400"}, Zone: zone, MaxRequestsPerSecond: 10,
				},
				BaseURL: vendor.URL,
				Own: &tencent.Settings{
					SecretID: config.NewSecret("id"), SecretKey: config.NewSecret("key"), Options: tencent.Options{SdkAppIDs: []string{"1400"}},
				},
			}
			shared := World{Vendors: vendors.All, Now: time.Now, Log: zap.NewNop()}.Clients([]config.Source{s}, nil, hook)
			c, err := shared.Of(s)
			if err != nil {
				t.Fatal(err)
			}
			scope := sms.Scope{Account: s.Accounts()[0], Datasets: tencent.Spec.DatasetNames(), Window: sms.OneDay(sms.Date(2026, 11, 20), zone)}
			if err := c.Fetch(ctx, scope, func(sms.Payload) error { return nil }); err == nil {
				t.Fatal("the vendor refused everything, and there is no error")
			}
			slowed := 0
			for _, limiter := range shared.byBudget {
				if limiter.Rate() < s.MaxRequestsPerSecond {
					slowed++
				}
			}
			if slowed == 0 {
				t.Errorf("none of %d limiters gave way after %d refusals", len(shared.byBudget), asked.Load())
			}
		})
	}
}
