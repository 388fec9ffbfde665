package remote

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"io"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// another is a host key that no server has.
func another(t *testing.T) property.Value {
	_, public := newKey(t)
	return property.New(public)
}

// A host with another key than the pinned one is refused at the first attempt; the message names it and the way on.
func TestOtherHostKeyIsRefused(t *testing.T) {
	host, g := startSSHD(t), startPlugin(t)
	mark := filepath.Join(t.TempDir(), "mark")
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	otherType, err := ssh.NewPublicKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		key  property.Value
		part string
	}{
		"other key":  {another(t), "compare the key on its console"},
		"other type": {property.New(string(ssh.MarshalAuthorizedKey(otherType))), "no host key of the pinned type ecdsa-sha2-nistp256"},
	} {
		t.Run(name, func(t *testing.T) {
			begin := time.Now()
			_, err := g.create(host.inputs(fields{
				"create":     property.New("touch " + mark),
				"connection": host.connection(fields{"hostKey": test.key, "dialErrorLimit": property.New(-1.0)}),
			}))
			wantError(t, err, host.address(), "refused", test.part)
			if took := time.Since(begin); took > 5*time.Second {
				t.Errorf("took %s: was tried again", took)
			}
			wantAbsent(t, mark)
		})
	}
}

// A host is reached through its bastion, each with its own pinned key, and the message says which was refused.
func TestProxyHop(t *testing.T) {
	bastion, host, g := startSSHD(t), startSSHD(t), startPlugin(t)
	through := func(toBastion, toHost fields) fields {
		hop := fields{"proxy": bastion.connection(toBastion).WithSecret(false)}
		for name, value := range toHost {
			hop[name] = value
		}
		return host.inputs(fields{"connection": host.connection(hop), "create": property.New("echo $SSH_CONNECTION")})
	}
	state := g.mustCreate(through(nil, nil))
	if got := text(t, state, "stdout"); !strings.HasSuffix(got, " "+strconv.Itoa(host.port)) {
		t.Errorf("ran at %s, want port %d", got, host.port)
	}
	_, err := g.create(through(fields{"hostKey": another(t)}, nil))
	wantError(t, err, "proxy: host "+bastion.address(), "refused")
	_, err = g.create(through(nil, fields{"hostKey": another(t)}))
	wantError(t, err, "through proxy "+bastion.address(), "host "+host.address(), "refused")
	eventually(t, "bastion and host have no session left", func() bool {
		return len(bastion.sessions(t))+len(host.sessions(t)) == 0
	})
}

// dialErrorLimit is the number of failed attempts to tolerate: one more is made, and then it ends.
func TestDialErrorLimitCountsAttempts(t *testing.T) {
	g := startPlugin(t)
	for limit := range 3 {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		var attempts atomic.Int32
		go func() {
			for conn, err := listener.Accept(); err == nil; conn, err = listener.Accept() {
				attempts.Add(1)
				_ = conn.Close()
			}
		}()
		_, err = g.create(absent(t, listener.Addr(), fields{"dialErrorLimit": property.New(float64(limit))}))
		_ = listener.Close()
		wantError(t, err, listener.Addr().String(), strconv.Itoa(limit+1)+" attempts failed", "check that the host is up")
		if got := int(attempts.Load()); got != limit+1 {
			t.Errorf("limit %d: %d attempts", limit, got)
		}
	}
}

// A closed port and a host that accepts and stays silent both end within the limits of the connection.
func TestDeadHostEndsInBoundedTime(t *testing.T) {
	g := startPlugin(t)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	closed := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: freePort(t)}
	for name, test := range map[string]struct {
		at   net.Addr
		part string
	}{"closed": {closed, "refused"}, "silent": {silent.Addr(), "deadline"}} {
		t.Run(name, func(t *testing.T) {
			begin := time.Now()
			_, err := g.create(absent(t, test.at, fields{"dialErrorLimit": property.New(1.0), "perDialTimeout": property.New(1.0)}))
			wantError(t, err, test.at.String(), "2 attempts failed", test.part)
			if took := time.Since(begin); took > 4*time.Second {
				t.Errorf("took %s, want 2 attempts of 1 s", took)
			}
		})
	}
}

// A key that the host does not accept is told apart from a host that is down.
func TestRefusedLoginSaysSo(t *testing.T) {
	host, g := startSSHD(t), startPlugin(t)
	private, _ := newKey(t)
	_, err := g.create(host.inputs(fields{
		"create": property.New("true"), "connection": host.connection(fields{"privateKey": property.New(private)}),
	}))
	wantError(t, err, host.address(), host.user, "authorized_keys")
	if strings.Contains(err.Error(), "PRIVATE KEY") {
		t.Errorf("the key in: %v", err)
	}
}

// A key from an agent serves like one from the settings; an agent that is gone hurts only who named it.
func TestAgent(t *testing.T) {
	host, g := startSSHD(t), startPlugin(t)
	socket := filepath.Join(t.TempDir(), "agent")
	serveAgent(t, socket, host.privateKey)
	run := property.New("true")
	noKey := fields{"privateKey": property.New(property.Null)}
	_, err := g.create(host.inputs(fields{"create": run, "connection": host.connection(noKey)}))
	wantError(t, err, "privateKey, password: neither is set")
	noKey["agentSocketPath"] = property.New(socket)
	g.mustCreate(host.inputs(fields{"create": run, "connection": host.connection(noKey)}))
	t.Setenv("SSH_AUTH_SOCK", socket+".gone")
	g.mustCreate(host.inputs(fields{"create": run}))
	_, err = g.create(host.inputs(fields{"create": run, "connection": host.connection(fields{"agentSocketPath": property.New(socket + ".gone")})}))
	wantError(t, err, "agentSocketPath", "leave this out")
}

