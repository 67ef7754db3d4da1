package tencent_test

import (
	"testing"

	"smsetl/internal/dev/transformtest"
	"smsetl/sms"
	"smsetl/transform"
	"smsetl/transform/tencent"
)

var vendors = transform.Vendors{sms.Tencent: {Reader: tencent.Reader}}

func TestCases(t *testing.T) { transformtest.Cases(t, sms.Tencent, 30, vendors.Batch) }
