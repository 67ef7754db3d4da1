package sandbox

import (
	"sync"
	"time"
)

// cache repeats answers: EngageLab says that it does so for ten minutes per parameter set.
type cache struct {
	mu      sync.Mutex
	answers map[string]cached
}

type cached struct {
	at   time.Time
	body []byte
}

func (c *cache) get(request string, now time.Time, keep time.Duration) ([]byte, bool) {
	if keep <= 0 {
		return nil, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	a, ok := c.answers[request]
	if !ok || now.Sub(a.at) >= keep || now.Before(a.at) {
		return nil, false
	}
	return a.body, true
}

// put keeps an answer and drops those that are too old to be repeated.
func (c *cache) put(request string, now time.Time, keep time.Duration, body []byte) {
	if keep <= 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.answers == nil {
		c.answers = map[string]cached{}
	}
	for k, a := range c.answers {
		if now.Sub(a.at) >= keep {
			delete(c.answers, k)
		}
	}
	c.answers[request] = cached{now, body}
}

// forget drops every answer.
func (c *cache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answers = nil
}
