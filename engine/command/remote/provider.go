package remote

import (
	"context"
	"fmt"
	"strings"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi-go-provider/middleware/schema"
)

// only is the one token this plugin serves; everything else of the official plugin is refused by name.
const only = "command:remote:Command"

// version is the release of the official plugin whose schema and semantics this one follows.
const version = "1.2.1"

// Serve answers the engine until it is done.
func Serve(ctx context.Context) error { return newProvider().Run(ctx, "command", version) }

// newProvider serves command:remote:Command; any other resource or function is refused before it does anything.
func newProvider() p.Provider {
	provider := infer.Provider(infer.Options{
		Metadata: schema.Metadata{
			DisplayName: "Command",
			Description: "Runs commands on a remote host over SSH; follows pulumi-command " + version + ".",
		},
		Resources: []infer.InferredResource{infer.Resource(&Command{})},
	})
	check, diff := provider.Check, provider.Diff
	provider.Check = func(ctx context.Context, req p.CheckRequest) (p.CheckResponse, error) {
		if token := string(req.Urn.Type()); token != only {
			return p.CheckResponse{}, unserved("resource", token)
		}
		return check(ctx, req)
	}
	provider.Diff = func(ctx context.Context, req p.DiffRequest) (p.DiffResponse, error) {
		response, err := diff(ctx, req)
		replaceOnTriggers(response.DetailedDiff)
		return response, err
	}
	provider.Invoke = func(_ context.Context, req p.InvokeRequest) (p.InvokeResponse, error) {
		return p.InvokeResponse{}, unserved("function", string(req.Token))
	}
	return provider
}

func unserved(kind, token string) error {
	return fmt.Errorf("%s %s: this build of pulumi-resource-command serves %s only; use that, or install the official plugin %s",
		kind, token, only, version)
}

// replaceOnTriggers makes a change inside triggers a replacement: infer compares its replaceOnChanges with whole
// property names and would update on `triggers[0]` when a caller does not pass replace_on_changes itself.
func replaceOnTriggers(detailed map[string]p.PropertyDiff) {
	replacing := map[p.DiffKind]p.DiffKind{p.Add: p.AddReplace, p.Delete: p.DeleteReplace, p.Update: p.UpdateReplace}
	for path, change := range detailed {
		if kind, ok := replacing[change.Kind]; ok && (path == "triggers" || strings.HasPrefix(path, "triggers[")) {
			change.Kind = kind
			detailed[path] = change
		}
	}
}
