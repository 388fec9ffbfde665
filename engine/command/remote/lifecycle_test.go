package remote

import (
	"path/filepath"
	"strings"
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// A created resource holds its inputs and what the command printed, each without its last newline.
func TestCreateKeepsInputsAndOutput(t *testing.T) {
	host, g := startSSHD(t), startPlugin(t)
	state := g.mustCreate(host.inputs(fields{
		"create": property.New("cat; echo warned >&2"), "stdin": property.New("line 1\nline 2\n"),
	}))
	for name, want := range map[string]string{"stdout": "line 1\nline 2", "stderr": "warned", "stdin": "line 1\nline 2\n"} {
		if got := text(t, state, name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// The connection is always secret; output is not, even where command and stdin are: that is the program's to say.
func TestOutputIsNotSecretByItself(t *testing.T) {
	host, g := startSSHD(t), startPlugin(t)
	inputs := host.inputs(fields{
		"create": property.New("cat").WithSecret(true), "stdin": property.New("s3cret").WithSecret(true),
		"connection": host.connection(nil).WithSecret(false),
	})
	state := g.mustCreate(inputs)
	for name, want := range map[string]bool{"connection": true, "create": true, "stdin": true, "stdout": false, "stderr": false} {
		if got := state.Get(name).Secret(); got != want {
			t.Errorf("%s secret: %v, want %v", name, got, want)
		}
	}
}

// A failed command is a failed resource; the message has host, status, command and both streams, and no stdin.
func TestFailureNamesCommandAndOutputButNoStdin(t *testing.T) {
	host, g := startSSHD(t), startPlugin(t)
	_, err := g.create(host.inputs(fields{
		"create": property.New("echo to-stdout; echo to-stderr >&2; exit 65"), "stdin": property.New("hidden-stdin"),
	}))
	wantError(t, err, host.address(), "status 65", "exit 65", "to-stdout", "to-stderr")
	if strings.Contains(err.Error(), "hidden-stdin") {
		t.Errorf("stdin in: %v", err)
	}
}

// 200 KB of stdin, the size of the largest script, arrives whole.
func TestLargeStdinArrivesWhole(t *testing.T) {
	host, g := startSSHD(t), startPlugin(t)
	stdin := strings.Repeat("0123456789abcde\n", 200*1024/16)
	state := g.mustCreate(host.inputs(fields{"create": property.New("cat"), "stdin": property.New(stdin)}))
	if got := text(t, state, "stdout"); got != strings.TrimSuffix(stdin, "\n") {
		t.Errorf("%d bytes came back of %d", len(got), len(stdin))
	}
}

// A line of more than 64 KiB on either stream neither blocks the command nor is cut in the outputs.
func TestLongLinesDoNotBlock(t *testing.T) {
	host, g := startSSHD(t), startPlugin(t)
	state := g.mustCreate(host.inputs(fields{
		"create": property.New("head -c 300000 /dev/zero | tr '\\0' o; head -c 200000 /dev/zero | tr '\\0' e >&2"),
	}))
	if out, err := len(text(t, state, "stdout")), len(text(t, state, "stderr")); out != 300000 || err != 200000 {
		t.Errorf("%d and %d bytes, want 300000 and 200000", out, err)
	}
}

// A change runs the new update, else the new create, with the new stdin; a resource without both runs nothing.
func TestUpdateRunsUpdateElseCreate(t *testing.T) {
	host, g := startSSHD(t), startPlugin(t)
	old := g.mustCreate(host.inputs(fields{"create": property.New("echo created")}))
	for name, test := range map[string]struct {
		inputs fields
		want   string
	}{
		"update":  {fields{"create": property.New("echo c"), "update": property.New("echo u; cat"), "stdin": property.New("new")}, "u\nnew"},
		"create":  {fields{"create": property.New("echo c; cat"), "stdin": property.New("new")}, "c\nnew"},
		"neither": {fields{"stdin": property.New("new")}, "created"},
	} {
		t.Run(name, func(t *testing.T) {
			response, err := g.Update(p.UpdateRequest{ID: "id", Urn: urn, State: old, Inputs: g.checked(host.inputs(test.inputs))})
			if err != nil {
				t.Fatal(err)
			}
			if got := text(t, response.Properties, "stdout"); got != test.want {
				t.Errorf("stdout %q, want %q", got, test.want)
			}
		})
	}
}

// A changed connection runs the command over the new one.
func TestUpdateUsesNewConnection(t *testing.T) {
	first, second, g := startSSHD(t), startSSHD(t), startPlugin(t)
	port := property.New("echo ${SSH_CONNECTION##* }")
	old := g.mustCreate(first.inputs(fields{"create": port}))
	first.kill(t)
	response, err := g.Update(p.UpdateRequest{ID: "id", Urn: urn, State: old, Inputs: g.checked(second.inputs(fields{"create": port}))})
	if err != nil {
		t.Fatal(err)
	}
	if got, before := text(t, response.Properties, "stdout"), text(t, old, "stdout"); got == before || !strings.HasSuffix(second.address(), got) {
		t.Errorf("ran on port %s, before %s, want %s", got, before, second.address())
	}
}

// Deletion runs what the state holds: its command, its stdin, its connection; without a delete no host is asked.
func TestDeleteUsesState(t *testing.T) {
	host, g := startSSHD(t), startPlugin(t)
	mark := filepath.Join(t.TempDir(), "mark")
	state := g.mustCreate(host.inputs(fields{"delete": property.New("cat >" + mark), "stdin": property.New("stored")}))
	if err := g.Delete(p.DeleteRequest{ID: "id", Urn: urn, Properties: state}); err != nil {
		t.Fatal(err)
	}
	if got := content(t, mark); got != "stored" {
		t.Errorf("delete read %q", got)
	}
	failing := g.mustCreate(host.inputs(fields{"delete": property.New("echo broken; exit 7")}))
	wantError(t, g.Delete(p.DeleteRequest{ID: "id", Urn: urn, Properties: failing}), "status 7", "broken")
	silent := g.mustCreate(host.inputs(fields{"create": property.New("true")}))
	host.kill(t)
	if err := g.Delete(p.DeleteRequest{ID: "id", Urn: urn, Properties: silent}); err != nil {
		t.Errorf("a resource without delete needs no host: %v", err)
	}
}

// A preview connects nowhere: neither creation nor update.
func TestPreviewRunsNothing(t *testing.T) {
	host, g := startSSHD(t), startPlugin(t)
	mark := filepath.Join(t.TempDir(), "mark")
	old := g.mustCreate(host.inputs(fields{"create": property.New("true")}))
	inputs := g.checked(host.inputs(fields{"create": property.New("touch " + mark)}))
	if _, err := g.Create(p.CreateRequest{Urn: urn, Properties: inputs, DryRun: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Update(p.UpdateRequest{ID: "id", Urn: urn, State: old, Inputs: inputs, DryRun: true}); err != nil {
		t.Fatal(err)
	}
	wantAbsent(t, mark)
}

// A resource changes exactly when its inputs do: triggers replace it, everything else updates it.
func TestDiffIsInputEquality(t *testing.T) {
	host, g := startSSHD(t), startPlugin(t)
	triggers := func(values ...property.Value) property.Value { return property.New(property.NewArray(values)) }
	base := fields{"create": property.New("true"), "stdin": property.New("old"), "triggers": triggers(property.New("10.0.0.1"))}
	state := g.mustCreate(host.inputs(base))
	for name, test := range map[string]struct {
		property string
		value    property.Value
		want     string
	}{
		"nothing":          {"create", property.New("true"), ""},
		"create":           {"create", property.New("false"), "update"},
		"update added":     {"update", property.New("true"), "update"},
		"delete added":     {"delete", property.New("true"), "update"},
		"stdin":            {"stdin", property.New("new"), "update"},
		"logging":          {"logging", property.New("none"), "update"},
		"connection":       {"connection", host.connection(fields{"perDialTimeout": property.New(9.0)}), "update"},
		"trigger":          {"triggers", triggers(property.New("10.0.0.2")), "replace"},
		"trigger added":    {"triggers", triggers(property.New("10.0.0.1"), property.New(1.0)), "replace"},
		"triggers dropped": {"triggers", property.New(property.Null), "replace"},
		"trigger unknown":  {"triggers", triggers(property.New(property.Computed)), "replace"},
	} {
		t.Run(name, func(t *testing.T) {
			inputs := host.inputs(base)
			inputs[test.property] = test.value
			response, err := g.Diff(p.DiffRequest{ID: "id", Urn: urn, State: state, Inputs: g.checked(inputs)})
			if err != nil {
				t.Fatal(err)
			}
			if got := kindOf(t, response, test.property); got != test.want || response.HasChanges != (test.want != "") {
				t.Errorf("%q %v, want %q", got, response, test.want)
			}
		})
	}
}

func kindOf(t *testing.T, response p.DiffResponse, property string) (kind string) {
	t.Helper()
	for path, change := range response.DetailedDiff {
		if !strings.HasPrefix(path, property) {
			t.Errorf("%s changed as well", path)
		}
		kind = "update"
		if strings.HasSuffix(string(change.Kind), "&replace") {
			kind = "replace"
		}
	}
	return kind
}
