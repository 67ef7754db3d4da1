package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"smsetl/access"
	"smsetl/internal/english"
)

type sessionsCommand struct {
	databaseFlag
	nowFlag
	outputFlag
	End    []int64 `help:"End these sessions, by their numbers." placeholder:"NUMBER"`
	EndAll bool    `help:"End every session."`
	Who    string  `help:"Who ends them. Default: the user of this machine." placeholder:"NAME"`
}

// sessionLine is a session as it is shown. What proves it is kept nowhere.
type sessionLine struct {
	ID        int64     `json:"session_id"`
	Login     string    `json:"login"`
	Client    string    `json:"client"`
	StartedAt time.Time `json:"started_at"`
	SeenAt    time.Time `json:"seen_at"`
	EndsAt    time.Time `json:"ends_at"`
}

// Run shows the sessions, or ends some: in every process, from the next request on.
func (c *sessionsCommand) Run(s *session) error {
	if c.EndAll && len(c.End) > 0 {
		return usage(errors.New("--end names sessions and --end-all means every one: want one of the two"))
	}
	now := c.clock()
	wh, err := s.warehouse(c.databaseFlag)
	if err != nil {
		return err
	}
	sessions := access.Sessions{DB: wh.DB}
	if c.EndAll || len(c.End) > 0 {
		return c.end(s, sessions, now())
	}
	all, err := sessions.List(s.ctx, now())
	if err != nil {
		return err
	}
	lines := make([]sessionLine, len(all))
	var text strings.Builder
	for i, one := range all {
		lines[i] = sessionLine{one.ID, one.Login, one.Client, one.StartedAt, one.SeenAt, one.EndsAt}
		fmt.Fprintf(&text, "%6d  %-20q  from %-20s  since %s  last seen %s\n", one.ID, one.Login, one.Client,
			one.StartedAt.UTC().Format(time.RFC3339), one.SeenAt.UTC().Format(time.RFC3339))
	}
	if len(all) == 0 {
		text.WriteString("Nobody is logged in with a password.\n")
	}
	return c.print(s, lines, text.String(), exitOK)
}

func (c *sessionsCommand) end(s *session, sessions access.Sessions, now time.Time) error {
	ended, err := sessions.Revoke(s.ctx, c.End, cmp.Or(c.Who, operator()), now)
	if err != nil {
		return err
	}
	slices.Sort(ended)
	return c.print(s, ended, fmt.Sprintf("%s ended.\n", english.Plural(len(ended), "session")), exitOK)
}
