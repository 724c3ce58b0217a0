package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	_ "golang.org/x/crypto/x509roots/fallback" // certificate authorities where the system has none, as in the image

	"github.com/aritma/entra-onboard/internal/message"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/seal"
)

// cli are the commands.
type cli struct {
	Serve struct {
		Sandbox bool `help:"Practice: with built-in stand-ins for Aritma and Entra. Nothing real is reached."`
	} `cmd:"" help:"Run the service."`
	Doctor struct {
		Tenant string `help:"An Aritma tenant to ask for; ONBOARD_CONSOLE_TENANT otherwise."`
	} `cmd:"" help:"Check configuration, database, keys and each upstream. Changes nothing."`
	Keygen struct{}  `cmd:"" help:"Print a new sealing key for ONBOARD_SEALING_KEYS."`
	Link   linkFlags `cmd:"" help:"Make a setup and print its setup link; with --setup another link to one that is there."`
	Links  struct {
		Setup string `arg:"" help:"Id of the setup, as in the addresses of its pages."`
	} `cmd:"" help:"List the links of a setup."`
	Revoke struct {
		Setup string `arg:"" help:"Id of the setup."`
		Link  string `arg:"" help:"Id of the link, as \"onboard links\" lists it."`
	} `cmd:"" help:"Take a setup link back: whoever it let in loses access at once."`
	Reseal struct {
		Check bool `help:"Changes nothing: lists what is sealed with which key, and ends with 1 unless all is with the first."`
	} `cmd:"" help:"Move everything that is sealed to the first of the sealing keys, beside the service."`
	Undelivered struct {
		Again bool `help:"Has what was given up tried again."`
	} `cmd:"" help:"List what the webhook was not told yet, or not at all."`
	Backup struct {
		File string `arg:"" help:"File to make; it must not be there yet."`
	} `cmd:"" help:"Copy the SQLite database into a file, while the service runs."`
	Restored struct {
		Yes bool `help:"No replica serves the database, although a PostgreSQL dump may say that one does."`
	} `cmd:"" help:"Run once after a backup was restored, before it is served: takes back what may have been used since."`
	Healthcheck struct{} `cmd:"" help:"Ask the service at ONBOARD_LISTEN whether it runs; for containers."`
	Version     struct{} `cmd:"" help:"Print version, revision and Go version."`
}

type linkFlags struct {
	Tenant  string        `help:"The customer's Aritma tenant."`
	Company string        `help:"Name of the company."`
	Domain  string        `help:"E-mail domain that the Entra directory must own."`
	Scheme  string        `help:"Proposed scheme; made from the company otherwise."`
	Contact string        `help:"Who is invited, shown on the first page."`
	Expires time.Duration `default:"${life}" help:"How long the link works."`
	Setup   string        `help:"Id of a setup that is there: the link leads to it, and its progress stays."`
	Label   string        `default:"admin" enum:"admin,deputy" help:"Whom the link is for: ${enum}."`
	Replace bool          `help:"Takes the links with this label back that the setup has. Needs --setup."`
}

// process is what a run sees of the world, so that tests run the very same program.
type process struct {
	args    []string
	environ map[string]string
	out     io.Writer // what was asked for
	log     io.Writer
	// linger is how long the service goes on answering after it was told to stop, so that a load balancer reads on
	// /readyz that it stops before it does.
	linger time.Duration
	// messages is the catalogue; that of the program when nil.
	messages *message.Catalogue
	// started is called with the address that is served; may be nil.
	started func(address string)
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, process{args: os.Args[1:], environ: environment(os.Environ()), out: os.Stdout, log: os.Stderr, linger: lingerTime}))
}

func environment(list []string) map[string]string {
	environ := make(map[string]string, len(list))
	for _, entry := range list {
		name, value, _ := strings.Cut(entry, "=")
		environ[name] = value
	}
	return environ
}

// errConfiguration marks what makes a start impossible.
var errConfiguration = errors.New("configuration")

// run is the program. It returns the exit status.
func run(ctx context.Context, p process) int {
	var c cli
	status := -1
	var bare bool
	if p, bare = asksForHelp(p); bare {
		fmt.Fprint(p.log, "onboard: name a command\n\n")
	}
	parser, err := kong.New(&c, kong.Name("onboard"), kong.Description("Connects a company's Entra ID to Aritma."),
		kong.Writers(p.out, p.log), kong.Exit(func(code int) { status = code }),
		kong.Vars{"life": onboarding.DefaultLinkLife.String()})
	if err != nil {
		panic(err) // the declaration above is wrong
	}
	command, err := parser.Parse(p.args)
	switch {
	case bare:
		return 2
	case status >= 0:
		return status // --help
	case err != nil:
		fmt.Fprintln(p.log, "onboard:", err)
		return 2
	}
	switch command.Command() {
	case "serve":
		err = serve(ctx, p, c.Serve.Sandbox)
	case "doctor":
		err = examine(ctx, p, c.Doctor.Tenant)
	case "keygen":
		_, err = fmt.Fprintln(p.out, seal.Generate().Expose())
	case "link":
		err = makeLink(ctx, p, c.Link)
	case "links <setup>":
		err = listLinks(ctx, p, c.Links.Setup)
	case "revoke <setup> <link>":
		err = revokeLink(ctx, p, c.Revoke.Setup, c.Revoke.Link)
	case "reseal":
		if c.Reseal.Check {
			err = checkSealed(ctx, p)
		} else {
			err = resealAll(ctx, p)
		}
	case "undelivered":
		err = listUndelivered(ctx, p, c.Undelivered.Again)
	case "backup <file>":
		err = backUp(ctx, p, c.Backup.File)
	case "restored":
		err = settleRestored(ctx, p, c.Restored.Yes)
	case "healthcheck":
		err = checkHealth(ctx, p)
	case "version":
		_, err = fmt.Fprintln(p.out, describe())
	}
	switch {
	case errors.Is(err, errConfiguration):
		fmt.Fprintln(p.log, "onboard cannot start:\n"+bullets(err))
		return 2
	case err != nil:
		fmt.Fprintln(p.log, "onboard:", err)
		return 1
	}
	return 0
}

// asksForHelp turns "onboard help" into "onboard --help", and a run without a command into the same on the log, which bare tells.
func asksForHelp(p process) (as process, bare bool) {
	switch {
	case len(p.args) == 0:
		p.args, p.out = []string{"--help"}, p.log
		return p, true
	case p.args[0] == "help":
		p.args = append(slices.Clone(p.args[1:]), "--help")
	}
	return p, false
}

// bullets lists every mistake on a line of its own.
func bullets(err error) string {
	var lines []string
	for line := range strings.SplitSeq(err.Error(), "\n") {
		if line != "" && line != errConfiguration.Error() {
			lines = append(lines, "  - "+line)
		}
	}
	return strings.Join(lines, "\n")
}
