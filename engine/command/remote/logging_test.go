package remote

import (
	"context"
	"io"
	"slices"
	"strings"
	"testing"
)

// Each complete line is shown once, a long one cut, however the writes are split; nothing is ever refused.
func TestLineWriterShowsLines(t *testing.T) {
	long := strings.Repeat("x", 3*lineLimit)
	for name, writes := range map[string][]string{
		"whole":      {"a\n\n" + long + "\nb\n"},
		"split":      {"a", "\n\n" + long[:lineLimit-1], long[lineLimit-1:], "\nb", "\n"},
		"unfinished": {"a\n\n" + long + "\nb\nrest"},
	} {
		t.Run(name, func(t *testing.T) {
			var shown []string
			writer := &lineWriter{show: func(line string) { shown = append(shown, line) }}
			for _, data := range writes {
				if n, err := io.WriteString(writer, data); n != len(data) || err != nil {
					t.Fatalf("%d %v", n, err)
				}
			}
			if want := []string{"a", "", long[:lineLimit], "b"}; !slices.Equal(shown, want) {
				t.Errorf("shown %d lines: %.80q", len(shown), shown)
			}
		})
	}
}

// logging selects what is shown: both streams when not set, as the official plugin does.
func TestLoggingSelectsStreams(t *testing.T) {
	value := func(l Logging) *Logging { return &l }
	for name, test := range map[string]struct {
		logging        *Logging
		stdout, stderr bool
	}{
		"unset": {nil, true, true}, "both": {value(LogBoth), true, true},
		"stdout": {value(LogStdout), true, false}, "stderr": {value(LogStderr), false, true}, "none": {value(LogNone), false, false},
	} {
		t.Run(name, func(t *testing.T) {
			shown := func(w io.Writer) bool { return w != io.Discard }
			if out, err := shown(test.logging.stdout(context.Background())), shown(test.logging.stderr(context.Background())); out != test.stdout || err != test.stderr {
				t.Errorf("stdout %v stderr %v", out, err)
			}
		})
	}
}
