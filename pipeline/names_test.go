package pipeline

import (
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"smsetl/sms"
)

// What a source refuses is said once, and once more when it had been good in the meantime.
func TestRefusalsAreSaidOnce(t *testing.T) {
	core, logs := observer.New(zapcore.WarnLevel)
	var task NameTask
	said := func(refused string) int {
		task.say([]SourceNames{{Source: "a", Refused: refused}, {Source: "b"}}, zap.New(core))
		return logs.Len()
	}
	if n := []int{said(""), said("403"), said("403"), said("503"), said(""), said("403")}; n[0] != 0 || n[1] != 1 || n[3] != 1 || n[5] != 2 {
		t.Errorf("warnings so far: %v", n)
	}
}

// A name is one line of text that the table takes, whatever a vendor calls one.
func TestReadableName(t *testing.T) {
	for name, want := range map[string]string{
		"Login": "Login", "\na\tb\x00c": "a b c", "\xffx": "?x", strings.Repeat("é", 150): strings.Repeat("é", 100), "\u2028": "",
	} {
		if got := ReadableName(name); got != want || len(got) > sms.MaxName {
			t.Errorf("%q became %q", name, got)
		}
	}
}
