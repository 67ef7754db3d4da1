package config

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

func TestSecretIsNeverPrinted(t *testing.T) {
	s := NewSecret(canary)
	type client struct {
		Key    Secret
		hidden Secret // fmt cannot call methods on it
	}
	c := client{s, s}
	shown := map[string]string{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%10s"} {
		shown[verb] = fmt.Sprintf(verb, s)
		shown[verb+" pointer"] = fmt.Sprintf(verb, &s)
		shown[verb+" nested"] = fmt.Sprintf(verb, c)
		shown[verb+" nested pointer"] = fmt.Sprintf(verb, &c)
		shown[verb+" source"] = fmt.Sprintf(verb, Source{Push: Push{SecretKey: s}})
	}
	encoded := func(what string, b []byte, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		shown[what] = string(b)
	}
	b, err := json.Marshal(c)
	encoded("json", b, err)
	b, err = json.Marshal(map[Secret]Secret{s: s})
	encoded("json key", b, err)
	b, err = yaml.Marshal(struct{ Key Secret }{s})
	encoded("yaml", b, err)
	core, logs := observer.New(zap.DebugLevel)
	zap.New(core).Info("m", zap.Any("a", s), zap.Reflect("b", c), zap.Stringer("c", s), zap.Any("d", []Secret{s}))
	line, err := zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()).EncodeEntry(logs.All()[0].Entry, logs.All()[0].Context)
	if err != nil {
		t.Fatal(err)
	}
	shown["zap"] = line.String()
	var out strings.Builder
	slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "key", s, "client", c)
	slog.New(slog.NewTextHandler(&out, nil)).Info("m", "key", s, "client", c)
	shown["slog"] = out.String()

	for how, text := range shown {
		if strings.Contains(text, canary) || strings.Contains(text, fmt.Sprintf("%x", canary)) {
			t.Errorf("%s shows the secret: %s", how, text)
		}
		if !strings.Contains(text, masked) {
			t.Errorf("%s does not show that there is one: %s", how, text)
		}
	}
	if s.Reveal() != canary {
		t.Errorf("Reveal = %q", s.Reveal())
	}
}

func TestSecretEqual(t *testing.T) {
	if !NewSecret("a").Equal(NewSecret("a")) || NewSecret("a").Equal(NewSecret("b")) || !(Secret{}).Equal(NewSecret("")) {
		t.Error("Equal does not compare the texts")
	}
}
