package job

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"
)

// Chore is something that one program of all does now and then: the one that leads. A program that was asleep while it led may do
// a chore once more beside the next leader, so a chore must bear to be done twice at once.
type Chore struct {
	Name  string
	Every time.Duration // between its starts, and the longest that it may take
	Do    func(ctx context.Context) error
}

// doChores does every chore at its time while this program leads, until the context ends, and then waits for those under way.
func (s *Server) doChores(ctx context.Context, leads func(context.Context) (bool, error)) {
	var chores sync.WaitGroup
	for _, chore := range s.chores {
		chores.Go(func() { s.repeat(ctx, chore, leads) })
	}
	chores.Wait()
}

func (s *Server) repeat(ctx context.Context, chore Chore, leads func(context.Context) (bool, error)) {
	ticks := time.NewTicker(chore.Every)
	defer ticks.Stop()
	for {
		if err := once(ctx, chore, leads); err != nil && ctx.Err() == nil {
			s.log.Warn("chore failed", zap.String("chore", chore.Name), zap.Error(err))
		}
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
	}
}

// once does the chore if this program leads. A chore that crashes is an error like any other: the program goes on.
func once(ctx context.Context, chore Chore, leads func(context.Context) (bool, error)) (err error) {
	ctx, cancel := context.WithTimeout(ctx, max(chore.Every, time.Minute))
	defer cancel()
	defer func() {
		if crash := recover(); crash != nil {
			err = fmt.Errorf("job: the chore crashed: %v", crash)
		}
	}()
	if is, err := leads(ctx); err != nil || !is {
		return err
	}
	return chore.Do(ctx)
}

// ownChores are those without which the queue would stand still.
func (s *Server) ownChores() []Chore {
	return []Chore{
		{Name: "rescue", Every: s.every, Do: s.rescue},
		{Name: "settle", Every: s.every, Do: s.settle},
	}
}

// rescue sends jobs back to the queue whose worker died or hangs.
func (s *Server) rescue(ctx context.Context) error {
	dead, err := s.warehouse.RescueDead(ctx)
	if err != nil {
		return err
	}
	rings, err := s.warehouse.RescueSlow(ctx, Ring{}.Kind(), ringRescue)
	if err != nil {
		return err
	}
	windows, err := s.warehouse.RescueSlow(ctx, Window{}.Kind(), s.options.RescueAfter)
	if err != nil {
		return err
	}
	if dead+rings+windows > 0 {
		s.log.Warn("jobs sent back to the queue", zap.Int("of_dead_workers", dead), zap.Int("of_hanging_workers", rings+windows))
	}
	return s.warehouse.MarkPaused(ctx)
}

// settle ends windows and detached runs that have ended without telling.
func (s *Server) settle(ctx context.Context) error {
	ended, err := s.warehouse.SettleRuns(ctx, s.options.Now())
	for _, run := range ended {
		s.log.Info("run ended", zap.Int64("run_id", run))
	}
	if err != nil {
		return err
	}
	return s.warehouse.ForgetParked(ctx, s.options.Now().AddDate(0, 0, -30))
}