func serveAgent(t *testing.T, socket, privateKey string) {
	t.Helper()
	key, err := ssh.ParseRawPrivateKey([]byte(privateKey))
	if err != nil {
		t.Fatal(err)
	}
	ring := agent.NewKeyring()
	if err := ring.Add(agent.AddedKey{PrivateKey: key}); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for conn, err := listener.Accept(); err == nil; conn, err = listener.Accept() {
			go func() { _ = agent.ServeAgent(ring, conn) }()
		}
	}()
}

// The connection is closed when the command is done: no session stays on the host.
func TestConnectionIsClosedAfterwards(t *testing.T) {
	host, g := startSSHD(t), startPlugin(t)
	g.mustCreate(host.inputs(fields{"create": property.New("true")}))
	_, _ = g.create(host.inputs(fields{"create": property.New("false")}))
	eventually(t, "no session", func() bool { return len(host.sessions(t)) == 0 })
}

// A host that stops answering while a command runs ends the command's resource, in bounded time, and says so.
func TestVanishedHostEndsInBoundedTime(t *testing.T) {
	shorten(t, patience{interval: 200 * time.Millisecond, limit: time.Second})
	for name, test := range map[string]struct {
		vanish func(*testing.T, *sshd, *relay)
		part   string
	}{
		"frozen": {func(_ *testing.T, _ *sshd, r *relay) { r.freeze() }, "gave no answer for 1s"},
		"killed": {func(t *testing.T, s *sshd, _ *relay) { s.kill(t) }, "the connection was closed"},
	} {
		t.Run(name, func(t *testing.T) {
			host, g := startSSHD(t), startPlugin(t)
			path, mark := startRelay(t, host.address()), filepath.Join(t.TempDir(), "mark")
			ended := make(chan error, 1)
			inputs := host.inputs(fields{
				"create":     property.New("touch " + mark + "; exec sleep 60"),
				"connection": host.connection(fields{"port": property.New(float64(path.port))}),
			})
			go func() {
				_, err := g.create(inputs)
				ended <- err
			}()
			eventually(t, "the command runs", func() bool { found, _ := filepath.Glob(mark); return len(found) == 1 })
			test.vanish(t, host, path)
			select {
			case err := <-ended:
				wantError(t, err, "may still run there", test.part)
			case <-time.After(10 * time.Second):
				t.Fatal("still waiting after 10 s")
			}
		})
	}
}

// A long silent command on a live host is left alone: keepalives are answered.
func TestSilentCommandIsNotTakenForVanished(t *testing.T) {
	shorten(t, patience{interval: 100 * time.Millisecond, limit: 500 * time.Millisecond})
	host, g := startSSHD(t), startPlugin(t)
	g.mustCreate(host.inputs(fields{"create": property.New("sleep 2")}))
}

// A timeout of the resource ends a command that would run on.
func TestTimeoutEndsTheCommand(t *testing.T) {
	host, g := startSSHD(t), startPlugin(t)
	begin := time.Now()
	_, err := g.Create(p.CreateRequest{Urn: urn, Timeout: 1, Properties: g.checked(host.inputs(fields{"create": property.New("sleep 60")}))})
	wantError(t, err, "cancelled", "may still run there")
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
}

func shorten(t *testing.T, changed patience) {
	usual := keepalive
	keepalive = changed
	t.Cleanup(func() { keepalive = usual })
}

// absent are inputs for an address where no usable sshd is.
func absent(t *testing.T, at net.Addr, changed fields) fields {
	t.Helper()
	private, public := newKey(t)
	nobody := &sshd{port: at.(*net.TCPAddr).Port, hostKey: public, privateKey: private, user: "ops"}
	return nobody.inputs(fields{"create": property.New("true"), "connection": nobody.connection(changed)})
}

// relay is a path to a host that can go silent without closing.
type relay struct {
	port   int
	frozen atomic.Bool
}

func (r *relay) freeze() { r.frozen.Store(true) }

func startRelay(t *testing.T, to string) *relay {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	path := &relay{port: listener.Addr().(*net.TCPAddr).Port}
	go func() {
		for near, err := listener.Accept(); err == nil; near, err = listener.Accept() {
			far, err := net.Dial("tcp", to)
			if err != nil {
				_ = near.Close()
				continue
			}
			go path.carry(near, far)
			go path.carry(far, near)
		}
	}()
	return path
}

func (r *relay) carry(from, to net.Conn) {
	buffer := make([]byte, 32*1024)
	for {
		n, err := from.Read(buffer)
		if r.frozen.Load() {
			continue
		}
		if n > 0 {
			_, _ = to.Write(buffer[:n])
		}
		if err != nil {
			_ = to.Close()
			if err != io.EOF {
				_ = from.Close()
			}
			return
		}
	}
}
