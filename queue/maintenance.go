package queue

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"
)

// Task is maintenance that one program of all does now and then: the one that leads. A program that was asleep while it
// led may do a task once more beside the next leader, so a task must bear to be done twice at once.
type Task struct {
	Name  string
	Every time.Duration // between its starts, and the longest that it may take
	Do    func(ctx context.Context) error
}

// repeat does a task at its times while this program leads, until the context ends.
func (e *engine) repeat(ctx context.Context, task Task) {
	ticks := time.NewTicker(task.Every)
	defer ticks.Stop()
	for {
		if err := e.once(ctx, task); err != nil && ctx.Err() == nil {
			e.queue.log.Warn("maintenance failed", zap.String("task", task.Name), zap.Error(err))
		}
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
	}
}

// once does the task if this program leads. A task that crashes is an error like any other: the program goes on.
func (e *engine) once(ctx context.Context, task Task) (err error) {
	ctx, cancel := context.WithTimeout(ctx, max(task.Every, time.Minute))
	defer cancel()
	defer func() {
		if crash := recover(); crash != nil {
			err = fmt.Errorf("queue: the task crashed: %v", crash)
		}
	}()
	if id, err := leader(ctx, e.queue.pool); err != nil || id != e.id {
		return err
	}
	return task.Do(ctx)
}

// ownTasks are those without which the queue would stand still.
func (s *Server) ownTasks() []Task {
	return []Task{
		{Name: "rescue", Every: s.options.Every, Do: s.rescue},
		{Name: "settle", Every: s.options.Every, Do: s.settle},
		{Name: "lost_loads", Every: time.Hour, Do: s.queue.EndLost},
	}
}

// rescue sends jobs back to the queue whose worker died or hangs.
func (s *Server) rescue(ctx context.Context) error {
	dead, err := s.queue.RescueDead(ctx)
	if err != nil {
		return err
	}
	ticks, err := s.queue.RescueHanging(ctx, Tick{}.Kind(), tickRescue)
	if err != nil {
		return err
	}
	windows, err := s.queue.RescueHanging(ctx, Window{}.Kind(), s.options.RescueAfter)
	if err != nil {
		return err
	}
	if dead+ticks+windows > 0 {
		s.queue.log.Warn("jobs sent back to the queue",
			zap.Int("of_dead_workers", dead), zap.Int("of_hanging_workers", ticks+windows))
	}
	return s.queue.repause(ctx)
}

// lostAfter is how long a load is under way at most, and more: a window is given half an hour, and a probe or an import takes minutes.
const lostAfter = 24 * time.Hour

// EndLost ends loads that nobody works any more. A program that dies leaves those that no job stands for, and a database that is away
// for a moment those of a try that could not even say that it failed. While a load is called running its answers are kept, however
// old they get.
func (q *Queue) EndLost(ctx context.Context) error {
	_, err := q.pool.Exec(ctx, `
		UPDATE etl.load
		SET outcome    = 'failed',
		    reason     = 'nobody ended it',
		    called_off = true
		WHERE outcome = 'running'
		  AND started_at < $1`, q.now().Add(-lostAfter))
	return failed("ending loads that nobody works", err)
}

// settle ends windows and detached runs that have ended without its being written down.
func (s *Server) settle(ctx context.Context) error {
	if err := settleWindows(ctx, s.queue.pool); err != nil {
		return err
	}
	ended, err := s.queue.endDetached(ctx)
	for _, run := range ended {
		s.queue.log.Info("run ended", zap.Int64("run_id", run))
	}
	if err != nil {
		return err
	}
	return s.queue.forgetParked(ctx, s.queue.now().AddDate(0, 0, -30))
}
