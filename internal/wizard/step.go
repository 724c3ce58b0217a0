package wizard

import "slices"

// Step is one screen of the wizard. Its word is the same in Go, in URLs and in file names.
type Step string

// The steps, in order.
const (
	Start        Step = "start"
	Application  Step = "application"
	Directory    Step = "directory"
	Signin       Step = "signin"
	Redirect     Step = "redirect"
	Secret       Step = "secret"
	Assign       Step = "assign"
	Review       Step = "review"
	Token        Step = "token"
	Provisioning Step = "provisioning"
	SigninTest   Step = "signin-test"
	Done         Step = "done"
)

var order = []Step{Start, Application, Directory, Signin, Redirect, Secret, Assign, Review, Token, Provisioning, SigninTest, Done}

// Steps lists the steps that people see, in order.
func Steps() []Step { return slices.Clone(order) }

// Number is the step's place from 1, or 0 for a word that is no step.
func (s Step) Number() int { return slices.Index(order, s) + 1 }

// Before reports whether s comes before other.
func (s Step) Before(other Step) bool { return s.Number() < other.Number() }
