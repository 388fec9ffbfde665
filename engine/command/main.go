// The resource plugin pulumi-resource-command: command:remote:Command over SSH, and nothing else.
package main

import (
	"context"
	"fmt"
	"os"

	"engine/command/remote"
)

func main() {
	if err := remote.Serve(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
