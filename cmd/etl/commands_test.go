package main

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"

	"smsetl/cmd/etl/ask"
	"smsetl/cmd/etl/manual"
	"smsetl/config"
	"smsetl/internal/dev/golden"
)

func parserOf(t *testing.T) (*kong.Kong, *cli) {
	t.Helper()
	c := &cli{}
	var out bytes.Buffer
	parser, err := newParser(c, variables(nil), &out, &out, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	return parser, c
}

// typed runs the program in the folder of the test with an environment.
func typed(t *testing.T, set map[string]string, arguments ...string) (int, string, string) {
	t.Helper()
	env := variables(set)
	env.read = os.ReadFile
	var out, errs bytes.Buffer
	code := run(context.Background(), arguments, env, &out, &errs)
	return code, out.String(), errs.String()
}

func TestHelpIsFound(t *testing.T) {
	_, want, _ := typed(t, nil, "--help")
	for _, arguments := range [][]string{{}, {"help"}} {
		if code, got, errs := typed(t, nil, arguments...); code != exitOK || got != want || errs != "" {
			t.Errorf("etl %v: exit %d, %q %q", arguments, code, got, errs)
		}
	}
	_, want, _ = typed(t, nil, "raw", "list", "--help")
	if code, got, _ := typed(t, nil, "help", "raw", "list"); code != exitOK || got != want || !strings.Contains(got, "etl raw list --date") {
		t.Errorf("etl help raw list: exit %d\n%s", code, got)
	}
	if code, _, errs := typed(t, nil, "help", "baccfill"); code != exitUsage || !strings.Contains(errs, `"backfill"`) {
		t.Errorf("help of a command that is not there: exit %d, %s", code, errs)
	}
	for _, arguments := range [][]string{{"--version"}, {"version"}} {
		code, got, _ := typed(t, nil, arguments...)
		if code != exitOK || !regexp.MustCompile(`^etl \S+ \(commit \S+, .+, go\S+, \w+/\w+\)\n$`).MatchString(got) {
			t.Errorf("%v: exit %d, %q", arguments, code, got)
		}
	}
}

// What the linker says goes before what the Go tool wrote.
func TestVersionOfTheLinker(t *testing.T) {
	version, commit, date = "v1.2.3", "abc", "2026-11-22"
	defer func() { version, commit, date = "", "", "" }()
	if got := currentVersion().Text(); !strings.HasPrefix(got, "etl v1.2.3 (commit abc, 2026-11-22, ") {
		t.Error(got)
	}
}

// Every command has a sentence, examples that can be typed, and names the variables that it reads; every flag has a sentence.
func TestEveryCommandExplainsItself(t *testing.T) {
	redirected := regexp.MustCompile(`^source <\(|[>|)].*$`)
	quoted := regexp.MustCompile(`"[^"]*"`)
	parser, _ := parserOf(t)
	for _, command := range parser.Model.Leaves(true) {
		entry := manual.Of(command)
		if command.Help == "" || !strings.HasSuffix(command.Help, ".") {
			t.Errorf("etl %s: %q is no sentence", command.Path(), command.Help)
		}
		if len(entry.Examples) == 0 {
			t.Errorf("etl %s has no example in manual/examples.txt", command.Path())
		}
		for _, example := range entry.Examples {
			words := strings.Fields(quoted.ReplaceAllString(redirected.ReplaceAllString(example, ""), "text"))
			if i := slices.Index(words, "etl"); i >= 0 {
				words = words[i+1:]
			}
			again, _ := parserOf(t)
			parsed, err := again.Parse(words)
			if err != nil && !strings.Contains(example, "--version") {
				t.Errorf("%s: %v", example, err)
			} else if err == nil && parsed.Selected().Path() != command.Path() {
				t.Errorf("%s is no example of etl %s", example, command.Path())
			}
		}
		known := len(entry.Variables)
		var reads []string
		for _, flag := range slices.Concat(command.AllFlags(true)...) {
			reads = append(reads, strings.Fields(flag.Tag.Get("reads"))...)
			if flag.Help == "" {
				t.Errorf("etl %s --%s has no help", command.Path(), flag.Name)
			}
		}
		slices.Sort(reads)
		if n := len(slices.Compact(reads)); n > known {
			t.Errorf("etl %s reads %v, and its help explains %d", command.Path(), reads, known)
		}
	}
	help := helpOf(t, "backfill")
	for _, want := range []string{"Examples:", "etl backfill --from 2026-01-01", "DATABASE_URL ", "HTTPS_PROXY ", "Default: schedules.yaml."} {
		if !strings.Contains(help, want) {
			t.Errorf("no %q in\n%s", want, help)
		}
	}
}

func TestConfigOfTheEnvironment(t *testing.T) {
	t.Chdir(t.TempDir())
	write := func(name, text string) {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("other.yaml", "sources:\n  - {name: one, vendor: engagelab, sms_user: u, sms_key: k}\n")
	set := map[string]string{"ETL_CONFIG": "other.yaml"}
	if code, out, errs := typed(t, set, "validate"); code != exitOK || !strings.HasPrefix(out, "other.yaml: 1 source") || !strings.HasSuffix(out, "Next: etl doctor\n") {
		t.Errorf("exit %d, %s%s", code, out, errs)
	}
	if code, _, errs := typed(t, set, "validate", "--config", "third.yaml"); code != exitUsage || !strings.Contains(errs, "third.yaml: there is no such file: `etl init` writes one") {
		t.Errorf("exit %d, %s", code, errs)
	}
	if code, out, _ := typed(t, nil, "validate", "other.yaml"); code != exitOK || !strings.HasSuffix(out, "Next: etl doctor --config other.yaml\n") {
		t.Errorf("exit %d, %s", code, out)
	}
}

// A file is checked where none of its secrets are, and what will be needed is listed. Its mistakes are found nevertheless.
func TestValidateNeedsNothing(t *testing.T) {
	t.Chdir(t.TempDir())
	const file = `sources:
  - name: e
    vendor: engagelab
    sms_user: ${USER_NAME}
    sms_key: file:secrets/key
    chunk_days: ${DAYS}
  - {name: h, vendor: huawei, applications: [shop], phone_key: "${PHONE_KEY}", push: {secret_path: "${PUSH}"}}
web:
  listen: ":8080"
  password_hash: ${HASH}
pushes: {listen: ":8081"}
`
	if err := os.WriteFile("schedules.yaml", []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs := typed(t, nil, "validate", "-o", "json")
	const want = `{
  "file": "schedules.yaml",
  "sources": [
    "e",
    "h"
  ],
  "accounts": 2,
  "schedules": [],
  "missing": [
    "DAYS",
    "HASH",
    "PHONE_KEY",
    "PUSH",
    "USER_NAME",
    "file:secrets/key"
  ]
}
`
	if code != exitOK || cmp.Diff(want, out) != "" {
		t.Errorf("exit %d %s (-want +got):\n%s", code, errs, cmp.Diff(want, out))
	}
	if err := os.WriteFile("schedules.yaml", []byte(file+"schedules:\n  - {name: d, cron: \"61 2 * * *\", sources: [f]}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs = typed(t, nil, "validate")
	if code != exitUsage || out != "" || !strings.Contains(errs, "schedules.yaml:13:") || !strings.Contains(errs, `want "e"`) || strings.Contains(errs, "--help") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
}

// What init writes is a good file, whoever the vendors are, and a second try leaves it alone.
func TestInit(t *testing.T) {
	for _, arguments := range []string{
		"--vendor engagelab", "--vendor engagelab --account marketing --account sales --zone +09:00", "--vendor tencent --account 1400006874 --from 2026-01-01",
		"--vendor huawei --account shop", "--vendor engagelab --vendor tencent --vendor huawei --account tencent=1400006874 --account huawei=shop",
	} {
		t.Run(arguments, func(t *testing.T) {
			t.Chdir(t.TempDir())
			code, out, errs := typed(t, nil, append([]string{"init"}, strings.Fields(arguments)...)...)
			if code != exitOK || !strings.HasSuffix(out, "Next: etl validate\n") {
				t.Fatalf("exit %d, %s%s", code, out, errs)
			}
			text, err := os.ReadFile("schedules.yaml")
			if err != nil {
				t.Fatal(err)
			}
			if code, out, errs := typed(t, nil, "validate"); code != exitOK {
				t.Errorf("exit %d, %s%s\n%s", code, out, errs, text)
			}
			for word := range strings.FieldsSeq(arguments) {
				_, word, _ = strings.Cut("="+word, "=")
				if _, id, ok := strings.Cut(word, "="); ok {
					word = id
				}
				if !strings.HasPrefix(word, "--") && !strings.Contains(string(text), word) {
					t.Errorf("%s is not in\n%s", word, text)
				}
			}
			code, _, errs = typed(t, nil, "init", "--vendor", "engagelab")
			if after, _ := os.ReadFile("schedules.yaml"); code != exitUsage || !bytes.Equal(text, after) || !strings.Contains(errs, "is there already") {
				t.Errorf("a second init: exit %d, %s", code, errs)
			}
		})
	}
	t.Chdir(t.TempDir())
	for want, arguments := range map[string][]string{
		"--vendor: there is no vendor \"engagelabs\": did you mean \"engagelab\"?": {"--vendor", "engagelabs"},
		"--account is missing for tencent: its sdk_app_ids":                        {"--vendor", "tencent"},
		"--account: whose is \"1\"?":                                               {"--vendor", "tencent", "--vendor", "huawei", "--account", "1"},
		"--zone: \"Asia/Shanghai\" is no fixed offset":                             {"--vendor", "engagelab", "--zone", "Asia/Shanghai"},
		"--from: ": {"--vendor", "engagelab", "--from", "yesterday"},
	} {
		if code, _, errs := typed(t, nil, append([]string{"init"}, arguments...)...); code != exitUsage || !strings.Contains(errs, want) || !strings.Contains(errs, `See "etl init --help".`) {
			t.Errorf("%v: exit %d, %s", arguments, code, errs)
		}
	}
	if _, err := os.Stat("schedules.yaml"); !os.IsNotExist(err) {
		t.Error("a mistake wrote a file:", err)
	}
}

// On a terminal init asks for what no flag says.
func TestInitAsks(t *testing.T) {
	var out bytes.Buffer
	f, known := ask.First{Zone: "+08:00"}, variables(nil).vendors.Configured()
	if err := f.Ask(strings.NewReader("engagelab, tencent\n1400006874 1400006875\n\n"), &out, known); err != nil {
		t.Fatal(err)
	}
	b, err := f.Beginning(known)
	if err != nil || len(b.Vendors) != 2 || len(b.Accounts["tencent"]) != 2 || b.Zone.String() != "+08:00" {
		t.Errorf("%+v %v", f, err)
	}
	if got := out.String(); got != "Vendors, of engagelab, tencent, huawei: tencent: sdk_app_ids: Zone of the vendors' days [+08:00]: " {
		t.Errorf("%q", got)
	}
}

func TestCompletion(t *testing.T) {
	t.Chdir(t.TempDir())
	const file = "sources:\n  - {name: engagelab-main, vendor: engagelab, sms_user: marketing, sms_key: \"${KEY}\"}\n" +
		"  - {name: tencent-main, vendor: tencent, secret_id: \"${ID}\", secret_key: \"file:key\", sdk_app_ids: [1400006874]}\n"
	for _, name := range []string{"schedules.yaml", "other.yaml"} {
		if err := os.WriteFile(name, []byte(strings.ReplaceAll(file, "tencent-main", strings.TrimSuffix(name, ".yaml"))), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for line, want := range map[string]string{
		"back":                              "backfill backfills",
		"raw ":                              "list show prune",
		"run --sou":                         "--source",
		"run --vendor ":                     "engagelab huawei tencent",
		"run --vendor = t":                  "tencent",
		"run --vendor=t":                    "--vendor=tencent",
		"status -o ":                        "text json",
		"status --output j":                 "json",
		"run --source ":                     "engagelab-main schedules",
		"run --config other.yaml --source ": "engagelab-main other",
		"run --account ":                    "1400006874 marketing",
		"pause ":                            "engagelab-main schedules",
		"pause x ":                          "",
		"completion p":                      "powershell",
		"probe ":                            "tencent engagelab huawei",
		"run --dataset stats":               "stats_day",
		"run --from ":                       "",
		"__comp":                            "",
		"nonsense ":                         "",
	} {
		code, out, errs := typed(t, nil, append([]string{"__complete", "--"}, strings.Split(line, " ")...)...)
		var got []string
		for candidate := range strings.Lines(out) {
			name, _, _ := strings.Cut(strings.TrimSpace(candidate), "\t")
			got = append(got, name)
		}
		if code != exitOK || strings.Join(got, " ") != want {
			t.Errorf("%q: exit %d, %q, want %q %s", line, code, got, want, errs)
		}
	}
}

// bash itself completes with the script.
func TestCompletionOfBash(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	_, script, _ := typed(t, nil, "completion", "bash")
	if err := os.WriteFile(filepath.Join(dir, "etl"), []byte("#!/bin/sh\nETL_TEST_BE_THE_PROGRAM=1 exec "+os.Args[0]+" \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{"etl back": "backfill backfills", "etl run --vendor ten": "tencent", "etl run --vendor = ten": "tencent", "etl status -o ": "text json"} {
		words := strings.Split(line, " ")
		command := exec.Command(bash, "-c", script+`COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _etl; echo "${COMPREPLY[*]}"`, "bash")
		command.Args = append(command.Args, words...)
		command.Env = []string{"PATH=" + dir + ":" + os.Getenv("PATH"), "HOME=" + dir}
		out, err := command.CombinedOutput()
		if got := strings.TrimSpace(string(out)); err != nil || got != want {
			t.Errorf("%s: %q %v, want %q", line, got, err, want)
		}
	}
	for _, shell := range []string{"zsh", "fish", "powershell"} {
		if code, script, errs := typed(t, nil, "completion", shell); code != exitOK || !strings.Contains(script, manual.CompleteCommand) {
			t.Errorf("%s: exit %d, %s%s", shell, code, script, errs)
		}
	}
}

func TestManPages(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "man1")
	if code, _, errs := typed(t, nil, "man", dir); code != exitOK {
		t.Fatal(code, errs)
	}
	parser, _ := parserOf(t)
	pages, err := fs.Glob(os.DirFS(dir), "etl*.1")
	if err != nil || len(pages) != len(parser.Model.Leaves(true))+1 {
		t.Errorf("%d pages, %v", len(pages), err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "etl-backfill.1"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		".TH ETL-BACKFILL 1", "\n.SH NAME\netl-backfill \\- Load a range of days.", "\n.SH SYNOPSIS\n.B etl\nbackfill [flags]\n",
		"\n.TP\n.B \\-\\-from=DAY\nFirst day, inclusive", "\n.SH ENVIRONMENT\n.TP\n.B ETL_CONFIG\n", "\n.SH EXAMPLES\n.nf\netl backfill \\-\\-from 2026\\-01\\-01",
	} {
		if !strings.Contains(string(data), want) {
			t.Errorf("no %q in\n%s", want, data)
		}
	}
	groff, err := exec.LookPath("groff")
	if err != nil {
		return
	}
	for _, page := range pages {
		out, err := exec.Command(groff, "-man", "-Tascii", "-ww", "-z", filepath.Join(dir, page)).CombinedOutput()
		if err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%s", page, err, out)
		}
	}
}

func TestColours(t *testing.T) {
	var out bytes.Buffer
	for _, tt := range []struct {
		set  map[string]string
		want bool
	}{
		{nil, false}, {map[string]string{"CLICOLOR_FORCE": "1"}, true}, {map[string]string{"CLICOLOR_FORCE": "0"}, false},
		{map[string]string{"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, false}, {map[string]string{"NO_COLOR": ""}, false},
	} {
		if got := variables(tt.set).colours(&out); got != tt.want {
			t.Errorf("%v: colours %v", tt.set, got)
		}
	}
}

// The committed schema is what the program prints; editors find it by the first line of schedules.yaml.
func TestSchemaIsCurrent(t *testing.T) {
	const committed = "../../docs/schedules.schema.json"
	code, got, errs := typed(t, nil, "schema", "config")
	if code != exitOK {
		t.Fatal(code, errs)
	}
	if golden.Updates() {
		if err := os.WriteFile(committed, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(committed)
	if err != nil || string(want) != got {
		t.Errorf("%s is not what the keys say (%v): go test ./cmd/etl -run TestSchemaIsCurrent -update", committed, err)
	}
	example, err := os.ReadFile("../../schedules.yaml")
	if first, _, _ := strings.Cut(string(example), "\n"); err != nil || first != config.SchemaComment {
		t.Errorf("schedules.yaml begins with %q, %v", first, err)
	}
}

// Whoever has sources and no schedule is told what loads them.
func TestDoctorWithoutSchedules(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("schedules.yaml", []byte("sources:\n  - {name: one, vendor: engagelab, sms_user: u, sms_key: k, base_url: \"http://127.0.0.1:1\"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, _ := typed(t, map[string]string{"DATABASE_URL": "postgres://u:p@127.0.0.1:1/none"}, "doctor")
	if code != exitFailed || !strings.Contains(out, "0 schedules; `etl serve` asks nobody by itself, `etl run` loads what is due") {
		t.Errorf("exit %d\n%s", code, out)
	}
}
