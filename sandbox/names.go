package sandbox

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"smsetl/sandbox/traffic"
)

// Names gives what EngageLab calls the templates and labels of a user, by their ids: of the messages until now.
func (s *Sandbox) Names(user string) (templates, labels map[string]string) {
	return s.account(EngageLab, user).traffic.Names(traffic.DayAt(s.Now(), beijing))
}

// listing serves /v1/templates and /v1/labels: at most 100 rows with names, and of templates with texts that nobody may keep.
func (s *Sandbox) listing(x *exchange, user, kind string) {
	p, err := Parameters(x.r.URL.RawQuery)
	offset, noOffset := strconv.Atoi(p["offset"])
	limit, noLimit := strconv.Atoi(p["limit"])
	switch {
	case s.o.EngageLab.NoNames:
		x.refuse(engageLabError(http.StatusForbidden, codeAuthentication, "no permission"))
		return
	case err != nil || noOffset != nil || noLimit != nil || offset < 0 || limit < 1 || limit > 100:
		x.refuse(engageLabError(http.StatusBadRequest, codeBadParameter, "offset and limit"))
		return
	}
	rows := s.listed(user, kind)
	page := rows[min(offset, len(rows)):min(offset+limit, len(rows))]
	body := fmt.Appendf(nil, `{"result":[%s],"total":%d,"count":%d}`, strings.Join(page, ","), len(rows), len(page))
	x.answer(x.r.URL.Path+"?"+x.r.URL.RawQuery, func(f Fault) (reply, bool) {
		return reply{status: http.StatusOK, kind: asJSON, body: body}, f != EmptyResult && f != NullResult && f != ErrorUnder200
	})
}

// listed gives the rows of a listing by their ids; of a rude vendor with rows that lack name or id, and one that repeats an id.
func (s *Sandbox) listed(user, kind string) (rows []string) {
	names, labels := s.Names(user)
	text := `,"template_content":` + `"Your verification code is %06d, it is valid for five minutes."`
	if kind == "label" {
		names, text = labels, ""
	}
	row := func(id, name string) {
		rows = append(rows, fmt.Sprintf(`{"%s_id":%s,"%s_name":%s%s}`, kind, id, kind, name, text))
	}
	if s.o.EngageLab.RudeNames {
		rows = append(rows, fmt.Sprintf(`{"%s_id":77002}`, kind), fmt.Sprintf(`{"%s_name":"of nobody"}`, kind))
		row("77001", "null")
		row("null", `"of null"`)
	}
	ids := slices.Sorted(maps.Keys(names))
	for i, id := range ids {
		row([...]string{id, strconv.Quote(id)}[i%2], strconv.Quote(names[id])) // numbers and texts, as it comes
	}
	if s.o.EngageLab.RudeNames {
		row(ids[0], `"another name"`)
	}
	return rows
}
