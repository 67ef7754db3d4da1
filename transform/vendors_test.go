package transform_test

import (
	"smsetl/sms"
	"smsetl/transform"
	"smsetl/transform/engagelab"
	"smsetl/transform/huawei"
	"smsetl/transform/tencent"
)

var vendors = transform.Vendors{
	sms.EngageLab: {Reader: engagelab.Reader},
	sms.Tencent:   {Reader: tencent.Reader},
	sms.Huawei:    {Reader: huawei.Reader},
}
