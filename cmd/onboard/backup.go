package main

import (
	"context"
	"errors"
	"fmt"
	"time"

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

// settleRestored takes back what a restored backup does not know was used up since it was made: SCIM tokens that may have been
// shown, and sessions that may have been ended.
func settleRestored(ctx context.Context, p process) error {
	return beside(ctx, p, unchecked, func(s *service) error {
		tokens, err := s.onboarding.WithholdTokens(ctx)
		if err != nil {
			return err
		}
		sessions, err := s.store.DeleteExpiredSessions(ctx, time.Now().AddDate(1, 0, 0)) // longer than any lasts
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(p.out, "SCIM tokens withheld: %d\nsessions ended: %d\n", tokens, sessions)
		return err
	})
}
