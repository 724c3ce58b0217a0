package onboarding

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// DataRemoved is the entry of the audit trail which says that personal data was removed.
const DataRemoved = "data.removed"

// retentionBatch is how many setups are looked at in one go.
const retentionBatch = 100

// Retention is how long setups keep what they hold after the last thing that happened; zero: for ever.
type Retention struct {
	Completed time.Duration // personal data of a completed setup
	Abandoned time.Duration // personal data of one that was not completed
	Setups    time.Duration // the whole setup
}

// Retain lets go of what is no longer needed in the next setups after one, in the order of their ids. It returns the last of
// them, or nothing when there are no more. What was made in Aritma stays there. A setup with work under way, or with an act in
// Aritma whose outcome is not known, keeps everything until that is settled.
func (s *Service) Retain(ctx context.Context, r Retention, after string) (last string, err error) {
	batch, err := s.Store.Kept(ctx, after, retentionBatch)
	if err != nil {
		return after, fmt.Errorf("look for setups to forget: %w", err)
	}
	for _, k := range batch {
		if err := s.retain(ctx, r, k); err != nil {
			return after, fmt.Errorf("forget setup %s: %w", k.ID, err)
		}
		after = k.ID
	}
	if len(batch) < retentionBatch {
		return "", nil
	}
	return after, nil
}

// retain does what is due for one setup. Whatever comes in between wins: a change of the setup makes another version.
func (s *Service) retain(ctx context.Context, r Retention, k Kept) error {
	now := s.Now().UTC()
	due := func(after time.Duration) bool { return after > 0 && !now.Before(k.LastAt.Add(after)) }
	personal := r.Abandoned
	if k.Completed {
		personal = r.Completed
	}
	whole, bare := due(r.Setups), due(personal) && !k.Forgotten
	if !whole && !bare {
		return nil
	}
	setup, err := s.Store.Setup(ctx, k.ID)
	if err != nil {
		return goneOr(err)
	}
	busy, err := s.Busy(ctx, k.ID)
	if err != nil || busy || setup.State.Unsettled() || setup.ChangedAt.After(k.LastAt) {
		return err
	}
	if whole {
		if err = s.Store.DeleteSetup(ctx, setup.ID, setup.Version); err == nil {
			s.Log.InfoContext(ctx, "setup removed", "setup", setup.ID, "last", k.LastAt)
		}
		return goneOr(err)
	}
	_, err = s.Store.Forget(ctx, forgetting(setup, now))
	return goneOr(err)
}

// forgetting takes out of a setup who was invited and whatever State.Forget names, and the sealed values. When it was changed
// last stays as it was.
func forgetting(setup Setup, now time.Time) Change {
	setup.Contact = ""
	setup.State = setup.State.Forget(now)
	return Change{
		Setup: setup, Drop: []string{ClientSecretName, SCIMTokenName, trialName},
		Events: []Event{{Setup: setup.ID, At: now, Actor: System.Who, Kind: DataRemoved}},
	}
}

// goneOr is no fault when somebody changed or removed the setup meanwhile.
func goneOr(err error) error {
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrConflict) {
		return nil
	}
	return err
}
