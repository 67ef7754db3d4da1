package migrations

import (
	"crypto/tls"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Parse reads a database's address. The driver's own error quotes the address with the password masked by a heuristic, so it is
// dropped for ErrAddress.
//
// A password is proven to the server by SCRAM and never sent, unless the address says otherwise: require_auth=md5 for a server
// that still keeps passwords so, require_auth=password for one that hands them on to a directory. By the driver's default, whoever
// answers in the place of the server gets it by asking for it in clear text.
func Parse(url string) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(url) // the pool's parser, since an address may carry settings of a pool
	if err != nil {
		return nil, fmt.Errorf("%w: want postgres://user:password@host:port/database", ErrAddress)
	}
	if c := config.ConnConfig; c.Password != "" && c.RequireAuth == "" {
		c.RequireAuth = "scram-sha-256"
	}
	return config, nil
}

// Unproven gives the hosts of an address, other than this machine, that need not prove who they are: there is no TLS, or one
// without a look at the certificate. Who sits between can then read and change what goes by.
func Unproven(config *pgxpool.Config) []string {
	c := config.ConnConfig
	var all []string
	add := func(host string, t *tls.Config) {
		isProven := t != nil && (!t.InsecureSkipVerify || t.VerifyPeerCertificate != nil || t.VerifyConnection != nil)
		if !isProven && !isHere(host) && !slices.Contains(all, host) {
			all = append(all, host)
		}
	}
	add(c.Host, c.TLSConfig)
	for _, f := range c.Fallbacks {
		add(f.Host, f.TLSConfig)
	}
	return all
}

// isHere says whether a host is this machine: a socket's folder or a loopback address.
func isHere(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasPrefix(host, "/") || strings.HasPrefix(host, "@") || ip != nil && ip.IsLoopback()
}

// IsRefusal says that a connection was given up because the server asked for the password in a way that the address does not
// allow. The driver has no kind of error for it.
func IsRefusal(err error) bool {
	return err != nil && strings.Contains(err.Error(), "authentication method requirement")
}
