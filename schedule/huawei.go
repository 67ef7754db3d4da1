package schedule

import (
	"path/filepath"
	"strings"

	"smsetl/sms"
)

// Huawei is what only Huawei sources have: how the files are read that somebody exports from the vendor's console.
type Huawei struct {
	Applications []string // as the exports call them; each one an account
	// ExportZone is the zone of times in files that name none.
	ExportZone sms.Zone
	// PhoneKey is the secret with which phone numbers are hashed, where nothing else tells messages apart.
	PhoneKey Secret
	// Columns are headers of the files by our names of the columns, for headers that are not known by themselves.
	Columns              map[string]string
	MessageRetentionDays int  // how far back newer exports and reports change a day
	Mainland             bool // numbers of 11 digits without a country's code are of the Chinese mainland
	Push                 Push
	// DropDir is the folder that is watched for files, as it is written but for its spelling; "" for none.
	DropDir string
}

var huaweiKeys = []string{
	"applications", "export_time_zone", "phone_key", "columns", "message_retention_days", "numbers", "push", "drop_dir",
}

// leastPhoneKey is the length of the shortest key that hides anything: eleven digits are guessed in no time without one.
const leastPhoneKey = 16

func (m *mapping) huawei(s *Source) {
	h := &s.Huawei
	h.Applications = m.applications()
	if v, ok := m.scalar("export_time_zone"); ok {
		zone, err := sms.ParseZone(v.text)
		if err != nil {
			m.wrongf(v.place, "%s is not the zone of the times in exports: %s", v.shown(), meantZone(v.text))
		}
		h.ExportZone = zone
	}
	h.PhoneKey = m.secret("phone_key", `a secret of your own, such as "phone_key: ${HUAWEI_PHONE_KEY}", made by openssl rand -hex 32`)
	if e, ok := m.find("phone_key"); ok && h.PhoneKey.text != nil && len(h.PhoneKey.Reveal()) < leastPhoneKey {
		m.wrongf(e.at(start(e.value)), "the key has %d bytes: want at least %d, made by openssl rand -hex 32", len(h.PhoneKey.Reveal()), leastPhoneKey)
	}
	h.Columns = m.columns()
	h.MessageRetentionDays = int(m.whole("message_retention_days", 120, 1, 3660))
	h.Push = m.push()
	if v, ok := m.scalar("drop_dir"); ok {
		if h.DropDir = filepath.Clean(v.text); strings.TrimSpace(v.text) == "" || h.DropDir == filepath.Dir(h.DropDir) {
			m.wrongf(v.place, "%s is no folder to watch: want one of its own, such as drop_dir: /srv/sms/huawei", v.shown())
		}
	}
	if v, ok := m.scalar("numbers"); ok {
		ways := []string{"international", "mainland"}
		h.Mainland = v.text == ways[1]
		if v.text != ways[0] && v.text != ways[1] {
			m.wrongf(v.place, "%s does not say which numbers those without a country's code are: %s", v.shown(), hint(v.text, ways))
		}
	}
}

// applications are named, though files name them too: only so is a day missed of which there is no file.
func (m *mapping) applications() []string {
	const example = `the applications as exports call them, such as applications: [shop]`
	list, words, ok := m.words("applications")
	if _, there := m.find("applications"); !there {
		m.wrongf(m.place, "applications is missing: add %s", example)
		return nil
	}
	if ok && len(words) == 0 && !m.hasMistakeAt(list.key) {
		m.wrongf(list.place, "the list is empty: want %s", example)
	}
	var all []string
	for _, w := range words {
		if strings.TrimSpace(w.text) != w.text || strings.ContainsAny(w.text, "\t\r\n\x00") {
			m.wrongf(w.place, "%s is no application: want its name or id in a single line without blanks around it", w.shown())
			continue
		}
		all = append(all, w.text)
	}
	return all
}

// columns reads which header stands for a column. Package extract/huawei knows the columns and says which are wrong.
func (m *mapping) columns() map[string]string {
	e, ok := m.find("columns")
	if !ok {
		return nil
	}
	own, ok := m.mapping(e.place, e.value)
	if !ok {
		return nil
	}
	columns := make(map[string]string, len(own.entries))
	for _, c := range own.entries {
		if header, ok := own.scalar(c.name); ok {
			columns[c.name] = header.text
		}
	}
	return columns
}
