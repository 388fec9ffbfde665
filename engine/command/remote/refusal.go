package remote

import (
	"fmt"
	"math"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// refusals are the inputs that the official plugin takes and this one does not. What is not known yet passes:
// it is checked again when it is.
func refusals(inputs property.Map) []p.CheckFailure {
	var failures []p.CheckFailure
	refuse := func(path, reason string) { failures = append(failures, p.CheckFailure{Property: path, Reason: reason}) }
	if environment := inputs.Get("environment"); environment.IsMap() && environment.AsMap().Len() > 0 {
		refuse("environment", "this plugin passes no environment; write the values into stdin, or install the official plugin")
	}
	if previous := inputs.Get("addPreviousOutputInEnv"); !previous.IsComputed() && (!previous.IsBool() || previous.AsBool()) {
		refuse("addPreviousOutputInEnv", "this plugin passes no environment; set it to false (Python: add_previous_output_in_env=False)")
	}
	if logging := inputs.Get("logging"); logging.IsString() && !isLogging(logging.AsString()) {
		refuse("logging", fmt.Sprintf("%q is none of stdout, stderr, stdoutAndStderr, none; choose one", logging.AsString()))
	}
	if connection := inputs.Get("connection"); connection.IsMap() {
		refuseEndpoint("connection", connection.AsMap(), refuse)
		if proxy := connection.AsMap().Get("proxy"); proxy.IsMap() {
			refuseEndpoint("connection.proxy", proxy.AsMap(), refuse)
		}
	}
	return failures
}

func refuseEndpoint(path string, endpoint property.Map, refuse func(path, reason string)) {
	switch key := endpoint.Get("hostKey"); {
	case key.IsComputed():
	case !key.IsString() || key.AsString() == "":
		refuse(path+".hostKey", hostKeyRule)
	default:
		if _, err := parseHostKey(key.AsString()); err != nil {
			refuse(path+".hostKey", err.Error())
		}
	}
	if port := endpoint.Get("port"); port.IsNumber() && (port.AsNumber() != math.Trunc(port.AsNumber()) ||
		port.AsNumber() < 1 || port.AsNumber() > math.MaxUint16) {
		refuse(path+".port", fmt.Sprintf("%v is no port; choose a whole number from 1 to 65535", port.AsNumber()))
	}
}

func isLogging(text string) bool {
	for _, value := range Logging("").Values() {
		if string(value.Value) == text {
			return true
		}
	}
	return false
}
