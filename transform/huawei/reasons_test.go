package huawei_test

import (
	"testing"

	"smsetl/internal/dev/transformtest"
	"smsetl/transform/huawei"
)

// The table typed a second time, from the vendor's pages.
func TestReasons(t *testing.T) {
	transformtest.Reasons(t, huawei.Reader.Reasons, `
		sending EXPIRED unreachable, sending DELETED unreachable, sending UNDELIV unreachable, sending UNKNOWN other,
		sending REJECTD blocked_opt_out, sending BLACK blocked_opt_out, sending MBBLACK blocked_opt_out,
		sending TDBLACK blocked_opt_out, sending TSBLACK blocked_opt_out,
		sending MILIMIT rate_limited, sending LIMIT rate_limited, sending BEYONDN rate_limited, sending CTLIMIT rate_limited,
		sending KEYWORD content_template, sending DJ:0255 content_template,
		processing E200018 platform_config, processing E200019 platform_config, processing E200020 platform_config,
		processing E200021 platform_config, processing E200022 platform_config, processing E200023 platform_config,
		processing E200024 platform_config, processing E200025 platform_config, processing E200026 platform_config,
		processing E200027 platform_config, processing E200032 content_template, processing E200034 carrier_network,
		processing E200035 carrier_network, processing E200036 platform_config, processing E200038 platform_config,
		processing E200051 content_template, processing E000628 platform_config, processing E000629 platform_config,
		sending no_code other`)
}
