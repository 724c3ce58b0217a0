package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/aritma/entra-onboard/internal/config"
	"github.com/aritma/entra-onboard/internal/store/sqlite"
)

// backUp copies the SQLite database into a file, beside the service that may be running. It brings no schema up to date, so it
// may be run by the new version before an upgrade.
func backUp(ctx context.Context, p process, to string) error {
	c, err := config.Load(p.environ)
	if err != nil {
		return errors.Join(errConfiguration, err)
	}
	if c.OnPostgres() {
		return errors.New("backup is for SQLite: use pg_dump, or what the operator of the PostgreSQL server offers")
	}
	if err := sqlite.Backup(ctx, c.DatabasePath(), to); err != nil {
		return err
	}
	fmt.Fprintf(p.log, "%s holds a copy of the database; the sealing keys are not in it\n", to)
	return nil
}
