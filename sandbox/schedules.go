package sandbox

import (
	"fmt"
	"strconv"
	"strings"
)

// SchedulesYAML gives a schedules.yaml whose sources are the sandbox's accounts at these addresses, with their
// credentials: every EngageLab user and every Tencent secret with the applications it may see. more are entries of sources besides.
func (s *Sandbox) SchedulesYAML(addresses Addresses, more ...string) string {
	var b strings.Builder
	var names []string
	b.WriteString("sources:\n")
	for _, u := range s.o.Users {
		names = append(names, u.Source)
		fmt.Fprintf(&b, "  - name: %s\n    vendor: engagelab\n    sms_user: %q\n    sms_key: %q\n", u.Source, u.SMSUser, u.Key)
		s.writeCommon(&b, addresses.EngageLab, "+08:00")
	}
	for _, secret := range s.o.Secrets {
		names = append(names, secret.Source)
		fmt.Fprintf(&b, "  - name: %s\n    vendor: tencent\n    secret_id: %q\n    secret_key: %q\n    region: ap-guangzhou\n",
			secret.Source, secret.ID, secret.Key)
		fmt.Fprintf(&b, "    sdk_app_ids: [%s]\n    end_hour: %s\n", strings.Join(visible(secret), ", "), s.endHour())
		s.writeCommon(&b, addresses.Tencent, fmt.Sprintf("+%02d:00", s.tencentOffset()))
	}
	for _, entry := range more {
		b.WriteString(entry)
	}
	fmt.Fprintf(&b, "schedules:\n  - name: daily\n    cron: \"30 2 * * *\"\n    time_zone: Asia/Shanghai\n    sources: [%s]\n",
		strings.Join(names, ", "))
	return b.String()
}

func (s *Sandbox) writeCommon(b *strings.Builder, url, zone string) {
	fmt.Fprintf(b, "    base_url: %s\n    time_zone: %q\n    history_start: %s\n", url, zone, s.first)
}

func visible(secret Secret) []string {
	var ids []string
	for _, a := range secret.Apps {
		if !a.Denied {
			ids = append(ids, strconv.Quote(a.ID))
		}
	}
	return ids
}

func (s *Sandbox) endHour() string {
	if s.o.Tencent.ExclusiveEnd {
		return "exclusive"
	}
	return "inclusive"
}
