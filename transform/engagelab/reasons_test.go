package engagelab_test

import (
	"testing"

	"smsetl/internal/dev/transformtest"
	"smsetl/transform/engagelab"
)

// The table typed a second time, from the vendor's pages.
func TestReasons(t *testing.T) {
	transformtest.Reasons(t, engagelab.Reader.Reasons, `
		processing global_block blocked_opt_out, processing partial_block blocked_opt_out, processing unsubscribe blocked_opt_out,
		processing keyword_block content_template, processing variable_error content_template, processing content_error content_template,
		processing frequency_overrun rate_limited, processing other other,
		sending empty invalid_number, sending out_of_service unreachable, sending blacklist blocked_opt_out, sending busy unreachable,
		sending no_answer unreachable, sending interception content_template, sending break_down unreachable,
		sending not_in_service unreachable, sending power_off unreachable, sending other other`)
}
