package engagelab_test

import (
	"testing"

	"smsetl/internal/dev/transformtest"
	"smsetl/sms"
	"smsetl/transform"
	"smsetl/transform/engagelab"
)

var vendors = transform.Vendors{sms.EngageLab: {Reader: engagelab.Reader}}

func TestCases(t *testing.T) { transformtest.Cases(t, sms.EngageLab, 50, vendors.Batch) }
