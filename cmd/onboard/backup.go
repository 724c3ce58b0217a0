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
	if err := databaseThere(ctx, c); err != nil {
		return err
	}
	if err := sqlite.Backup(ctx, c.DatabasePath(), to); err != nil {
		return err
	}
	fmt.Fprintf(p.log, "%s holds a copy of the database; the sealing keys are not in it\n", to)
	return nil
}

// settleRestored takes back what a restored backup does not know was used up since it was made: SCIM tokens that may have been
// shown, and sessions that may have been ended. It refuses while somebody serves the database. On a server that can be told by
// the lease of the sweep alone, which a dump holds, too: with yes it is not asked for.
func settleRestored(ctx context.Context, p process, yes bool) error {
	return beside(ctx, p, keysFit, func(s *service) error {
		if err := s.unserved(ctx, yes); err != nil {
			return err
		}
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

// unserved fails when another process serves the database, and keeps one from serving a file until the command has ended.
func (s *service) unserved(ctx context.Context, yes bool) error {
	if alone, ok := s.store.(file); ok {
		if err := alone.ServeAloneAtOnce(ctx); err != nil {
			return fmt.Errorf("stop the service first: %w", err)
		}
		return nil
	}
	served, err := s.store.Leased(ctx, sweepLease, time.Now())
	if served && !yes {
		return fmt.Errorf("a replica serves this database, or did when the backup was made, less than %v ago: stop all of them, then run this with --yes", 2*sweepEvery)
	}
	return err
}
