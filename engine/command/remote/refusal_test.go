package remote

import (
	"encoding/json"
	"strings"
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// What this plugin would do differently from the official one is refused at preview, with the property and a remedy.
func TestCheckRefuses(t *testing.T) {
	_, hostKey := newKey(t)
	g, host := startPlugin(t), &sshd{port: 22, hostKey: hostKey, privateKey: "k", user: "ops"}
	proxy := func(changed fields) property.Value {
		return host.connection(fields{"proxy": host.connection(changed).WithSecret(false)})
	}
	for name, test := range map[string]struct {
		property string
		value    property.Value
		path     string
		part     string
	}{
		"environment":             {"environment", property.New(map[string]property.Value{"A": property.New("b")}), "environment", "stdin"},
		"previous output":         {"addPreviousOutputInEnv", property.New(true), "addPreviousOutputInEnv", "add_previous_output_in_env=False"},
		"previous output unset":   {"addPreviousOutputInEnv", property.New(property.Null), "addPreviousOutputInEnv", "false"},
		"logging":                 {"logging", property.New("all"), "logging", "stdoutAndStderr"},
		"no host key":             {"connection", host.connection(fields{"hostKey": property.New(property.Null)}), "connection.hostKey", "ssh_host_ed25519_key.pub"},
		"empty host key":          {"connection", host.connection(fields{"hostKey": property.New("")}), "connection.hostKey", "is not set"},
		"host key of known_hosts": {"connection", host.connection(fields{"hostKey": property.New("10.0.0.1 " + hostKey)}), "connection.hostKey", "without the host's name"},
		"port":                    {"connection", host.connection(fields{"port": property.New(70000.0)}), "connection.port", "65535"},
		"proxy without host key":  {"connection", proxy(fields{"hostKey": property.New(property.Null)}), "connection.proxy.hostKey", "is not set"},
		"proxy port":              {"connection", proxy(fields{"port": property.New(22.5)}), "connection.proxy.port", "whole number"},
		"unknown input":           {"interpreter", property.New("sh"), "interpreter", "interpreter"},
		"misspelt key":            {"connection", host.connection(fields{"private_key": property.New("s3cret")}), "connection", "private_key"},
	} {
		t.Run(name, func(t *testing.T) {
			inputs := host.inputs(nil)
			inputs[test.property] = test.value
			response, err := g.Check(p.CheckRequest{Urn: urn, Inputs: property.NewMap(inputs)})
			if err != nil || len(response.Failures) != 1 {
				t.Fatalf("%v %v, want one failure", err, response.Failures)
			}
			failure := response.Failures[0]
			if !strings.HasSuffix(failure.Property, test.path) || !strings.Contains(failure.Reason, test.part) {
				t.Errorf("%v, want %q on %s", failure, test.part, test.path)
			}
			if strings.Contains(failure.Reason, "s3cret") {
				t.Errorf("a value in %v", failure)
			}
		})
	}
}

// What a preview cannot know yet is not refused, and stays unknown.
func TestCheckAcceptsUnknown(t *testing.T) {
	_, hostKey := newKey(t)
	g, host := startPlugin(t), &sshd{port: 22, hostKey: hostKey, privateKey: "k", user: "ops"}
	unknown := property.New(property.Computed)
	for name, inputs := range map[string]fields{
		"connection": host.inputs(fields{"connection": unknown}),
		"host key":   host.inputs(fields{"connection": host.connection(fields{"hostKey": unknown})}),
		"stdin":      host.inputs(fields{"stdin": unknown, "create": unknown, "environment": unknown}),
	} {
		t.Run(name, func(t *testing.T) {
			checked := g.checked(inputs)
			if !property.New(checked).HasComputed() {
				t.Errorf("nothing unknown in %v", checked)
			}
		})
	}
}

// A resource or function of the official plugin that this one lacks is refused by name, with the way out.
func TestUnservedIsRefusedByName(t *testing.T) {
	g := startPlugin(t)
	for _, token := range []string{"command:local:Command", "command:remote:CopyToRemote", "command:remote:CopyFile"} {
		_, err := g.Check(p.CheckRequest{Urn: resource.URN("urn:pulumi:test::test::" + token + "::unit")})
		wantError(t, err, token, only, "official plugin")
	}
	_, err := g.Invoke(p.InvokeRequest{Token: tokens.Type("command:local:run")})
	wantError(t, err, "command:local:run", "official plugin")
}

// Names, types and flags of the schema are those of the official 1.2.1, so that its SDKs fit.
func TestSchemaIsTheOfficialOne(t *testing.T) {
	response, err := startPlugin(t).GetSchema(p.GetSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Types     map[string]any
		Resources map[string]any
	}
	if err := json.Unmarshal([]byte(response.Schema), &got); err != nil {
		t.Fatal(err)
	}
	described := map[string]any{"types": got.Types, "resource": got.Resources[only]}
	var want any
	if err := json.Unmarshal([]byte(content(t, "testdata/schema.json")), &want); err != nil {
		t.Fatal(err)
	}
	for place, value := range flat(want, "") {
		if has := flat(described, "")[place]; has != value {
			t.Errorf("%s: %v, official %v", place, has, value)
		}
	}
	for place, value := range flat(described, "") {
		if _, ok := flat(want, "")[place]; !ok {
			t.Errorf("%s: %v, not in the official schema", place, value)
		}
	}
}

// flat lists the leaves of a schema by their path, without the words that only people read.
func flat(node any, path string) map[string]any {
	leaves := map[string]any{}
	add := func(name string, child any) {
		for place, value := range flat(child, path+"/"+name) {
			leaves[place] = value
		}
	}
	switch node := node.(type) {
	case map[string]any:
		for name, child := range node {
			if _, isText := child.(string); !isText || name != "description" && name != "name" {
				add(name, child)
			}
		}
	case []any:
		for _, child := range node {
			if text, ok := child.(string); ok {
				add(text, true)
				continue
			}
			add(identity(child), child)
		}
	default:
		leaves[path] = node
	}
	return leaves
}

// identity names an element of an enumeration by its value.
func identity(element any) string {
	value, _ := element.(map[string]any)["value"].(string)
	return value
}
