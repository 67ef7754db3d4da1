// Package cases plays small, whole things that the product does, and breaks each of them at one moment. Afterwards it is done once
// more undisturbed, and then nothing may tell that anything happened.
package cases

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"smsetl/internal/db"
	"smsetl/internal/dev/torture"
	"smsetl/queue"
	"smsetl/sandbox"
)

// Seam is a kind of place at which a scenario can come apart.
type Seam string

// The seams.
const (
	Postgres  Seam = "postgres" // a message from or to the database
	Vendor    Seam = "vendor"   // a piece of a request to a vendor, or of its answer
	QueueStep Seam = "step"     // what the queue does with a window: begun, loaded, failed
	File      Seam = "file"     // an operation on a file that is imported, or on its folder
)

// Seams are all of them.
var Seams = []Seam{Postgres, Vendor, QueueStep, File}

// Fault is what happens there.
type Fault string

// The faults: those of the proxies, and what they call.
const (
	CutBefore   Fault = "cut-before"
	CutIn       Fault = "cut-in"
	CutAfter    Fault = "cut-after"
	LoseAnswer  Fault = "lose-answer"
	Silence     Fault = "silence"
	Kill        Fault = "kill"         // the process that does it is killed
	ServerCrash Fault = "server-crash" // the database server is stopped at once, and starts again
	ClockAhead  Fault = "clock-ahead"  // from then on the clock is a day ahead
	ClockBack   Fault = "clock-back"
	Fail        Fault = "fail"       // a step gives an error that is for now
	Panic       Fault = "panic"      // a step crashes
	KillAfter   Fault = "kill-after" // the process is killed right after it
	NoSpace     Fault = "no-space"   // a write finds no space, and a read an error of the disk
)

// Faults gives the faults that a seam is tried with.
func (s Seam) Faults() []Fault {
	switch s {
	case Vendor:
		return []Fault{CutBefore, CutIn, CutAfter, LoseAnswer, Silence, Kill, ClockAhead, ClockBack}
	case File:
		return []Fault{Kill, KillAfter, NoSpace}
	case QueueStep:
		return []Fault{Fail, Panic, Kill, ServerCrash, ClockAhead, ClockBack}
	default:
		return []Fault{CutBefore, CutIn, CutAfter, LoseAnswer, Silence, Kill, ServerCrash, ClockAhead, ClockBack}
	}
}

// FaultsAt gives the faults that a place of a turn with the database is tried with. What is left out would show the same once more:
// a request that is cut before it is whole was not asked, wherever it is cut, and a server that stops at the beginning of an answer has
// done what one has done that stops at its end. Of a statement that is only prepared nothing outlives its connection: that the answer is
// lost shows what a request shows that is cut off, and a client that is killed before the server has prepared it what one shows that is
// killed after.
func FaultsAt(place torture.Place) []Fault {
	switch place {
	case torture.RequestWhole:
		return []Fault{CutBefore, CutIn, LoseAnswer, Kill, ServerCrash, ClockAhead, ClockBack}
	case torture.PrepareWhole:
		return []Fault{CutBefore, ServerCrash, ClockAhead, ClockBack}
	case torture.AnswerBegun:
		return []Fault{CutAfter}
	default: // torture.AnswerWhole
		return []Fault{CutAfter, Silence, Kill, ServerCrash}
	}
}

var byProxy = map[Fault]torture.Fault{
	CutBefore: torture.CutBefore, CutIn: torture.CutIn, CutAfter: torture.CutAfter, LoseAnswer: torture.LoseAnswer, Silence: torture.Silence,
}

const (
	// silence is longer than a worker waits for the answer to its first question, and shorter than what people would wait for.
	silence = 2500 * time.Millisecond
	// patience is how long a step may take. Every wait of the product for something that is well again is shorter.
	patience = 3 * time.Minute
)

