package remote

import (
	"bytes"
	"context"
	"io"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
)

// lineLimit is the longest part of a line shown, in bytes; outputs hold the whole line.
const lineLimit = 1024

// Logging selects the output that is shown while a command runs.
type Logging string

// The values of Logging, as the official schema has them.
const (
	LogStdout Logging = "stdout"
	LogStderr Logging = "stderr"
	LogBoth   Logging = "stdoutAndStderr"
	LogNone   Logging = "none"
)

// Values lists them for the schema.
func (Logging) Values() []infer.EnumValue[Logging] {
	return []infer.EnumValue[Logging]{
		{Name: string(LogStdout), Value: LogStdout, Description: "Standard output alone"},
		{Name: string(LogStderr), Value: LogStderr, Description: "Standard error alone"},
		{Name: string(LogBoth), Value: LogBoth, Description: "Both"},
		{Name: string(LogNone), Value: LogNone, Description: "Neither"},
	}
}

func (l *Logging) stdout(ctx context.Context) io.Writer {
	return lineLog(ctx, or(l, LogBoth) == LogBoth || *l == LogStdout)
}

func (l *Logging) stderr(ctx context.Context) io.Writer {
	return lineLog(ctx, or(l, LogBoth) == LogBoth || *l == LogStderr)
}

func lineLog(ctx context.Context, shown bool) io.Writer {
	if !shown {
		return io.Discard
	}
	return &lineWriter{show: p.GetLogger(ctx).InfoStatus}
}

// lineWriter shows each complete line. It never blocks on a long one: what is over the limit is not shown.
type lineWriter struct {
	show func(line string)
	line []byte
}

func (w *lineWriter) Write(data []byte) (int, error) {
	for rest := data; len(rest) > 0; {
		part, after, ended := bytes.Cut(rest, []byte("\n"))
		if room := lineLimit - len(w.line); room > 0 {
			w.line = append(w.line, part[:min(room, len(part))]...)
		}
		if ended {
			w.show(string(w.line))
			w.line = w.line[:0]
		}
		rest = after
	}
	return len(data), nil
}
