package torture

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
)

// NewPostgres starts a proxy in front of a Postgres server. Encryption is refused in the server's name, for boundaries are
// not to be seen in it: clients must be content without.
func NewPostgres(server string, plan Plan) (*Proxy, error) {
	return newProxy(server, postgresLine, plan)
}

// Through gives an address of Postgres, postgres://..., with the proxy in place of the server.
func (p *Proxy) Through(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", errors.New("the address is no URL") // and not the text, which holds a password
	}
	u.Host = p.Address()
	return u.String(), nil
}

// The codes in place of a version at the start of a connection.
const (
	cancelRequest = 80877102
	sslRequest    = 80877103
	gssRequest    = 80877104
)

const mostBytes = 1 << 30 // of one message, as Postgres itself has it

// postgresLine refuses encryption, and gives the readers that begin with the message after that.
func postgresLine(client, server net.Conn) (requests, answers reader, err error) {
	in := bufio.NewReader(client)
	for {
		first, code, err := startMessage(in)
		if err != nil {
			return nil, nil, err
		}
		if code == sslRequest || code == gssRequest {
			if _, err := client.Write([]byte{'N'}); err != nil {
				return nil, nil, err
			}
			continue
		}
		kind := "StartupMessage"
		if code == cancelRequest {
			kind = "CancelRequest"
		}
		m := &message{bytes: first, kind: kind, isLast: true, statement: kind}
		return &frontend{in, m, map[string]string{}}, backend{bufio.NewReader(server)}, nil
	}
}

// startMessage reads a message of the start, which has no type: length, code, rest.
func startMessage(in io.Reader) (whole []byte, code uint32, err error) {
	var head [8]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return nil, 0, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n < 8 || n > 10_000 {
		return nil, 0, fmt.Errorf("a first message of %d bytes", n)
	}
	whole = make([]byte, n)
	copy(whole, head[:])
	_, err = io.ReadFull(in, whole[8:])
	return whole, binary.BigEndian.Uint32(whole[4:]), err
}

// typed reads a message as both sides send them after the start: type, length, rest. The length counts itself.
func typed(in io.Reader) ([]byte, error) {
	var head [5]byte
	if come, err := io.ReadFull(in, head[:]); err != nil {
		return head[:come], err
	}
	n := binary.BigEndian.Uint32(head[1:])
	if n < 4 || n > mostBytes {
		return nil, fmt.Errorf("a message %q of %d bytes", head[0], n)
	}
	whole := make([]byte, 1+n)
	copy(whole, head[:])
	come, err := io.ReadFull(in, whole[5:])
	return whole[:5+come], err
}

// frontend reads what a client sends.
type frontend struct {
	in       *bufio.Reader
	first    *message
	prepared map[string]string // statements by name
}

func (f *frontend) next() (message, error) {
	if m := f.first; m != nil {
		f.first = nil
		return *m, nil
	}
	b, err := typed(f.in)
	if err != nil {
		return message{bytes: b}, err
	}
	return message{bytes: b, kind: name(frontendKinds, b[0]), isLast: isWhole(b), statement: f.statement(b)}, nil
}

// statement gives the text that a message asks for.
func (f *frontend) statement(b []byte) string {
	first, rest, _ := bytes.Cut(b[5:], []byte{0})
	second, _, _ := bytes.Cut(rest, []byte{0})
	switch b[0] {
	case 'Q':
		return string(first)
	case 'P': // name, text
		f.prepared[string(first)] = string(second)
		return string(second)
	case 'B': // portal, name
		return f.prepared[string(second)]
	default:
		return ""
	}
}

// isWhole says whether a server carries out what it was sent once it has this message.
func isWhole(b []byte) bool {
	switch b[0] {
	case 'Q', 'S', 'F', 'c', 'f', 'p', 'X':
		return true
	default:
		return false
	}
}

// backend reads what a server sends.
type backend struct{ in *bufio.Reader }

func (r backend) next() (message, error) {
	b, err := typed(r.in)
	if err != nil {
		return message{bytes: b}, err
	}
	return message{bytes: b, kind: name(backendKinds, b[0]), isLast: isTurn(b)}, nil
}

// isTurn says whether the client speaks next: the server is ready, wants a proof of who is there, or rows to copy.
func isTurn(b []byte) bool {
	switch b[0] {
	case 'Z', 'G', 'W':
		return true
	case 'R':
		const ok, finalProof = 0, 12
		code := binary.BigEndian.Uint32(append(b[5:min(9, len(b)):min(9, len(b))], 0, 0, 0, 0))
		return code != ok && code != finalProof
	default:
		return false
	}
}

func name(kinds map[byte]string, kind byte) string {
	if known, ok := kinds[kind]; ok {
		return known
	}
	return fmt.Sprintf("message %q", kind)
}

var frontendKinds = map[byte]string{
	'Q': "Query", 'P': "Parse", 'B': "Bind", 'D': "Describe", 'E': "Execute", 'S': "Sync", 'C': "Close", 'H': "Flush", 'X': "Terminate",
	'd': "CopyData", 'c': "CopyDone", 'f': "CopyFail", 'p': "Password", 'F': "FunctionCall",
}

var backendKinds = map[byte]string{
	'R': "Authentication", 'K': "BackendKeyData", 'S': "ParameterStatus", 'Z': "ReadyForQuery", 'T': "RowDescription", 'D': "DataRow",
	'C': "CommandComplete", '1': "ParseComplete", '2': "BindComplete", '3': "CloseComplete", 'n': "NoData", 't': "ParameterDescription",
	's': "PortalSuspended", 'I': "EmptyQueryResponse", 'E': "ErrorResponse", 'N': "NoticeResponse", 'A': "NotificationResponse",
	'G': "CopyInResponse", 'H': "CopyOutResponse", 'W': "CopyBothResponse", 'd': "CopyData", 'c': "CopyDone", 'V': "FunctionCallResponse",
	'v': "NegotiateProtocolVersion",
}
