package transform_test

import (
	"smsetl/sms"
	"smsetl/transform"
)

var vendors = transform.Vendors{
	sms.EngageLab: {Reader: transform.EngageLab},
	sms.Tencent:   {Reader: transform.Tencent},
	sms.Huawei:    {Reader: transform.Huawei},
}