// Case is a scenario that is broken in one way at one moment.
type Case struct {
	Scenario *Scenario
	Seam     Seam
	Fault    Fault
	N        int // of the seams of that kind, from 1; 0 disturbs nothing
	// Moment is the seam by its name instead, of a message of the database.
	Moment torture.Moment
	// Then breaks what is done once more after the first fault, in the same way; nil leaves it alone.
	Then *Case
}

// isDisturbed says whether anything is to break.
func (c Case) isDisturbed() bool { return c.N > 0 || c.Moment != "" }

// String is the name by which a case can be asked for.
func (c Case) String() string {
	at := string(c.Moment)
	if at == "" {
		at = strconv.Itoa(c.N)
	}
	name := strings.Join([]string{c.Scenario.Slug(), string(c.Seam), string(c.Fault), at}, "/")
	if c.Then != nil {
		_, then, _ := strings.Cut(c.Then.String(), "/")
		name += "+" + then
	}
	return name
}

// Parse reads the name of a case.
func Parse(name string) (c Case, err error) {
	first, then, isPair := strings.Cut(name, "+")
	if isPair {
		if c, err = Parse(first); err != nil {
			return c, err
		}
		second, err := Parse(c.Scenario.Slug() + "/" + then)
		c.Then = &second
		return c, err
	}
	parts := strings.Split(name, "/")
	if len(parts) != 4 {
		return c, fmt.Errorf("%q is no case: want scenario/seam/fault/n", name)
	}
	c = Case{Scenario: Find(parts[0]), Seam: Seam(parts[1]), Fault: Fault(parts[2])}
	if c.Scenario == nil || !slices.Contains(c.Seam.Faults(), c.Fault) {
		return c, fmt.Errorf("%q: there is no such scenario, seam or fault", name)
	}
	if strings.Contains(parts[3], ".") && c.Seam == Postgres {
		c.Moment = torture.Moment(parts[3])
		return c, nil
	}
	c.N, err = strconv.Atoi(parts[3])
	return c, err
}

// Result is what came of a case.
type Result struct {
	// At is the seam at which it happened; empty where the scenario was over before.
	At string `json:"at,omitempty"`
	// Then is the same of the second fault.
	Then string `json:"then,omitempty"`
	// Wrong is what does not hold afterwards, in words.
	Wrong []string `json:"wrong,omitempty"`
	// Seams are how many there were.
	Seams map[Seam]int `json:"seams,omitempty"`
	// Moments are those of the database's connections, of a scenario that was not disturbed.
	Moments []torture.Moment `json:"moments,omitempty"`
	Looks   int              `json:"looks"` // of the reader
	// IsKnown says that the state in which the faults left everything was judged before.
	IsKnown bool    `json:"known,omitempty"`
	Took    float64 `json:"took"` // seconds
}

// Stage is where one worker plays its cases, one after the other.
type Stage struct {
	server *Server
	child  []string // the command of a process that does a step
	built  map[string]string
	number int
	// pictures are of what happened before, by scenario: every clone of a template holds the same.
	pictures map[string]picture
	// patience is how long a step may take.
	patience time.Duration
	// judged is what came of other cases; nil where it is to be found out each time.
	judged *Judged
	// everything reads all there is.
	everything string
}

// NewStage opens a stage. child is the command of a program that calls Child.
func NewStage(ctx context.Context, child ...string) (*Stage, error) {
	server, err := StartServer(ctx)
	return &Stage{server: server, child: child, built: map[string]string{}, pictures: map[string]picture{}, patience: patience}, err
}

// Close ends the stage's server.
func (s *Stage) Close() error { return s.server.Stop() }

// playing is a case under way.
type playing struct {
	Case
	stage     *Stage
	box       *sandbox.Sandbox // nil where nobody is asked
	vendor    string           // its address
	address   string           // of the database
	folder    string
	paths     []string // of the files in it
	db        *db.DB   // to look with; nil as long as there is no schema
	proxies   map[Seam]*torture.Proxy
	disturbed *World
	files     traceResult // what was seen of operations on files
	mu        sync.Mutex
	kill      func() // ends the process of the disturbed step; nil while there is none
	result    Result
}

