package remote

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

const sshdProgram = "/usr/sbin/sshd"

// sshd is a real OpenSSH server on a loopback port with keys of its own.
type sshd struct {
	port       int
	hostKey    string
	privateKey string
	user       string
	process    *os.Process
}

func startSSHD(t *testing.T) *sshd {
	t.Helper()
	if _, err := os.Stat(sshdProgram); err != nil {
		t.Skipf("%s is not installed: apt-get install openssh-server", sshdProgram)
	}
	if os.Geteuid() == 0 { // sshd's own directory for privilege separation, else made by its unit
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			t.Fatal(err)
		}
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	directory := t.TempDir()
	server := &sshd{port: freePort(t), user: me.Username}
	hostPrivate, hostPublic := newKey(t)
	clientPrivate, clientPublic := newKey(t)
	server.hostKey, server.privateKey = hostPublic, clientPrivate
	write(t, directory, "host_key", hostPrivate)
	write(t, directory, "authorized_keys", clientPublic)
	config := write(t, directory, "sshd_config", fmt.Sprintf(`
ListenAddress 127.0.0.1:%d
HostKey %s/host_key
AuthorizedKeysFile %s/authorized_keys
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
`, server.port, directory, directory))
	command := exec.Command(sshdProgram, "-D", "-e", "-f", config)
	log, err := os.Create(filepath.Join(directory, "log"))
	if err != nil {
		t.Fatal(err)
	}
	command.Stderr = log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	server.process = command.Process
	t.Cleanup(func() {
		server.kill(t)
		_ = command.Wait()
		_ = log.Close()
	})
	eventually(t, "sshd answers", func() bool {
		conn, err := net.Dial("tcp", server.address())
		if err != nil {
			return false
		}
		defer func() { _ = conn.Close() }()
		banner := make([]byte, 4)
		_, err = conn.Read(banner)
		return err == nil && string(banner) == "SSH-"
	})
	return server
}

func (s *sshd) address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// sessions are the processes below the listener: one tree per open connection.
func (s *sshd) sessions(t *testing.T) []int { return descendants(t, s.process.Pid) }

// kill ends the server with all its sessions, as a power cut would without the silence.
func (s *sshd) kill(t *testing.T) {
	for _, pid := range append(s.sessions(t), s.process.Pid) {
		if process, err := os.FindProcess(pid); err == nil {
			_ = process.Kill()
		}
	}
}

func descendants(t *testing.T, parent int) (found []int) {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil { // ended meanwhile
			continue
		}
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		if fields[0] == "Z" || fields[1] != strconv.Itoa(parent) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			t.Fatal(err)
		}
		found = append(append(found, pid), descendants(t, pid)...)
	}
	return found
}

func newKey(t *testing.T) (private, public string) {
	t.Helper()
	publicKey, privateKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(privateKey, "")
	if err != nil {
		t.Fatal(err)
	}
	sshKey, err := ssh.NewPublicKey(publicKey)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(block)), strings.TrimSpace(string(ssh.MarshalAuthorizedKey(sshKey)))
}

func write(t *testing.T, directory, name, content string) string {
	t.Helper()
	path := filepath.Join(directory, name)
	if err := os.WriteFile(path, []byte(content+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	const limit = 10 * time.Second
	for deadline := time.Now().Add(limit); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not reached in %s: %s", limit, what)
		}
	}
}
