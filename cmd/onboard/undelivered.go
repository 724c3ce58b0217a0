package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"
)

// maxUndelivered bounds what is listed.
const maxUndelivered = 1000

// listUndelivered prints a line for each message that the webhook was not told, after it has had those tried again that were
// given up, where that is asked for.
func listUndelivered(ctx context.Context, p process, again bool) error {
	return beside(ctx, p, databaseThere, func(s *service) error {
		if again {
			revived, err := s.store.ReviveMessages(ctx, time.Now())
			if err != nil {
				return err
			}
			fmt.Fprintf(p.log, "%d tried again\n", revived)
		}
		all, err := s.store.Undelivered(ctx, maxUndelivered)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "MESSAGE\tTYPE\tSETUP\tHAPPENED\tATTEMPTS\tNEXT\tREASON")
		for _, u := range all {
			next := u.Next.Format(time.RFC3339)
			if u.GivenUp {
				next = "given up"
			}
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%d\t%s\t%s\n", u.ID, u.Type, u.Setup, u.At.Format(time.RFC3339), u.Attempt, next, u.Reason)
		}
		return table.Flush()
	})
}
