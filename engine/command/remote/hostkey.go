package remote

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strings"

	"golang.org/x/crypto/ssh"
)

const hostKeyRule = "is not set: a host is only trusted by its pinned key; " +
	"set it to `TYPE BASE64` as in the host's /etc/ssh/ssh_host_ed25519_key.pub"

// hostKey is the one key that a host must prove to have.
type hostKey struct{ ssh.PublicKey }

// parseHostKey reads `TYPE BASE64 [COMMENT]`, the form of a .pub file.
func parseHostKey(text string) (hostKey, error) {
	key, _, options, rest, err := ssh.ParseAuthorizedKey([]byte(text))
	if err != nil || len(options) > 0 || len(bytes.TrimSpace(rest)) > 0 {
		return hostKey{}, fmt.Errorf("%q is no public key; give one `TYPE BASE64`, without the host's name before it", abbreviated(text))
	}
	return hostKey{key}, nil
}

// algorithms keeps the server from offering a key of another type; RSA keys sign with SHA-2 only.
func (k hostKey) algorithms() []string {
	if k.Type() == ssh.KeyAlgoRSA {
		return []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	}
	return []string{k.Type()}
}

func (k hostKey) check(address string, _ net.Addr, offered ssh.PublicKey) error {
	if bytes.Equal(k.Marshal(), offered.Marshal()) {
		return nil
	}
	return &refusedHostKeyError{address: address, pinned: ssh.FingerprintSHA256(k), offered: ssh.FingerprintSHA256(offered)}
}

// refusedHostKeyError is final: another attempt meets the same host.
type refusedHostKeyError struct{ address, pinned, offered string }

func (e *refusedHostKeyError) Error() string {
	return fmt.Sprintf("host %s has host key %s, but %s is pinned: refused, nothing was sent; "+
		"if the host was reinstalled, compare the key on its console and pin the new one, else find out who answers at that address",
		e.address, e.offered, e.pinned)
}

// asRefusedHostKey finds the refusal in err; a host without any key of the pinned type is one as well.
func asRefusedHostKey(err error, address string, config *ssh.ClientConfig) error {
	refused, negotiation := (*refusedHostKeyError)(nil), (*ssh.AlgorithmNegotiationError)(nil)
	switch {
	case errors.As(err, &refused):
		return refused
	case errors.As(err, &negotiation) && strings.Contains(err.Error(), "host key"):
		return fmt.Errorf("host %s has no host key of the pinned type %s: refused, nothing was sent; pin a key that it has",
			address, strings.Join(config.HostKeyAlgorithms, " or "))
	}
	return nil
}

func abbreviated(text string) string {
	const most = 40
	if len(text) > most {
		return text[:most] + "..."
	}
	return text
}
