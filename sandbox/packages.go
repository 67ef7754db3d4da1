package sandbox

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"smsetl/sandbox/traffic"
)

// smsPackagesStatistics is Tencent's call for prepaid packages.
const smsPackagesStatistics = "SmsPackagesStatistics"

// Package is a prepaid package of an application.
type Package struct {
	ID            int
	Created, Ends time.Time
	Amount, Used  int64
	IsGift        bool
}

// Packages gives the packages of an application at a moment: a gift that nobody touches, and one of 12 million for each half year
// of its history, good for a year and used up one after the other by what is billed.
func (s *Sandbox) Packages(app string, at time.Time) []Package {
	const half = 182
	midnight := func(d traffic.Day) time.Time { return d.Start(beijing).Time() }
	all := []Package{{ID: 9, Created: midnight(s.first), Ends: midnight(s.first + 4*half), Amount: 1000, IsGift: true}}
	billed := s.sum(window{app, s.first.Start(beijing), traffic.HourAt(at) - 1}, at).Billed
	for begin := s.first; midnight(begin).Before(at); begin += half {
		p := Package{ID: 1000 + len(all), Created: midnight(begin), Ends: midnight(begin + 2*half), Amount: 12_000_000}
		p.Used = min(p.Amount, billed)
		billed -= p.Used
		all = append(all, p)
	}
	return all
}

// packages answers with the packages that were created in some hours, as a page of them.
func (s *Sandbox) packages(x *exchange, secret *Secret, body []byte) {
	var p struct {
		App       *json.RawMessage `json:"SmsSdkAppId"`
		BeginTime *json.RawMessage `json:"BeginTime"`
		EndTime   *json.RawMessage `json:"EndTime"`
		Limit     *int             `json:"Limit"`
		Offset    *int             `json:"Offset"`
	}
	problem := &tencentError{"MissingParameter", "The request is missing a required parameter."}
	if json.Unmarshal(body, &p) == nil && p.App != nil && p.BeginTime != nil && p.EndTime != nil && p.Limit != nil && p.Offset != nil {
		json.Unmarshal(*p.App, &x.account)
		problem = s.checkApp(secret, x.account)
	}
	if problem == nil && s.o.Tencent.NoPackages {
		problem = &tencentError{"UnauthorizedOperation.RequestPermissionDeny", "The request is not authorized."}
	}
	if problem != nil {
		x.refuse(tencentRefusal(problem))
		return
	}
	first, okFirst := readHour(*p.BeginTime, s.tencentOffset())
	last, okLast := readHour(*p.EndTime, s.tencentOffset())
	switch {
	case !okFirst:
		problem = &tencentError{"InvalidParameterValue.BeginTimeVerifyFail", "`BeginTime` must be yyyymmddhh."}
	case !okLast || last <= first || !last.Time().Before(s.Now()):
		problem = &tencentError{"InvalidParameterValue.EndTimeVerifyFail", "`EndTime` must be after `BeginTime` and in the past."}
	case *p.Limit < 1 || *p.Limit > 500:
		problem = &tencentError{"InvalidParameterValue.LimitVerifyFail", "`Limit` must be within 500."}
	case *p.Offset < 0:
		problem = &tencentError{"InvalidParameterValue.OffsetVerifyFail", "`Offset` must not be negative."}
	}
	if problem != nil {
		x.refuse(tencentRefusal(problem))
		return
	}
	var told []string
	for _, one := range s.Packages(x.account, s.Now()) {
		if h := traffic.HourAt(one.Created); h < first || h > last {
			continue
		}
		kind := 1
		if one.IsGift {
			kind = 0
		}
		told = append(told, fmt.Sprintf(`{"PackageCreateTime":%d,"PackageEffectiveTime":%[1]d,"PackageExpiredTime":%d,"PackageAmount":%d,"PackageType":%d,"PackageId":%d,"CurrentUsage":%d}`,
			one.Created.Unix(), one.Ends.Unix(), one.Amount, kind, one.ID, one.Used))
	}
	page := slices.Concat(told[min(*p.Offset, len(told)):])
	page = page[:min(*p.Limit, len(page))]
	x.send(reply{status: 200, kind: asJSON, body: fmt.Appendf(nil, `{"Response":{"SmsPackagesStatisticsSet":[%s],"RequestId":%q}}`, strings.Join(page, ","), requestID(string(body)))})
}
