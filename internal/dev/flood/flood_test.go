package main

import (
	"bytes"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"smsetl/internal/dev/long"
	"smsetl/internal/dev/torture/cases"
)

// A slice of each flood. The whole of them is for `make flood`.
func TestFloods(t *testing.T) {
	long.Skip(t, "thousands of pushes, requests, answers and backfills")
	most := map[string]int{"pushes": 2000, "requests": 800, "answers": 640, "backfills": 24}
	for _, f := range floods {
		t.Run(f.name, func(t *testing.T) {
			stage, err := cases.NewStage(t.Context())
			if err != nil && os.Getenv("CI") != "true" {
				t.Skip("no PostgreSQL that can be stopped: ", err)
			}
			if err != nil {
				t.Fatal(err)
			}
			defer stage.Close()
			one := &turn{stage: stage, seed: 1, most: most[f.name], until: time.Now().Add(5 * time.Minute)}
			if err := f.run(t.Context(), one); err != nil {
				t.Fatal(err)
			}
			if one.violations > 0 || one.next < one.most {
				t.Errorf("%d of %d done, %d violations: %q", one.next, one.most, one.violations, one.wrong)
			}
			t.Log(one.notes)
		})
	}
}

// Every way to spoil an answer changes one of these.
func TestKindsSpoil(t *testing.T) {
	answers := []string{
		`{"result":[{"send_date":"2026-11-01","msg_type":"2","sms_user":"shop","template_id":12,"label_id":null,"targets":10,"delivered":9,"power_off":1},` +
			`{"send_date":"2026-11-01","msg_type":"2","sms_user":"shop","template_id":13,"label_id":null,"targets":4,"delivered":4}],"count":2}`,
		`{"Response":{"SendStatusStatistics":{"FeeCount":5,"RequestCount":4,"RequestSuccessCount":3},"RequestId":"a"}}`,
	}
	for _, k := range kinds {
		isSpoilt := false
		for i := range 40 {
			said, honest := k.spoil(rand.New(rand.NewPCG(1, uint64(i))), []byte(answers[i%2]))
			isSpoilt = isSpoilt || !bytes.Equal(said, honest)
		}
		if !isSpoilt {
			t.Errorf("%s: nothing is spoilt", k.name)
		}
	}
}
