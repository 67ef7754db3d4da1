package sandbox_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"smsetl/sandbox"
	"smsetl/sandbox/traffic"
)

func Example() {
	box := sandbox.New(sandbox.Options{
		Seed: 1, First: "2026-01-01",
		Users: []sandbox.User{{Source: "main", SMSUser: "me", Key: "secret", Profile: traffic.Service}},
	})
	box.SetNow(time.Date(2026, 2, 1, 3, 0, 0, 0, time.UTC))
	addresses, stop, err := box.Listen(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer stop()

	response, err := http.Get(addresses.EngageLab + "/v1/stats_day?start_date=2026-01-01&end_date=2026-01-31")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	fmt.Println(response.StatusCode, string(body))

	truth, _ := box.Truth("2026-01-01", "2026-01-01", box.Now())
	fmt.Println(len(truth.Deliveries) > 8, truth.Deliveries[0].SendDate)
	// Output:
	// 401 {"code":30000,"message":"authentication failed"}
	// true 2026-01-01
}
