package tencent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	sdk "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/sms/v20210111"

	"smsetl/extract"
	"smsetl/sms"
)

// actions are the calls of the vendor, which also name the object in their answers.
var actions = map[sms.Dataset]string{
	sms.SendStatus:     "SendStatusStatistics",
	sms.CallbackStatus: "CallbackStatusStatistics",
}

// actionOf names the call for a dataset, or for packages.
func actionOf(dataset sms.Dataset) string {
	if dataset == packages {
		return packagesAction
	}
	return actions[dataset]
}

// exchange is one request on its way: the SDK's HTTP transport, which keeps what went out and what came back.
type exchange struct {
	transport *extract.Transport
	limiter   *extract.Limiter

	posted string
	answer *extract.Answer
	err    error
}

// send signs and sends one request. The client and the request are made anew for every try: the SDK writes into the
// request, and a signature is good for five minutes.
func (c *Client) send(ctx context.Context, dataset sms.Dataset, app string, q call) *exchange {
	x := &exchange{transport: c.Transport, limiter: c.limiters[dataset]}
	client, err := sdk.NewClient(c.credential, c.region, c.profile)
	if err != nil {
		x.err = err
		return x
	}
	client.WithHttpTransport(x)
	begin, end := q.begin.String(), q.end.String()
	// Limit and Offset of statistics must be there, and 0.
	zero := common.Uint64Ptr(0)
	switch dataset {
	case sms.SendStatus:
		r := sdk.NewSendStatusStatisticsRequest()
		r.BeginTime, r.EndTime, r.SmsSdkAppId, r.Limit, r.Offset = &begin, &end, &app, zero, zero
		_, err = client.SendStatusStatisticsWithContext(ctx, r)
	case sms.CallbackStatus:
		r := sdk.NewCallbackStatusStatisticsRequest()
		r.BeginTime, r.EndTime, r.SmsSdkAppId, r.Limit, r.Offset = &begin, &end, &app, zero, zero
		_, err = client.CallbackStatusStatisticsWithContext(ctx, r)
	case packages:
		r := sdk.NewSmsPackagesStatisticsRequest()
		r.BeginTime, r.EndTime, r.SmsSdkAppId = &begin, &end, &app
		r.Limit, r.Offset = common.Uint64Ptr(packagesPage), &q.offset
		_, err = client.SmsPackagesStatisticsWithContext(ctx, r)
	default:
		err = fmt.Errorf("%q is no dataset of this vendor", dataset)
	}
	if x.answer == nil && x.err == nil {
		x.err = fmt.Errorf("%w: the SDK did not send the request: %s", sms.ErrRefused, c.Scrub.Text(fmt.Sprint(err)))
	}
	return x
}

// forTheSDK is what the SDK gets to read instead of the answer. What it makes of an answer is not used: it fails on a
// quoted number, takes a missing object for a success, and panics on null.
const forTheSDK = `{"Response":{}}`

var errSecond = errors.New("a second request in one exchange")

// RoundTrip is what the SDK sends through. It waits for its turn after the signature and right before the wire.
func (x *exchange) RoundTrip(req *http.Request) (*http.Response, error) {
	if x.answer != nil || x.err != nil {
		return nil, errSecond
	}
	if req.GetBody != nil {
		if body, err := req.GetBody(); err == nil {
			posted, _ := io.ReadAll(body) // from memory
			x.posted = string(posted)
		}
	}
	x.answer, x.err = x.transport.Ask(req, x.limiter)
	if x.err != nil {
		return nil, x.err
	}
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}},
		Body:   io.NopCloser(strings.NewReader(forTheSDK)), ContentLength: int64(len(forTheSDK)),
		Request: req,
	}, nil
}
