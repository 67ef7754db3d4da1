package job

import (
	"testing"

	"smsetl/queue"
	"smsetl/sms"
)

// Rows of one key are added up where the vendor's sum of that very dataset says so. That the sums of the others are right says nothing:
// a row that stood twice was once counted twice when its own sum could not be read.
func TestRowsOfOneKeyWantTheirOwnSum(t *testing.T) {
	t.Parallel()
	const row = `{"send_date":"2026-09-23","msg_type":"2","sms_user":"first","template_id":1,"label_id":2,"targets":10,"sent":10,"process_failed":0,` +
		`"delivered":10,"send_failed":0,"wait_result":0,"billing_count":10}`
	for _, step := range []struct{ sum, want string }{
		{`{"result":{"targets":20}}`, "loaded"},
		{`{"result":{"targets":10}}`, "failed"},
		{`{"result":{"targets":{"n":10}}}`, "failed"},
		{`busy`, "failed"},
	} {
		h := newStreamed(t, 0)
		h.start(queue.Options{})
		got := h.load(func(x telling) {
			switch {
			case x.isSum && x.dataset == "stats_day":
				x.say([]byte(step.sum))
			case x.isSum:
				x.say([]byte(`{"result":{"other":0}}`))
			case x.dataset == "stats_day":
				x.say([]byte(`{"result":[` + row + `,` + row + `],"count":2}`))
			default:
				x.say([]byte(`{"result":[],"count":0}`))
			}
		}, sms.StatsDay, sms.ProcessFailed, sms.SendFailed)
		if got != step.want {
			t.Errorf("the sum is %s: %s, want %s", step.sum, got, step.want)
		}
	}
}
