package web

import (
	"crypto/tls"
	"fmt"
	"net"
	"sync/atomic"
)

// Certificate is that of a listener which encrypts by itself. Its files are read again where they are renewed, and the listener
// stays.
type Certificate struct {
	certificateFile, keyFile string
	read                     func(path string) ([]byte, error)
	current                  atomic.Pointer[tls.Certificate]
}

// NewCertificate reads the chain and its key, in PEM.
func NewCertificate(certificateFile, keyFile string, read func(path string) ([]byte, error)) (*Certificate, error) {
	c := &Certificate{certificateFile: certificateFile, keyFile: keyFile, read: read}
	use, err := c.Reread()
	if err != nil {
		return nil, err
	}
	use()
	return c, nil
}

// Reread reads the files again, and gives what puts them in force. A pair that does not fit together changes nothing.
func (c *Certificate) Reread() (use func(), err error) {
	chain, err := c.read(c.certificateFile)
	if err != nil {
		return nil, fmt.Errorf("web: the certificate: %w", err)
	}
	key, err := c.read(c.keyFile)
	if err != nil {
		return nil, fmt.Errorf("web: the certificate's key: %w", err)
	}
	pair, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return nil, fmt.Errorf("web: %s and %s: %w", c.certificateFile, c.keyFile, err)
	}
	return func() { c.current.Store(&pair) }, nil
}

// wrap encrypts a listener. HTTP/1.1 alone is spoken: the bounds of connections are bounds of requests at once too.
func (c *Certificate) wrap(l net.Listener) net.Listener {
	if c == nil {
		return l
	}
	return tls.NewListener(l, &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.current.Load(), nil },
	})
}
