package cases

import (
	"context"
	"time"
)

// picture is what there is before.
type picture struct {
	at     time.Time
	image  string
	totals []total
}

// picture looks at the clock each time, and at what there is once for each scenario and stage.
func (p *playing) picture(ctx context.Context) (picture, error) {
	if p.Scenario.isNew {
		return picture{}, nil
	}
	if err := p.look(ctx); err != nil {
		return picture{}, err
	}
	at, err := one[time.Time](ctx, p.db, "SELECT clock_timestamp()")
	if err != nil {
		return picture{}, err
	}
	was, is := p.stage.pictures[p.Scenario.Name]
	if !is {
		if was.image, err = image(ctx, p.db, at); err != nil {
			return picture{}, err
		}
		if was.totals, err = p.totals(ctx); err != nil {
			return picture{}, err
		}
		p.stage.pictures[p.Scenario.Name] = was
	}
	was.at = at
	return was, nil
}
