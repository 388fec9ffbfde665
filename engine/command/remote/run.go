package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"
)

// run runs command, if there is one, and keeps what it printed.
//
// It fails when the command does, with the command and all it printed; never with stdin. It ends when ctx does or
// when the host stops answering: the connection is closed, the command may then still run on the host.
func (o *Outputs) run(ctx context.Context, command *string) error {
	if command == nil {
		return nil
	}
	opened, err := o.Connection.open(ctx)
	if err != nil {
		return err
	}
	defer opened.Close()
	defer context.AfterFunc(ctx, opened.Close)()
	session, err := opened.NewSession()
	if err != nil {
		return fmt.Errorf("open a session on %s: %w; %s", opened.address, err, advice(err))
	}
	if stdin := or(o.Stdin, ""); stdin != "" {
		session.Stdin = strings.NewReader(stdin)
	}
	var stdout, stderr bytes.Buffer
	all := &lockedBuffer{}
	session.Stdout = io.MultiWriter(&stdout, all, o.Logging.stdout(ctx))
	session.Stderr = io.MultiWriter(&stderr, all, o.Logging.stderr(ctx))
	if err := session.Run(*command); err != nil {
		return fmt.Errorf("on %s: %w: running %q:\n%s", opened.address, reason(ctx, opened, err), *command, all)
	}
	o.Stdout, o.Stderr = strings.TrimSuffix(stdout.String(), "\n"), strings.TrimSuffix(stderr.String(), "\n")
	return nil
}

// reason tells a command that failed from a connection that ended under it.
func reason(ctx context.Context, opened *link, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("cancelled, the command may still run there (%w)", context.Cause(ctx))
	}
	if lost := opened.lost(); lost != nil {
		return fmt.Errorf("%s gave no answer for %s, the command may still run there; run this again when the host is back",
			lost.address, lost.patience.limit)
	}
	if exit := (*ssh.ExitError)(nil); errors.As(err, &exit) {
		return exit
	}
	return fmt.Errorf("the connection was closed, the command may still run there; run this again (%w)", err)
}

// lockedBuffer takes the writes of both output streams.
type lockedBuffer struct {
	mutex  sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(data []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.buffer.Write(data)
}

func (b *lockedBuffer) String() string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.buffer.String()
}
