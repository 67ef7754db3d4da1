package tencent_test

import (
	"testing"

	"smsetl/internal/dev/transformtest"
	"smsetl/transform/tencent"
)

// The table typed a second time, from the vendor's pages.
func TestReasons(t *testing.T) {
	transformtest.Reasons(t, tencent.Reader.Reasons, `
		sending InternalErrorCount carrier_network, sending InvalidNumberCount invalid_number, sending ShutdownErrorCount unreachable,
		sending BlackListCount blocked_opt_out, sending FrequencyLimitCount rate_limited, sending residual other`)
}
