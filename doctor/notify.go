package doctor

import (
	"context"

	"smsetl/config"
	"smsetl/notify"
)

// Notify looks at the addresses where people are told, and sends each of them a message where it shall: whether somebody reads it there is
// not known otherwise before something is wrong.
func Notify(ctx context.Context, cfg config.Notify, shallSend bool) (checks []Check) {
	text, good := "", "its address can be read; --notify sends a message there"
	if shallSend {
		text, good = "smsetl: `etl doctor --notify` sent this. Nothing is wrong.", "took a message"
	}
	for _, tried := range notify.Try(ctx, notify.NewPlaces(cfg.Webhook.Reveal(), cfg.Services.Reveal()), text) {
		checks = append(checks, Checked("notify "+tried.Place, tried.Err, good))
	}
	if shallSend && len(checks) == 0 {
		checks = append(checks, Check{"notify", false, "nobody is told: the configuration has neither webhook nor services under notify"})
	}
	return checks
}
