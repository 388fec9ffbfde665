// Command broken stands where a registry should be: a bad release, for tests of refused changes.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "this release is broken")
	os.Exit(1)
}