// Play does a case. The error is that of the stage; what is wrong with the product is in the result.
func (s *Stage) Play(ctx context.Context, c Case) (Result, error) {
	started := time.Now()
	template, err := s.template(ctx, c.Scenario)
	if err != nil {
		return Result{}, fmt.Errorf("%s: before: %w", c.Scenario.Name, err)
	}
	s.number++
	name := fmt.Sprintf("torture_%d", s.number)
	if err := s.server.create(ctx, name, template); err != nil {
		return Result{}, err
	}
	p := &playing{Case: c, stage: s, address: s.server.database(name), proxies: map[Seam]*torture.Proxy{}}
	err = p.play(ctx)
	p.result.Took = time.Since(started).Seconds()
	if len(p.result.Wrong) == 0 || err != nil {
		err = errors.Join(err, s.server.ready(ctx), s.server.drop(ctx, name))
	}
	return p.result, err
}

// template gives the database with what happened before a scenario, made once.
func (s *Stage) template(ctx context.Context, of *Scenario) (string, error) {
	if name, is := s.built[of.Name]; is {
		return name, nil
	}
	schema := "torture_schema"
	if _, is := s.built[schema]; !is {
		if err := errors.Join(s.server.drop(ctx, schema), s.server.create(ctx, schema, "template0"),
			migrate(ctx, &World{Database: s.server.database(schema)}), s.server.seal(ctx, schema)); err != nil {
			return "", err
		}
		s.built[schema] = schema
	}
	if of.isNew {
		return "template0", nil
	}
	if len(of.before) == 0 {
		return schema, nil
	}
	name := "torture_before_" + strings.ReplaceAll(of.Slug(), "-", "_")
	if err := s.server.create(ctx, name, schema); err != nil {
		return "", err
	}
	p := &playing{Case: Case{Scenario: of}, stage: s, address: s.server.database(name)}
	closing, err := p.open(ctx)
	if err != nil {
		return "", err
	}
	defer closing()
	for _, m := range of.before {
		if p.box != nil {
			p.box.SetNow(m.at)
		}
		w := p.world()
		w.Now = m.at
		if _, err := m.do(ctx, w); err != nil {
			return "", err
		}
	}
	if err := s.server.seal(ctx, name); err != nil {
		return "", err
	}
	s.built[name], s.built[of.Name] = name, name
	return name, nil
}

// open starts the vendor and writes the files.
func (p *playing) open(ctx context.Context) (closing func(), err error) {
	closing = func() {}
	if p.Scenario.vendor != nil {
		p.box = p.Scenario.vendor()
		p.box.SetNow(p.Scenario.now)
		addresses, stop, err := p.box.Listen(ctx)
		if err != nil {
			return nil, err
		}
		closing = stop
		p.vendor = map[string]string{sandbox.EngageLab: addresses.EngageLab, sandbox.Tencent: addresses.Tencent}[p.Scenario.asked]
	}
	if p.Scenario.files != nil {
		if p.folder, err = os.MkdirTemp("", "torture"); err != nil {
			return nil, err
		}
		stop := closing
		closing = func() { stop(); _ = os.RemoveAll(p.folder) }
		if err := p.Scenario.files(p.folder); err != nil {
			return closing, err
		}
		p.paths, err = filepath.Glob(filepath.Join(p.folder, "*.csv"))
	}
	return closing, err
}

// world is that of an undisturbed step.
func (p *playing) world() *World {
	return &World{Database: p.address, Config: p.configured(p.vendor), Now: p.Scenario.now, Folder: p.folder, Files: p.paths}
}

// configured gives the configuration for a vendor at an address.
func (p *playing) configured(vendor string) string {
	return strings.ReplaceAll(p.Scenario.configured(p.box, vendor), "FOLDER", p.folder)
}

