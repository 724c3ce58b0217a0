package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
)

// recipe is what the last stage of a Dockerfile says: the configuration, and what is copied from the stage before.
type recipe struct {
	config v1.Config
	copies []instructions.CopyCommand
}

// readRecipe reads the last stage of a Dockerfile, with values for its ARGs. The stage has to begin from scratch and to run
// nothing: anything that would need an engine, or that is not known here, is an error.
func readRecipe(path string, args map[string]string) (r recipe, err error) {
	file, err := os.Open(path)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	parsed, err := parser.Parse(file)
	if err != nil {
		return r, err
	}
	stages, _, err := instructions.Parse(parsed.AST, nil)
	if err != nil {
		return r, err
	}
	last := stages[len(stages)-1]
	if last.BaseName != "scratch" {
		return r, fmt.Errorf("%s: the last stage is from %s, not from scratch", path, last.BaseName)
	}
	r.config = v1.Config{
		Env:     []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, // as every builder adds it
		Volumes: map[string]struct{}{}, ExposedPorts: map[string]struct{}{}, Labels: map[string]string{},
	}
	known := environment{}
	words := shell.NewLex(parsed.EscapeToken)
	expand := func(word string) (string, error) {
		out, _, err := words.ProcessWord(word, known)
		return out, err
	}
	for _, command := range last.Commands {
		if e, ok := command.(instructions.SupportsSingleWordExpansion); ok {
			if err := e.Expand(expand); err != nil {
				return r, err
			}
		}
		if err := r.apply(command, known, args); err != nil {
			return r, fmt.Errorf("%s: %s: %w", path, command.Name(), err)
		}
	}
	return r, nil
}

// environment are the ARGs and ENVs that a word may name.
type environment map[string]string

// Get implements shell.EnvGetter.
func (e environment) Get(name string) (string, bool) { v, ok := e[name]; return v, ok }

// Keys implements shell.EnvGetter.
func (e environment) Keys() (names []string) {
	for name := range e {
		names = append(names, name)
	}
	return names
}

// apply does what one instruction says.
func (r *recipe) apply(command instructions.Command, known environment, args map[string]string) error {
	switch c := command.(type) {
	case *instructions.ArgCommand:
		for _, arg := range c.Args {
			value, given := args[arg.Key]
			if !given {
				return fmt.Errorf("no value for %s", arg.Key)
			}
			known[arg.Key] = value
		}
	case *instructions.EnvCommand:
		for _, pair := range c.Env {
			r.config.Env = append(r.config.Env, pair.Key+"="+pair.Value)
			known[pair.Key] = pair.Value
		}
	case *instructions.LabelCommand:
		for _, pair := range c.Labels {
			r.config.Labels[pair.Key] = pair.Value
		}
	case *instructions.CopyCommand:
		if c.From == "" || c.Chmod != "" || c.Parents || len(c.ExcludePatterns)+len(c.SourceContents) > 0 {
			return errors.New("only --from, --chown and paths are known")
		}
		r.copies = append(r.copies, *c)
	case *instructions.VolumeCommand:
		for _, at := range c.Volumes {
			r.config.Volumes[at] = struct{}{}
		}
	case *instructions.ExposeCommand:
		for _, port := range c.Ports {
			if !strings.Contains(port, "/") {
				port += "/tcp"
			}
			r.config.ExposedPorts[port] = struct{}{}
		}
	case *instructions.UserCommand:
		r.config.User = c.User
	case *instructions.StopSignalCommand:
		r.config.StopSignal = c.Signal
	case *instructions.HealthCheckCommand:
		h := c.Health
		r.config.Healthcheck = &v1.HealthConfig{Test: h.Test, Interval: h.Interval, Timeout: h.Timeout, StartPeriod: h.StartPeriod, Retries: h.Retries}
		if h.StartInterval != 0 {
			return errors.New("--start-interval is not known")
		}
	case *instructions.EntrypointCommand:
		if c.PrependShell {
			return errors.New("must be a JSON list: there is no shell")
		}
		r.config.Entrypoint = c.CmdLine
	case *instructions.CmdCommand:
		if c.PrependShell {
			return errors.New("must be a JSON list: there is no shell")
		}
		r.config.Cmd = c.CmdLine
	default:
		return errors.New("is not known")
	}
	return nil
}
