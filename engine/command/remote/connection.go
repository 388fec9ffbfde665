package remote

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/pulumi/pulumi-go-provider/infer"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

const (
	defaultUser            = "root"
	defaultPort            = 22
	defaultDialErrorLimit  = 10
	defaultPerDialTimeoutS = 15
)

// Endpoint is one SSH server and how to log in there.
type Endpoint struct {
	Host               *string  `pulumi:"host"`
	Port               *float64 `pulumi:"port,optional"`
	User               *string  `pulumi:"user,optional"`
	Password           *string  `pulumi:"password,optional" provider:"secret"`
	PrivateKey         *string  `pulumi:"privateKey,optional" provider:"secret"`
	PrivateKeyPassword *string  `pulumi:"privateKeyPassword,optional" provider:"secret"`
	AgentSocketPath    *string  `pulumi:"agentSocketPath,optional"`
	HostKey            *string  `pulumi:"hostKey,optional"`
	DialErrorLimit     *int     `pulumi:"dialErrorLimit,optional"`
	PerDialTimeout     *int     `pulumi:"perDialTimeout,optional"`
}

// Connection is the host that runs the command, reached directly or through one bastion.
type Connection struct {
	Endpoint
	Proxy *ProxyConnection `pulumi:"proxy,optional"`
}

// ProxyConnection is a bastion.
type ProxyConnection struct{ Endpoint }

// Annotate describes a connection in the schema.
func (c *Connection) Annotate(a infer.Annotator) {
	a.Describe(&c, "How to reach a host.")
	c.annotate(a)
	a.Describe(&c.Proxy, "The bastion through which the host is reached.")
}

// Annotate describes a bastion in the schema.
func (c *ProxyConnection) Annotate(a infer.Annotator) {
	a.Describe(&c, "How to reach a bastion.")
	c.annotate(a)
}

func (e *Endpoint) annotate(a infer.Annotator) {
	a.Describe(&e.Host, "Name or address.")
	a.Describe(&e.Port, "Port of the SSH server.")
	a.SetDefault(&e.Port, defaultPort)
	a.Describe(&e.User, "User to log in as.")
	a.SetDefault(&e.User, defaultUser)
	a.Describe(&e.Password, "Password to log in with.")
	a.Describe(&e.PrivateKey, "Private key to log in with, as text; tried before the password.")
	a.Describe(&e.PrivateKeyPassword, "Passphrase of the private key.")
	a.Describe(&e.AgentSocketPath, "Socket of an SSH agent; SSH_AUTH_SOCK when not set.")
	a.Describe(&e.HostKey, "The one host key to accept, as `type base64`. Required by this plugin.")
	a.Describe(&e.DialErrorLimit, "Failed attempts to tolerate; -1 is no limit.")
	a.SetDefault(&e.DialErrorLimit, defaultDialErrorLimit)
	a.Describe(&e.PerDialTimeout, "Longest time of one attempt including the login, in seconds; 0 is no limit.")
	a.SetDefault(&e.PerDialTimeout, defaultPerDialTimeoutS)
}

func (e *Endpoint) address() string {
	return net.JoinHostPort(or(e.Host, ""), strconv.Itoa(int(or(e.Port, defaultPort))))
}

func (e *Endpoint) timeout() time.Duration {
	return time.Duration(or(e.PerDialTimeout, defaultPerDialTimeoutS)) * time.Second
}

// login is the client configuration for the endpoint; release frees the agent's socket and may be called once dialled.
func (e *Endpoint) login() (config *ssh.ClientConfig, release func(), err error) {
	if or(e.HostKey, "") == "" {
		return nil, nil, fmt.Errorf("connect to %s: hostKey %s", e.address(), hostKeyRule)
	}
	pinned, err := parseHostKey(*e.HostKey)
	if err != nil {
		return nil, nil, fmt.Errorf("connect to %s: hostKey: %w", e.address(), err)
	}
	methods, release, err := e.methods()
	if err != nil {
		return nil, nil, fmt.Errorf("connect to %s: %w", e.address(), err)
	}
	return &ssh.ClientConfig{
		User:              or(e.User, defaultUser),
		Auth:              methods,
		HostKeyCallback:   pinned.check,
		HostKeyAlgorithms: pinned.algorithms(),
	}, release, nil
}

func (e *Endpoint) methods() (methods []ssh.AuthMethod, release func(), err error) {
	if e.PrivateKey != nil {
		signer, err := parsePrivateKey(*e.PrivateKey, e.PrivateKeyPassword)
		if err != nil {
			return nil, nil, err
		}
		methods = append(methods, ssh.PublicKeys(signer))
	}
	if e.Password != nil {
		methods = append(methods, ssh.Password(*e.Password), ssh.KeyboardInteractive(e.answers))
	}
	release = func() {}
	if socket := or(e.AgentSocketPath, os.Getenv("SSH_AUTH_SOCK")); socket != "" {
		conn, err := net.Dial("unix", socket)
		switch {
		case err == nil:
			release = func() { _ = conn.Close() }
			methods = append(methods, ssh.PublicKeysCallback(agent.NewClient(conn).Signers))
		case e.AgentSocketPath != nil:
			return nil, nil, fmt.Errorf("agentSocketPath: %w; start the agent or leave this out", err)
		}
	}
	if len(methods) == 0 {
		return nil, nil, errors.New("privateKey, password: neither is set and there is no SSH agent; set one of them")
	}
	return methods, release, nil
}

func (e *Endpoint) answers(_, _ string, questions []string, _ []bool) ([]string, error) {
	answers := make([]string, len(questions))
	for i := range questions {
		answers[i] = *e.Password
	}
	return answers, nil
}

// parsePrivateKey keeps the parser's own words out of the message where they could quote the key.
func parsePrivateKey(text string, passphrase *string) (ssh.Signer, error) {
	if passphrase != nil {
		signer, err := ssh.ParsePrivateKeyWithPassphrase([]byte(text), []byte(*passphrase))
		if err != nil {
			return nil, errors.New("privateKey: cannot be read with privateKeyPassword; check that they belong together")
		}
		return signer, nil
	}
	signer, err := ssh.ParsePrivateKey([]byte(text))
	if missing := (*ssh.PassphraseMissingError)(nil); errors.As(err, &missing) {
		return nil, errors.New("privateKey: is encrypted; set privateKeyPassword")
	}
	if err != nil {
		return nil, errors.New("privateKey: is no OpenSSH or PEM private key; give the text of the key file, with its last newline")
	}
	return signer, nil
}

func or[T any](value *T, otherwise T) T {
	if value == nil {
		return otherwise
	}
	return *value
}
