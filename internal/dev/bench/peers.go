package main

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed peers.py
var dltScript string

// peer is another program that merges rows into Postgres by a primary key. All get the same JSON lines.
type peer struct {
	name     string
	packages []string // with their versions, from PyPI
	program  string   // a pattern below the folder that they are in
	probe    []string // what the program answers to when it is there
	load     []string // {dir}, {rows} and {database} are put in

	missing      string // why it is not measured
	first, again []sample
}

// newPeers gives the newest versions that PyPI has whole: later ones of ingestr and sling fetch their program from elsewhere.
func newPeers() []*peer {
	return []*peer{
		{
			name: "dlt 1.31.0, merge", packages: []string{"dlt[postgres]==1.31.0", "psycopg2-binary==2.9.13"},
			program: "bin/python", probe: []string{"-c", "import dlt"},
			load: []string{"{dir}/peers.py", "{rows}", "{dir}/dlt", "send_date", "sms_user", "template_id", "label_id", "msg_type"},
		},
		{
			name: "ingestr 1.0.78, merge", packages: []string{"ingestr==1.0.78"}, program: "bin/ingestr", probe: []string{"--version"},
			load: []string{
				"ingest", "--yes", "--progress", "log", "--source-uri", "jsonl://{rows}", "--source-table", "rows", "--dest-uri", "{database}",
				"--dest-table", "peer.stats_day", "--incremental-strategy", "merge", "--primary-key", "send_date", "--primary-key", "sms_user",
				"--primary-key", "template_id", "--primary-key", "label_id", "--primary-key", "msg_type",
			},
		},
		{
			name: "sling 1.4.11, incremental", packages: []string{"sling-linux-amd64==1.4.11"},
			program: "lib/python3*/site-packages/sling_linux_amd64/bin/sling-linux-amd64", probe: []string{"--version"},
			load: []string{
				"run", "--src-stream", "file://{rows}", "--src-options", "{format: jsonlines, flatten: true}", "--tgt-conn", "{database}",
				"--tgt-object", "peer.stats_day", "--mode", "incremental", "--primary-key", "send_date,sms_user,template_id,label_id,msg_type",
			},
		},
	}
}

// findPeers installs the peers where that is asked for, and says of the others why they are not measured.
func (b *bench) findPeers(ctx context.Context) ([]*peer, error) {
	all := newPeers()
	for _, p := range all {
		if b.peers {
			p.install(ctx)
		} else {
			p.missing = "not asked for: -peers"
		}
	}
	if !b.peers {
		return all, nil
	}
	if err := b.vendor.writeLines(filepath.Join(b.dir, "rows.jsonl"), b.days); err != nil {
		return nil, err
	}
	return all, os.WriteFile(filepath.Join(b.dir, "peers.py"), []byte(dltScript), 0o644)
}

// install puts a peer into a virtual environment of its own in the user's cache, where it is not there yet.
func (p *peer) install(ctx context.Context) {
	cache, err := os.UserCacheDir()
	if err != nil {
		p.missing = "not installed: " + err.Error()
		return
	}
	folder := filepath.Join(cache, "smsetl-bench", strings.NewReplacer(" ", "-", ",", "").Replace(p.name))
	program := filepath.Join(folder, p.program)
	if p.find(ctx, program) {
		return
	}
	for _, command := range [][]string{
		{"python3", "-m", "venv", folder},
		append([]string{filepath.Join(folder, "bin/python"), "-m", "pip", "install", "-q", "--disable-pip-version-check"}, p.packages...),
	} {
		if out, err := exec.CommandContext(ctx, command[0], command[1:]...).CombinedOutput(); err != nil {
			p.missing = "not installed: " + lastLine(out, err)
			return
		}
	}
	if !p.find(ctx, program) {
		p.missing = "not installed: its packages came without a program that runs here"
	}
}

// find sets the program to the one that the pattern leads to, if it runs.
func (p *peer) find(ctx context.Context, pattern string) bool {
	found, err := filepath.Glob(pattern)
	if err != nil || len(found) != 1 {
		return false
	}
	if exec.CommandContext(ctx, found[0], p.probe...).Run() != nil {
		return false
	}
	p.program = found[0]
	return true
}

// round loads the rows twice into tables of the peer's own.
func (p *peer) round(ctx context.Context, b *bench) {
	if p.missing != "" {
		return
	}
	err := os.RemoveAll(filepath.Join(b.dir, "dlt"))
	if err == nil {
		err = b.exec(ctx, "DROP SCHEMA IF EXISTS peer CASCADE", "DROP SCHEMA IF EXISTS peer_staging CASCADE", "CREATE SCHEMA peer")
	}
	put := strings.NewReplacer("{dir}", b.dir, "{rows}", filepath.Join(b.dir, "rows.jsonl"), "{database}", b.url)
	arguments := make([]string, len(p.load))
	for i, argument := range p.load {
		arguments[i] = put.Replace(argument)
	}
	for _, to := range []*[]sample{&p.first, &p.again} {
		var s sample
		var stored int64
		if err == nil {
			cmd := b.command(ctx, p.program, arguments...)
			cmd.Env = append(cmd.Env, "RUNTIME__DLTHUB_TELEMETRY=false", "INGESTR_DISABLE_TELEMETRY=true", "SLING_DISABLE_TELEMETRY=true", "SLING_HOME_DIR="+b.dir)
			s, err = b.path(ctx, p.name, cmd)
		}
		if err == nil {
			stored, err = b.scalar(ctx, "SELECT count(*) FROM peer.stats_day")
		}
		if err == nil && stored != int64(b.days*rowsPerDay) {
			err = fmt.Errorf("%d rows came of %d", stored, b.days*rowsPerDay)
		}
		if err != nil {
			p.missing = "failed: " + lastLine([]byte(err.Error()), err)
			sayf("%s: %v", p.name, err)
			return
		}
		*to = append(*to, s)
	}
}

// peerTable puts the peers beside the product.
func peerTable(r *report, limit, first, again sample, peers []*peer) {
	part := func(s sample) float64 { return s.wall.Seconds() / limit.wall.Seconds() }
	r.addf("\n### Other programs\n\nThe same rows as JSON lines into the same server, once; no HTTP, and no raw answers, ledger, history or summaries. Each\n" +
		"merges by the columns that name a row. x is of the limit above.\n\n" +
		"| program | first load, x | again, x | peak memory, MiB | WAL of the second, MB |\n|---|---|---|---|---|\n")
	r.addf("| this product | %.2f | %.2f | %.0f | %.1f |\n", part(first), part(again), mib(max(first.memory, again.memory)), mb(again.wal))
	for _, p := range peers {
		if p.missing != "" {
			r.addf("| %s | %s | | | |\n", p.name, p.missing)
			continue
		}
		first, again := middle(p.first), middle(p.again)
		r.addf("| %s | %.2f | %.2f | %.0f | %.1f |\n", p.name, part(first), part(again), mib(max(first.memory, again.memory)), mb(again.wal))
	}
}

// lastLine gives the last line that a program printed, and its error where it printed none.
func lastLine(out []byte, err error) string {
	text := strings.TrimSpace(string(out))
	if text == "" {
		return err.Error()
	}
	return strings.ReplaceAll(text[strings.LastIndexByte(text, '\n')+1:], "|", "/")
}
