// Command pulumi-resource-kubernetes serves the official provider of Kubernetes as a Pulumi resource plugin.
package main

import (
	_ "embed"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
)

// Both files are the module's own; the build lays them over this folder.
var (
	//go:embed schema.json
	schema []byte

	//go:embed terraform-mapping.json
	mapping []byte
)

func main() { provider.Serve("kubernetes", "4.25.0", schema, mapping) }
