// Package remote runs commands on hosts over SSH; its name and type names make the token command:remote:Command.
package remote

import (
	"context"
	"crypto/rand"
	"encoding/hex"

	"github.com/pulumi/pulumi-go-provider/infer"
)

// Command is one command on one host, run when its inputs change.
type Command struct{}

// Annotate describes the resource in the schema.
func (c *Command) Annotate(a infer.Annotator) {
	a.Describe(&c, "A command on a remote host, run over SSH when its inputs change.")
}

// Inputs are the properties a program may set; names and meaning are those of the official plugin.
type Inputs struct {
	Connection             *Connection       `pulumi:"connection" provider:"secret"`
	Create                 *string           `pulumi:"create,optional"`
	Update                 *string           `pulumi:"update,optional"`
	Delete                 *string           `pulumi:"delete,optional"`
	Stdin                  *string           `pulumi:"stdin,optional"`
	Triggers               *[]any            `pulumi:"triggers,optional" provider:"replaceOnChanges"`
	Environment            map[string]string `pulumi:"environment,optional"`
	AddPreviousOutputInEnv *bool             `pulumi:"addPreviousOutputInEnv,optional"`
	Logging                *Logging          `pulumi:"logging,optional"`
}

// Annotate describes the inputs in the schema.
func (i *Inputs) Annotate(a infer.Annotator) {
	a.Describe(&i.Connection, "How to reach the host.")
	a.Describe(&i.Create, "Run on creation, and on a change of inputs where there is no update.")
	a.Describe(&i.Update, "Run on a change of inputs other than triggers.")
	a.Describe(&i.Delete, "Run on deletion, over the connection that the state holds.")
	a.Describe(&i.Stdin, "Standard input of the command.")
	a.Describe(&i.Triggers, "Any change of these replaces the resource.")
	a.Describe(&i.Environment, "Refused by this plugin: SSH servers accept no environment by default.")
	a.Describe(&i.AddPreviousOutputInEnv, "Must be false: this plugin passes no environment.")
	a.Describe(&i.Logging, "Which output is shown while the command runs; both when not set.")
}

// Outputs are the inputs and what the last command printed.
type Outputs struct {
	Inputs
	Stdout string `pulumi:"stdout"`
	Stderr string `pulumi:"stderr"`
}

// Annotate describes the outputs in the schema.
func (o *Outputs) Annotate(a infer.Annotator) {
	a.Describe(&o.Stdout, "Standard output of the command without its last newline.")
	a.Describe(&o.Stderr, "Standard error of the command without its last newline.")
}

// Create runs `create`, if there is one. A preview runs nothing.
func (*Command) Create(ctx context.Context, req infer.CreateRequest[Inputs]) (infer.CreateResponse[Outputs], error) {
	random := make([]byte, 4)
	if _, err := rand.Read(random); err != nil {
		return infer.CreateResponse[Outputs]{}, err
	}
	response := infer.CreateResponse[Outputs]{ID: req.Name + hex.EncodeToString(random), Output: Outputs{Inputs: req.Inputs}}
	if req.DryRun {
		return response, nil
	}
	err := response.Output.run(ctx, req.Inputs.Create)
	return response, err
}

// Update runs the new `update`, else the new `create`, over the new connection. A preview runs nothing.
func (*Command) Update(ctx context.Context, req infer.UpdateRequest[Inputs, Outputs]) (infer.UpdateResponse[Outputs], error) {
	output := Outputs{Inputs: req.Inputs, Stdout: req.State.Stdout, Stderr: req.State.Stderr}
	if req.DryRun {
		return infer.UpdateResponse[Outputs]{Output: output}, nil
	}
	command := req.Inputs.Update
	if command == nil {
		command = req.Inputs.Create
	}
	err := output.run(ctx, command)
	return infer.UpdateResponse[Outputs]{Output: output}, err
}

// Delete runs the stored `delete` with the stored stdin over the stored connection.
func (*Command) Delete(ctx context.Context, req infer.DeleteRequest[Outputs]) (infer.DeleteResponse, error) {
	return infer.DeleteResponse{}, req.State.run(ctx, req.State.Delete)
}

// Check refuses what this plugin would do differently from the official one, already at preview.
func (*Command) Check(ctx context.Context, req infer.CheckRequest) (infer.CheckResponse[Inputs], error) {
	inputs, failures, err := infer.DefaultCheck[Inputs](ctx, req.NewInputs)
	return infer.CheckResponse[Inputs]{Inputs: inputs, Failures: append(failures, refusals(req.NewInputs)...)}, err
}
