package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/aritma/entra-onboard/internal/config"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/outbound"
	"github.com/aritma/entra-onboard/internal/store"
	"github.com/aritma/entra-onboard/internal/store/postgres"
	"github.com/aritma/entra-onboard/internal/store/sqlite"
)

// inspectStorage looks at the database that the configuration names.
func inspectStorage(ctx context.Context, c *config.Config) (store.State, error) {
	if c.OnPostgres() {
		return postgres.Inspect(ctx, c.DatabaseURL)
	}
	return sqlite.Inspect(ctx, c.DatabasePath())
}

// checkDatabase tells whether it is there, may be written, and has the tables that this program wants.
func (d *doctor) checkDatabase(context.Context) finding {
	state, err := d.inspect()
	if d.missing(err) {
		return d.databaseMissing()
	}
	if err != nil {
		return d.databaseUnreadable(err)
	}
	if state.Unwritable != "" {
		return finding{broken, state.Engine + " can be read, but not written: " + state.Unwritable, "The service has to write"}
	}
	switch {
	case state.Schema == 0:
		return finding{doubtful, state.Engine + ", which has no tables yet", `"onboard serve" makes them at its first start. Should there be setups already, ONBOARD_DATABASE_URL names another database`}
	case state.Schema < state.Program:
		return finding{doubtful, at("schema %d is older than the %d of this program", state), `The next "onboard serve" or "onboard link" brings it up to date: make a backup before`}
	case state.Schema > state.Program:
		return finding{doubtful, at("schema %d is newer than the %d of this program", state), "Run the version that made it: this one leaves the tables as they are, and need not know what is in them"}
	}
	return ok("%s can be read and written; its schema (%d) is current", state.Engine, state.Schema)
}

func at(format string, state store.State) string {
	return state.Engine + ": " + ok(format, state.Schema, state.Program).found
}

// missing reports whether there is no database file yet.
func (d *doctor) missing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) && !d.config.OnPostgres()
}

func (d *doctor) databaseMissing() finding {
	path := d.config.DatabasePath()
	if why := sqlite.WhereToMake(path); why != "" {
		return finding{broken, path + " is not there and cannot be made: " + why, "Make the folder, for the user that runs the service, or mend ONBOARD_DATABASE_URL"}
	}
	return finding{doubtful, path + " is not there yet", `"onboard serve" makes it at its first start. Should there be one already, mend ONBOARD_DATABASE_URL, or mount its volume`}
}

func (d *doctor) databaseUnreadable(err error) finding {
	why := err.Error()
	if outbound.TimedOut(err) {
		why = "no answer in time"
	}
	if d.config.OnPostgres() {
		return finding{broken, "PostgreSQL: " + why, "Check that the server runs and can be reached from here, and host, database, user and password in ONBOARD_DATABASE_URL"}
	}
	return finding{broken, d.config.DatabasePath() + " cannot be read: " + why, "Check that ONBOARD_DATABASE_URL names the database of the service, and that this user may read it"}
}

// checkKeys tells whether the sealing keys open what the database holds.
func (d *doctor) checkKeys(context.Context) finding {
	state, err := d.inspect()
	switch {
	case d.missing(err):
		return ok("well-formed; there is no database yet to compare them with")
	case err != nil:
		return finding{doubtful, "not compared, since the database cannot be read", "Mend the database first"}
	case len(state.Proof) == 0:
		return ok("well-formed; the database holds nothing yet that they would have to open")
	}
	if err := onboarding.OpenProof(d.config.Keys, state.Proof); err != nil {
		return finding{broken, "not those of this database", "Put the keys into ONBOARD_SEALING_KEYS that were in use before, a new one in front of them: without them the service answers every page with 503"}
	}
	switch others, foreign := notFirst(d.config.Keys.KeyIDs(), state.Sealed); {
	case foreign > 0:
		return finding{doubtful, fmt.Sprintf("they open the key proof, but not %d of the values that are sealed", foreign), `"onboard reseal --check" names the keys that are missing: put them at the end of the list`}
	case others > 0:
		return ok("they open what the database holds; %d are still sealed with other keys than the first: run \"onboard reseal\" before one is taken out", others)
	}
	return ok("they open what the database holds, all of it sealed with the first")
}