// disturb puts the proxies in between.
func (p *playing) disturb() (*World, error) {
	through := map[Seam]string{}
	for seam, server := range map[Seam]string{Postgres: p.stage.server.address(), Vendor: strings.TrimPrefix(p.vendor, "http://")} {
		if server == "" {
			continue
		}
		plan := torture.Plan{}
		if seam == p.Seam && p.isDisturbed() {
			plan = torture.Plan{N: p.N, Moment: p.Moment, Fault: torture.Call, Silence: silence, Call: p.strike}
			if fault, is := byProxy[p.Fault]; is {
				plan.Fault = fault
			}
		}
		start := torture.NewPostgres
		if seam == Vendor {
			start = torture.NewHTTP
		}
		proxy, err := start(server, plan)
		if err != nil {
			return nil, err
		}
		p.proxies[seam], through[seam] = proxy, proxy.Address()
	}
	database, err := url.Parse(p.address)
	if err != nil {
		return nil, err
	}
	database.Host = through[Postgres]
	w := p.world()
	w.Database = database.String()
	if p.vendor != "" {
		w.Config = p.configured("http://" + through[Vendor])
	}
	w.steps = &steps{fault: p.Fault, call: func() { p.strike(torture.Seam{}) }}
	if p.Seam == QueueStep {
		w.steps.n = p.N
	}
	return w, nil
}

// strike is what a proxy calls.
func (p *playing) strike(torture.Seam) {
	switch p.Fault {
	case Kill:
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.kill != nil {
			p.kill()
		}
	case ServerCrash:
		if err := p.stage.server.Crash(); err != nil {
			p.wrong("the server was not stopped: " + err.Error())
		}
	case ClockAhead:
		p.disturbed.jump.Store(int64(24 * time.Hour))
	case ClockBack:
		p.disturbed.jump.Store(-int64(24 * time.Hour))
	case CutBefore, CutIn, CutAfter, LoseAnswer, Silence, Fail, Panic, KillAfter, NoSpace: // done where they happen
	}
}

func (p *playing) wrong(what ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.result.Wrong = append(p.result.Wrong, what...)
}

// play does the case on its database.
func (p *playing) play(ctx context.Context) error {
	closing, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer closing()
	defer func() {
		if p.db != nil {
			p.db.Close()
		}
	}()
	began := time.Now()
	was, err := p.picture(ctx)
	if err != nil {
		return err
	}
	if p.disturbed, err = p.disturb(); err != nil { //nolint:contextcheck // a server is stopped whatever becomes of the case
		return err
	}
	reader := watch(p.db) //nolint:contextcheck // it reads until it is told to end
	if err = p.disturbedStep(ctx, false); err == nil && p.Then != nil {
		err = p.again(ctx)
	}
	if err != nil {
		reader.end(nil, nil)
		return err
	}
	after, err := p.outcome(ctx, was, began)
	p.wrong(reader.end(was.totals, after)...)
	p.result.Looks = reader.looks
	return err
}

// disturbedStep does the step that is disturbed. What it says is done must be.
func (p *playing) disturbedStep(ctx context.Context, isAgain bool) error {
	isDone, stepErr := p.do(ctx, isAgain)
	p.closeProxies()
	if err := p.stage.server.ready(ctx); err != nil {
		return err
	}
	if p.db != nil {
		p.db.Reset() // its connections may be those of a server that crashed
	}
	if !p.isDisturbed() && (stepErr != nil || !isDone && p.Scenario.after == nil) {
		p.wrong(fmt.Sprintf("undisturbed, it is done: %t, with %v", isDone, stepErr))
	}
	if isDone && stepErr == nil {
		return p.claimed(ctx)
	}
	return nil
}

// claimed looks whether what a step calls done is.
func (p *playing) claimed(ctx context.Context) error {
	if err := p.look(ctx); err != nil {
		return err
	}
	want, err := p.Scenario.truth(p.Scenario)
	if err != nil {
		return err
	}
	last := p.Scenario.now
	if p.Fault == ClockBack {
		last = last.AddDate(0, 0, -1) // it knows of no later day
	}
	return p.equals(ctx, "right after a step that said it was done", want, last)
}

