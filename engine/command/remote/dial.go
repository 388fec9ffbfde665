package remote

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"golang.org/x/crypto/ssh"
)

const (
	firstDelay = 100 * time.Millisecond
	lastDelay  = 5 * time.Second
)

// patience is how long a host may be silent.
type patience struct{ interval, limit time.Duration }

// keepalive asks every interval; who does not answer within the limit is taken for vanished. The limit leaves room
// for a short interruption of the network and for a busy sshd. A variable for the tests alone.
var keepalive = patience{interval: 10 * time.Second, limit: 30 * time.Second}

// link is a live SSH connection with its path; closing it ends whatever waits on it.
type link struct {
	*ssh.Client
	address  string
	wire     net.Conn
	via      *link
	patience patience
	vanished atomic.Bool
	closed   chan struct{}
	isClosed atomic.Bool
}

// Close never blocks: it closes the wire, not the SSH protocol on it.
func (l *link) Close() {
	if l.isClosed.CompareAndSwap(false, true) {
		close(l.closed)
	}
	if l.via != nil {
		l.via.Close()
		return
	}
	_ = l.wire.Close()
}

// lost is the link of the path whose host stopped answering, or nil.
func (l *link) lost() *link {
	for ; l != nil; l = l.via {
		if l.vanished.Load() {
			return l
		}
	}
	return nil
}

// watch closes the link when the host answers no keepalive.
func (l *link) watch() {
	for {
		answer := make(chan error, 1)
		select {
		case <-l.closed:
			return
		case <-time.After(l.patience.interval):
		}
		go func() {
			_, _, err := l.SendRequest("keepalive@openssh.com", true, nil)
			answer <- err
		}()
		select {
		case <-l.closed:
			return
		case err := <-answer:
			if err != nil {
				return
			}
		case <-time.After(l.patience.limit):
			l.vanished.Store(true)
			l.Close()
			return
		}
	}
}

// open connects to the host, through its bastion where there is one, within the limits of each.
func (c *Connection) open(ctx context.Context) (*link, error) {
	if c.Proxy == nil {
		return c.connect(ctx, nil)
	}
	via, err := c.Proxy.connect(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("proxy: %w", err)
	}
	opened, err := c.connect(ctx, via)
	if err != nil {
		via.Close()
		return nil, fmt.Errorf("through proxy %s: %w", via.address, err)
	}
	return opened, nil
}

// connect makes up to dialErrorLimit+1 attempts, as the official plugin does; a refused host key ends them at once.
func (e *Endpoint) connect(ctx context.Context, via *link) (*link, error) {
	config, release, err := e.login()
	if err != nil {
		return nil, err
	}
	defer release()
	limit, delay := or(e.DialErrorLimit, defaultDialErrorLimit), firstDelay
	for failures := 1; ; failures++ {
		opened, err := e.attempt(ctx, config, via)
		if err == nil {
			return opened, nil
		}
		if refused := asRefusedHostKey(err, e.address(), config); refused != nil {
			return nil, refused
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("connect to %s: cancelled after %d attempts: %w", e.address(), failures, err)
		}
		if limit >= 0 && failures > limit {
			return nil, fmt.Errorf("connect to %s as %s: %d attempts failed, the last: %w; %s",
				e.address(), config.User, failures, err, advice(err))
		}
		p.GetLogger(ctx).InfoStatusf("connect to %s: attempt %d failed: %v", e.address(), failures, err)
		select {
		case <-ctx.Done():
		case <-time.After(delay):
		}
		delay = min(delay*3/2, lastDelay)
	}
}

func (e *Endpoint) attempt(ctx context.Context, config *ssh.ClientConfig, via *link) (*link, error) {
	if limit := e.timeout(); limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	dial := (&net.Dialer{}).DialContext
	if via != nil {
		dial = via.DialContext
	}
	wire, err := dial(ctx, "tcp", e.address())
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = wire.Close() })
	conn, channels, requests, err := ssh.NewClientConn(wire, e.address(), config)
	if !stop() {
		_ = wire.Close()
		return nil, fmt.Errorf("no SSH login within the limits: %w", context.Cause(ctx))
	}
	if err != nil {
		_ = wire.Close()
		return nil, err
	}
	opened := &link{
		Client: ssh.NewClient(conn, channels, requests), address: e.address(),
		wire: wire, via: via, patience: keepalive, closed: make(chan struct{}),
	}
	go opened.watch()
	return opened, nil
}

func advice(err error) string {
	if strings.Contains(err.Error(), "unable to authenticate") {
		return "check user and key: is the public key in that user's authorized_keys?"
	}
	return "check that the host is up and that address, port and firewall let this machine in"
}
