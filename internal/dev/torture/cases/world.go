package cases

import (
	"context"
	"io/fs"
	"slices"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"smsetl/config"
	"smsetl/load"
	"smsetl/pipeline"
	"smsetl/vendors"
)

// World is what a step of a scenario has to work with. All of it can be handed to another process.
type World struct {
	Database string    `json:"database"` // its address, with or without a proxy before it
	Config   string    `json:"config"`   // the text of schedules.yaml
	Now      time.Time `json:"now"`
	Folder   string    `json:"folder"` // with the files of the scenario
	Files    []string  `json:"files"`

	Log *zap.Logger `json:"-"` // nil for none

	jump  atomic.Int64 // by how much the clock is wrong, in nanoseconds
	steps *steps       // of the queue; nil where nothing breaks there
}

// clock is what the program is told the time is.
func (w *World) clock() time.Time { return w.Now.Add(time.Duration(w.jump.Load())) }

// Program is the product, opened for one step.
type Program struct {
	*pipeline.Pipeline

	closing []func()
}

// Open does what a command does before it does anything: configuration, database, pipeline.
func (w *World) Open(ctx context.Context) (*Program, error) {
	wh, err := load.Open(ctx, w.Database, load.Options{Log: w.log()})
	if err != nil {
		return nil, err
	}
	p := &Program{}
	p.atEnd(wh.Close)
	cfg, err := w.config()
	if err == nil {
		p.Pipeline, err = pipeline.New(w.surroundings(p.atEnd), cfg, wh)
	}
	if err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

func (w *World) log() *zap.Logger {
	if w.Log == nil {
		return zap.NewNop()
	}
	return w.Log
}

func (w *World) surroundings(atEnd func(func())) pipeline.World {
	return pipeline.World{Vendors: vendors.All, Version: "torture", Now: w.clock, Log: w.log(), AtEnd: atEnd}
}

func (w *World) config() (config.Config, error) {
	const name = "schedules.yaml"
	return config.Load(name, config.Env{
		Vendors: vendors.All.Configured(), Now: w.clock,
		Lookup: func(string) (string, bool) { return "", false },
		ReadFile: func(path string) ([]byte, error) {
			if path != name {
				return nil, fs.ErrNotExist
			}
			return []byte(w.Config), nil
		},
	})
}

func (p *Program) atEnd(closing func()) { p.closing = append(p.closing, closing) }

// Close ends what it began, the last first.
func (p *Program) Close() {
	for _, closing := range slices.Backward(p.closing) {
		closing()
	}
}

// hidden is the bar of nobody.
type hidden struct{}

func (hidden) At(int, int) {}
func (hidden) End()        {}

// NoBar makes the bar of nobody.
func NoBar(func() (calls, rows int64), int) pipeline.Bar { return hidden{} }
