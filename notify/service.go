package notify

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nicholas-fedor/shoutrrr"
	"github.com/nicholas-fedor/shoutrrr/pkg/router"
)

// service is one that shoutrrr knows: a chat program, a mail server, a pager.
type service struct {
	name string
	to   *router.ServiceRouter
}

// newService understands an address such as slack://... The library's errors quote addresses, so none of them is passed on.
func newService(address string, timeout time.Duration) (service, error) {
	name, _, _ := strings.Cut(address, ":")
	to, err := shoutrrr.CreateSender(address)
	switch {
	case errors.Is(err, router.ErrUnknownService):
		return service{}, errors.New("there is no service of this name")
	case err != nil:
		return service{}, fmt.Errorf("the address is not as %s wants it", name)
	}
	to.Timeout = timeout
	return service{name, to}, nil
}

// post sends one message.
func (s service) post(_ context.Context, text string) error {
	for _, err := range s.to.Send(text, nil) {
		switch {
		case errors.Is(err, router.ErrServiceTimeout):
			return fmt.Errorf("%s did not answer in time", s.name)
		case err != nil:
			return fmt.Errorf("%s did not take it", s.name)
		}
	}
	return nil
}
