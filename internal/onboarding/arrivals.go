package onboarding

import (
	"context"
	"strings"
	"time"

	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/iam"
	"github.com/aritma/entra-onboard/internal/outbound"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/internal/wizard"
)

// How often Aritma is asked who has arrived. The first looks are soon, each later one a seventh later than the last, and
// never more than a whole day's worth.
const (
	firstLook = 15 * time.Second
	rarest    = 30 * time.Minute
	// soonest is how long "Check again" waits after a look.
	soonest = 5 * time.Second
	// groupsFollow is how long a first group is looked for after the first person: Entra provisions people first.
	groupsFollow = 10 * time.Minute
	// requestsADay bounds what a setup costs the IAM API in a day; one look takes up to requestsALook.
	requestsADay  = 190
	requestsALook = 3
)

// NextLook is when Aritma is asked again while somebody waits; the zero time: not today.
func NextLook(a wizard.Arrivals, now time.Time) time.Time {
	if a.Cost(now) > requestsADay-requestsALook {
		return time.Time{}
	}
	if a.CheckedAt.IsZero() {
		return now
	}
	wait := float64(firstLook)
	for range a.Checks - 1 {
		if wait *= 8.0 / 7; wait >= float64(rarest) {
			return a.CheckedAt.Add(rarest)
		}
	}
	return a.CheckedAt.Add(time.Duration(wait))
}

// LookForArrivals asks Aritma who has arrived, when it is time to; now says that a person wants to know. What was found is in
// the setup afterwards.
func (s *Service) LookForArrivals(ctx context.Context, id string, now bool, access Access) error {
	setup, err := s.Setup(ctx, id)
	if err != nil {
		return err
	}
	if !s.timeToLook(setup.State, now) {
		return nil
	}
	return s.look(ctx, id, lookArrivals, func(ctx context.Context) {
		if err := s.lookForArrivals(ctx, id, now, access); err != nil {
			s.Log.ErrorContext(ctx, "arrivals not stored", "setup", id, "error", err)
		}
	})
}

// timeToLook reports whether Aritma may be asked now, and has anything to tell that is not known.
func (s *Service) timeToLook(state wizard.State, now bool) bool {
	a, at := state.Arrivals, s.Now().UTC()
	next := NextLook(a, at)
	switch {
	case !state.Reachable(wizard.Provisioning) || next.IsZero():
		return false
	case now:
		return at.Sub(a.CheckedAt) >= soonest
	case Settled(state, at):
		return false
	}
	return !at.Before(next)
}

// Arrived reports whether everybody is there who is waited for: the person named in assign, or else anybody.
func Arrived(state wizard.State) bool {
	a := state.Arrivals
	return a.Somebody() && (a.Person != nil || state.Answers.FirstPerson == "")
}

// Settled reports whether nothing is waited for any more: everybody is there, and a first group is, too, or has had its time.
func Settled(state wizard.State, now time.Time) bool {
	a := state.Arrivals
	last := a.First
	if a.Person != nil && a.Person.At.After(last) {
		last = a.Person.At
	}
	return Arrived(state) && (a.Group != nil || now.Sub(last) > groupsFollow)
}

func (s *Service) lookForArrivals(ctx context.Context, id string, now bool, access Access) error {
	setup, err := s.Setup(ctx, id)
	if err != nil || !s.timeToLook(setup.State, now) {
		return err
	}
	token, err := access.token(ctx)
	if err == nil {
		return s.store(ctx, setup, s.arrivals(ctx, setup, token), access)
	}
	return s.store(ctx, setup, s.untold(ctx, setup, wizard.ArrivalsChecked{Users: -1}, err), access)
}

// arrivals is one look: for the person first, then for anybody, then for a group.
func (s *Service) arrivals(ctx context.Context, setup Setup, token secret.Secret) wizard.ArrivalsChecked {
	ctx = outbound.Once(ctx)
	seen := wizard.ArrivalsChecked{Users: -1}
	a := setup.State.Arrivals
	if a.Person == nil && setup.State.Answers.FirstPerson != "" {
		person, err := s.findPerson(ctx, setup, token)
		if seen.Requests++; err != nil {
			return s.untold(ctx, setup, seen, err)
		}
		seen.Person = person
	}
	if seen.Person == nil || a.PersonBefore {
		users, err := s.IAM.Users(ctx, token, "")
		if seen.Requests++; err != nil {
			return s.untold(ctx, setup, seen, err)
		}
		seen.Users = users.Total
	}
	if a.Group == nil && (seen.Person != nil || a.Somebody() || (seen.Users > a.Users && !a.Since.IsZero())) { // Entra sends people first
		groups, err := s.IAM.Groups(ctx, token, "")
		if seen.Requests++; err == nil && groups.Total > a.Groups && len(groups.Found) > 0 {
			seen.Group = arrived(groups.Found[0], s.Now().UTC())
		}
	}
	return seen
}

// findPerson looks for the person named in assign; nil when Aritma does not know them. Its search finds names that merely
// contain the e-mail; those are others.
func (s *Service) findPerson(ctx context.Context, setup Setup, token secret.Secret) (*wizard.Arrived, error) {
	name := setup.State.Answers.FirstPerson
	if name == "" {
		return nil, nil
	}
	found, err := s.IAM.Users(ctx, token, name)
	if err != nil {
		return nil, err
	}
	for _, each := range found.Found {
		if strings.EqualFold(each.Email, name) || strings.EqualFold(each.UserName, name) {
			return arrived(each, s.Now().UTC()), nil
		}
	}
	return nil, nil
}

func arrived(found iam.Subject, at time.Time) *wizard.Arrived {
	return &wizard.Arrived{Name: found.DisplayName, UserName: found.UserName, Email: found.Email, SubjectID: found.SubjectID, At: at}
}

// untold is a look that Aritma did not answer.
func (s *Service) untold(ctx context.Context, setup Setup, seen wizard.ArrivalsChecked, err error) wizard.ArrivalsChecked {
	p := s.problem(ctx, setup.ID, "look-for-arrivals", err)
	seen.Problem = &p
	return seen
}

func (s *Service) store(ctx context.Context, setup Setup, seen wizard.ArrivalsChecked, access Access) error {
	if access.Refused != nil && refused(seen.Problem) {
		access.Refused()
	}
	_, err := s.change(context.WithoutCancel(ctx), setup.ID, func(setup Setup, now time.Time) (Change, error) {
		before := setup.State.Arrivals
		c, err := recorded(setup, now, access.Actor, "people.arrived", nil, seen)
		after := c.Setup.State.Arrivals
		person := before.Person == nil && after.Person != nil && !after.PersonBefore // whoever was known before did not arrive
		if !person && (after.First.IsZero() || !before.First.IsZero()) {
			c.Events = nil // a look that showed nothing is no news
		}
		return c, err
	})
	if fault.Is(err, fault.Conflict) {
		return nil // the setup went back meanwhile
	}
	return err
}