// again does it once more, with the second fault.
func (p *playing) again(ctx context.Context) (err error) {
	first := p.result.At
	p.Case, p.files, p.result.At = *p.Then, traceResult{}, ""
	if p.disturbed, err = p.disturb(); err != nil { //nolint:contextcheck // a server is stopped whatever becomes of the case
		return err
	}
	err = p.disturbedStep(ctx, true)
	p.result.At, p.result.Then = first, p.result.At
	return err
}

// look opens the database to look at it, if it is not open.
func (p *playing) look(ctx context.Context) (err error) {
	if p.db == nil {
		p.db, err = db.Open(ctx, p.address, db.Options{Application: "torture", MaxConns: 2})
	}
	return err
}

func (p *playing) totals(ctx context.Context) ([]total, error) {
	return db.All[total](ctx, p.db, totals)
}

func (p *playing) closeProxies() {
	p.result.Seams = map[Seam]int{}
	if s := p.disturbed.steps; s.seen > 0 {
		p.result.Seams[QueueStep] = s.seen
		p.result.At = s.struck
	}
	if p.files.Seen > 0 {
		p.result.Seams[File] = p.files.Seen
		p.result.At += p.files.Struck
	}
	for seam, proxy := range p.proxies {
		if at, struck := proxy.Struck(); struck {
			p.result.At = at.Kind + " " + at.Direction.String()
		}
		p.result.Seams[seam] = proxy.Count()
		if seam == Postgres && !p.isDisturbed() {
			for _, s := range proxy.Seams() {
				if s.Moment != "" {
					p.result.Moments = append(p.result.Moments, s.Moment)
				}
			}
		}
		_ = proxy.Close()
	}
}

// judge looks whether all is as it must be after it was done once more.
func (p *playing) judge(ctx context.Context, was picture) error {
	want, err := p.Scenario.truth(p.Scenario)
	if err != nil {
		return err
	}
	again := p.Scenario.step(true)
	patient, cancel := context.WithTimeout(ctx, p.stage.patience)
	defer cancel()
	if isDone, err := again(patient, p.world()); err != nil || !isDone {
		p.wrong(fmt.Sprintf("done once more it is done: %t, with %v", isDone, err))
	}
	if err := p.look(ctx); err != nil {
		p.wrong("the warehouse cannot be opened afterwards: " + err.Error())
		return nil
	}
	if err := p.equals(ctx, "in the end", want, p.Scenario.now); err != nil {
		return err
	}
	before, err := stamp(ctx, p.db)
	if err != nil {
		return err
	}
	if _, err := again(patient, p.world()); err != nil {
		p.wrong("done a third time: " + err.Error())
	}
	after, err := stamp(ctx, p.db)
	if err == nil && before != after {
		p.wrong("doing the same again wrote facts, names or history")
	}
	return errors.Join(err, p.rest(ctx, was))
}

func (p *playing) equals(ctx context.Context, when string, want truth, last time.Time) error {
	differ, err := unequal(ctx, p.db, want, last)
	for _, d := range differ[:min(len(differ), 3)] {
		p.wrong(when + ": " + d)
	}
	return err
}

// later is what any run or server does two days later.
func (p *playing) later(ctx context.Context) error {
	q, err := queue.New(p.db.Pool, func() time.Time { return p.Scenario.now.AddDate(0, 0, 2) }, zap.NewNop())
	if err != nil {
		return err
	}
	_, err = q.RescueDead(ctx)
	return errors.Join(err, q.EndLost(ctx))
}

// rest is what does not depend on the scenario.
func (p *playing) rest(ctx context.Context, was picture) error {
	untrue, err := Untrue(ctx, p.db)
	if err != nil {
		return err
	}
	if err := p.later(ctx); err != nil {
		return err
	}
	left, err := Leftovers(ctx, p.db)
	if err != nil {
		return err
	}
	p.wrong(append(untrue, left...)...)
	if p.Scenario.isNew {
		return nil
	}
	now, err := image(ctx, p.db, was.at)
	if err == nil && now != was.image {
		p.wrong("the views as of before say something else than they said then")
	}
	return err
}
