package main

import (
	"cmp"
	"fmt"
	"os"

	"smsetl/internal/english"
	"smsetl/sandbox"
	"smsetl/sandbox/huawei"
	"smsetl/sandbox/replay"
)

// sandboxCommand plays the vendors for a pipeline elsewhere.
type sandboxCommand struct {
	Days   int    `help:"Days of history." default:"400"`
	Seed   uint64 `help:"Another seed is another history." default:"7"`
	Huawei string `help:"Save exports of Huawei's console, of the last two months, in this folder." placeholder:"DIR"`
	Config string `help:"Write a schedules.yaml for these vendors to this file." placeholder:"FILE"`
	Replay string `help:"Play the vendors from this folder of captured answers (etl doctor --capture) instead." placeholder:"DIR"`
	nowFlag
}

// sandboxWeb lets a container's pages be seen from outside of it, which needs a login.
const sandboxWeb = "web:\n  password_hash: ${ETL_WEB_PASSWORD_HASH:-}\n"

// Run serves until ^C.
func (c *sandboxCommand) Run(s *session) error {
	if c.Replay != "" {
		return c.replay(s)
	}
	now := c.clock()
	vendors := sandbox.New(sandbox.Options{Days: c.Days, Seed: c.Seed, Now: now})
	addresses, stop, err := vendors.Listen(s.ctx)
	if err != nil {
		return err
	}
	defer stop()
	var entries, exports []string
	if c.Huawei != "" {
		if exports, err = huawei.SaveExports(c.Huawei, c.Seed, now()); err != nil {
			return err
		}
		entries = append(entries, huawei.SavedSourceYAML(c.Huawei, c.Seed, now()))
	}
	if err := c.offer(s, vendors.SchedulesYAML(addresses, entries...), "etl backfill --config "+c.Config); err != nil {
		return err
	}
	if len(exports) > 0 {
		s.printExports(c.Huawei, exports, c.Config)
	}
	fmt.Fprintf(s.stderr, "EngageLab %s\nTencent   %s\nAdmin     %s (truth, faults, counters, clock)\nUntil ^C.\n",
		addresses.EngageLab, addresses.Tencent, addresses.Admin)
	<-s.ctx.Done()
	return nil
}

// offer gives the configuration for the vendors to whoever tries them: as a file with the next command, or on standard output.
func (c *sandboxCommand) offer(s *session, config, next string) error {
	config += sandboxWeb
	if c.Config == "" {
		_, err := fmt.Fprint(s.stdout, config)
		return err
	}
	if err := os.WriteFile(c.Config, []byte(config), 0o600); err != nil {
		return err
	}
	fmt.Fprintf(s.stderr, "Wrote %s. In another terminal: %s\n", c.Config, next)
	return nil
}

// replay plays captured answers until ^C.
func (c *sandboxCommand) replay(s *session) error {
	vendors, err := replay.Open(c.Replay)
	if err != nil {
		return usage(err)
	}
	addresses, stop, err := vendors.Listen(s.ctx)
	if err != nil {
		return err
	}
	defer stop()
	next := fmt.Sprintf("etl doctor --config %s --now %s", c.Config, vendors.CapturedAt())
	if err := c.offer(s, vendors.SchedulesYAML(addresses), next); err != nil {
		return err
	}
	fmt.Fprintf(s.stderr, "EngageLab %s\nTencent   %s\nCaptured at %s: give --now %s to the other commands.\nUntil ^C.\n",
		addresses.EngageLab, addresses.Tencent, vendors.CapturedAt(), vendors.CapturedAt())
	<-s.ctx.Done()
	return nil
}

// printExports says what to do with the exports.
func (s *session) printExports(dir string, paths []string, config string) {
	config = cmp.Or(config, "FILE")
	fmt.Fprintf(s.stderr, "Huawei    %s in %s. In another terminal: etl import huawei %s/*.* --source huawei-sandbox --config %s\n",
		english.Plural(len(paths), "export"), dir, dir, config)
}
