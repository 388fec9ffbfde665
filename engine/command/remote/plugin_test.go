package remote

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/blang/semver"
	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/integration"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// urn is the address of the resource under test.
const urn = resource.URN("urn:pulumi:test::test::" + only + "::unit")

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // where status lines go without an engine
	os.Exit(m.Run())
}

type fields = map[string]property.Value

// plugin is the whole plugin, one step above gRPC.
type plugin struct {
	integration.Server
	t *testing.T
}

func startPlugin(t *testing.T) plugin {
	t.Helper()
	t.Setenv("SSH_AUTH_SOCK", "")
	server, err := integration.NewServer(context.Background(), "command", semver.MustParse(version), integration.WithProvider(newProvider()))
	if err != nil {
		t.Fatal(err)
	}
	return plugin{server, t}
}

// checked is what the engine hands to Create and Update: inputs with their defaults.
func (g plugin) checked(inputs fields) property.Map {
	g.t.Helper()
	response, err := g.Check(p.CheckRequest{Urn: urn, Inputs: property.NewMap(inputs)})
	if err != nil || len(response.Failures) > 0 {
		g.t.Fatalf("refused: %v %v", err, response.Failures)
	}
	return response.Inputs
}

func (g plugin) create(inputs fields) (property.Map, error) {
	g.t.Helper()
	response, err := g.Create(p.CreateRequest{Urn: urn, Properties: g.checked(inputs)})
	return response.Properties, err
}

func (g plugin) mustCreate(inputs fields) property.Map {
	g.t.Helper()
	state, err := g.create(inputs)
	if err != nil {
		g.t.Fatal(err)
	}
	return state
}

// connection is how the Python SDK writes ConnectionArgs: camelCase names, numbers as floats, defaults filled in.
func (s *sshd) connection(changed fields) property.Value {
	written := fields{
		"host": property.New("127.0.0.1"), "port": property.New(float64(s.port)), "user": property.New(s.user),
		"privateKey": property.New(s.privateKey), "hostKey": property.New(s.hostKey),
		"dialErrorLimit": property.New(0.0), "perDialTimeout": property.New(10.0),
	}
	for name, value := range changed {
		written[name] = value
	}
	return property.New(property.NewMap(written)).WithSecret(true)
}

func (s *sshd) inputs(changed fields) fields {
	written := fields{"connection": s.connection(nil), "addPreviousOutputInEnv": property.New(false)}
	for name, value := range changed {
		written[name] = value
	}
	return written
}

func text(t *testing.T, state property.Map, name string) string {
	t.Helper()
	value := state.Get(name)
	if !value.IsString() {
		t.Fatalf("%s is no text: %v", name, value)
	}
	return value.AsString()
}

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", parts)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("no %q in: %v", part, err)
		}
	}
}

func wantAbsent(t *testing.T, path string) {
	t.Helper()
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("%s is there (%v)", path, err)
	}
}

func content(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
