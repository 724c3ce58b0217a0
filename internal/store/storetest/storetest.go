package storetest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/aritma/entra-onboard/internal/account"
	"github.com/aritma/entra-onboard/internal/console"
	"github.com/aritma/entra-onboard/internal/live"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/reseal"
	"github.com/aritma/entra-onboard/internal/seal"
	"github.com/aritma/entra-onboard/internal/store"
	"github.com/aritma/entra-onboard/internal/webhook"
	"github.com/aritma/entra-onboard/internal/wizard"
	"github.com/aritma/entra-onboard/web/session"
)

// Store is what an engine has to be.
type Store interface {
	onboarding.Store
	session.Storage
	account.Store
	console.Store
	webhook.Store
	live.Source
	reseal.Store
	Ping(ctx context.Context) error
	Stock(ctx context.Context, now time.Time) (store.Stock, error)
	Close() error
}

// parallel is how many callers the concurrency tests have at once.
const parallel = 32

var (
	now   = time.Date(2026, 11, 23, 12, 0, 0, 123456789, time.UTC)
	equal = cmpopts.EquateEmpty()
)

// Run tests everything that one handle on a database has to do. open returns a handle on an empty database of its own and
// closes it when the test ends.
func Run(t *testing.T, open func(t *testing.T) Store) {
	suite := []struct {
		name string
		test func(t *testing.T, s Store)
	}{
		{"Setup", testSetup},
		{"SetupIsNotCreatedTwice", testCreateTwice},
		{"Save", testSave},
		{"SealedSecrets", testSealed},
		{"ExpiredSecrets", testExpiredSecrets},
		{"EventsBelongToTheSetup", testEvents},
		{"OperationIsUsedOnce", testOperation},
		{"FailedChangeLeavesNothing", testFailedChange},
		{"SaveByManyHasOneWinner", testParallelSave},
		{"OperationByManyIsUsedOnce", testParallelOperation},
		{"Claim", testClaim},
		{"ClaimByManySucceedsOnce", testParallelClaim},
		{"Link", testLink},
		{"RevokeLink", testRevokeLink},
		{"GrantByLink", testGrant},
		{"GrantNeedsSessionSetupAndLink", testGrantNeeds},
		{"GrantsAreListed", testGrants},
		{"Lease", testLease},
		{"LeaseByManyHasOneHolder", testParallelLease},
		{"KeyProofOfTheFirst", testKeyProof},
		{"SealedRows", testSealedRows},
		{"SealedIsSwappedOnlyAsItWas", testSwapSealed},
		{"ResealKilledAnywhere", testResealKilled},
		{"ResealWhileOthersWrite", testResealBusy},
		{"ResealLeavesWhatDoesNotOpen", testResealUnopened},
		{"CancelledContext", testCancelled},
		{"Session", testSession},
		{"SessionVersion", testSessionVersion},
		{"SessionTouch", testSessionTouch},
		{"SessionTimesNeverGoBack", testSessionTimes},
		{"SessionRenameMovesGrants", testSessionRename},
		{"SessionDeleteTakesGrants", testSessionDelete},
		{"SessionsExpire", testSessionsExpire},
		{"SessionSavedByManyHasOneWinner", testParallelSession},
		{"SessionsOfAnOwner", testSessionsOf},
		{"SetupsOfATenant", testSetupsOfTenant},
		{"LinksOfASetup", testLinks},
		{"LostLink", testLostLink},
		{"Signin", testSignin},
		{"SigninFollowsItsSession", testSigninFollowsSession},
		{"SigninByManyIsTakenOnce", testParallelSignin},
		{"RowOfASetup", testRow},
		{"RowsInPages", testPages},
		{"RowsByStand", testStands},
		{"RowsOfOneTime", testSameTime},
		{"RowsWithoutATime", testNoTime},
		{"ClosedAndReopened", testClosed},
		{"SearchAnywhere", testSearch},
		{"SearchTakesAnyCharacters", testSearchCharacters},
		{"SearchOfOneOrTwoCharacters", testSearchShort},
		{"SearchFollowsChanges", testSearchChanged},
		{"SearchInPages", testSearchPages},
		{"SearchByStand", testSearchStands},
		{"SearchFindsWholeWords", testSearchWhole},
		{"Notes", testNotes},
		{"Watchers", testWatchers},
		{"NobodyWatchesTheUnwatched", testUnwatched},
		{"Figures", testFigures},
		{"FiguresEndAtTheCap", testFiguresCap},
		{"MedianOfCompletedSetups", testMedian},
		{"ProblemsOfTheMonth", testProblems},
		{"Stock", testStock},
		{"Message", testMessage},
		{"MessagesOfChanges", testMessagesOfChanges},
		{"FailedChangeIsNotTold", testMessageOfNothing},
		{"MessageIsClaimed", testMessageClaim},
		{"MessagesAreDueInOrder", testMessageOrder},
		{"MessageByManyIsClaimedOnce", testParallelMessage},
		{"RowsOfIds", testRowsOf},
		{"KeptSetups", testKeptSetups},
		{"ForgetTakesWhatIsPersonal", testForget},
		{"ForgetKeepsFigures", testForgetFigures},
		{"DeletedSetupLeavesNothing", testDeleteSetup},
		{"ChangesOfTheTrail", testLiveChanges},
		{"EveryEntryHasAPlace", testLiveTrail},
		{"ChangesWhileManyWrite", testLiveParallel},
	}
	for _, c := range suite {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

// Session saves a session that lives for an hour from now on and returns its hash: a grant needs one to refer to.
func Session(t testing.TB, s session.Storage, id string, now time.Time) []byte {
	t.Helper()
	hash := sha256.Sum256([]byte(id))
	must(t, s.SaveSession(t.Context(), session.Record{
		Hash: hash[:], Values: seal.Sealed("values of " + id), CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(time.Hour),
	}))
	return hash[:]
}

func newSetup() onboarding.Setup {
	return onboarding.Setup{
		ID: onboarding.NewOperation(), Version: 1, Company: "Contoso AS", Tenant: "contoso", Domain: "contoso.com",
		Contact: "Kari", Scheme: "contoso-entra", CreatedAt: now, ChangedAt: now,
		State: wizard.State{
			Answers: wizard.Answers{SharingScreen: true, DisplayName: `Contoso "ÆØÅ" <b>`},
			Marks:   map[wizard.Step]wizard.Mark{wizard.Start: {At: now, Revision: 2}},
			Token:   wizard.SCIMToken{Before: []string{"a"}, Old: []string{"b"}},
		},
	}
}

// created returns a stored setup.
func created(t *testing.T, s Store) onboarding.Setup {
	t.Helper()
	setup := newSetup()
	must(t, s.CreateSetup(t.Context(), setup))
	return setup
}

// holding returns a stored setup with one sealed value.
func holding(t *testing.T, s Store, name string, value seal.Sealed) onboarding.Setup {
	t.Helper()
	setup, err := s.Save(t.Context(), onboarding.Change{
		Setup: created(t, s), Put: map[string]onboarding.SealedSecret{name: {Value: value}},
	})
	must(t, err)
	return setup
}

func event(kind string) onboarding.Event {
	return onboarding.Event{At: now, Actor: "operator", From: "192.0.2.7", Kind: kind, Detail: map[string]string{"reference": "7F3A"}}
}

func kinds(t *testing.T, s Store, setup string) []string {
	t.Helper()
	events, err := s.Events(t.Context(), setup)
	must(t, err)
	var all []string
	for _, e := range events {
		all = append(all, e.Kind)
	}
	return all
}

func load(t *testing.T, s Store, id string) onboarding.Setup {
	t.Helper()
	setup, err := s.Setup(t.Context(), id)
	must(t, err)
	return setup
}

// together calls do from as many goroutines as parallel says, at the same moment, and counts those without an error. Any
// error but the allowed ones fails the test.
func together(t *testing.T, do func(n int) error, allowed ...error) int {
	t.Helper()
	var done sync.WaitGroup
	var succeeded atomic.Int64
	start := make(chan struct{})
	for n := range parallel {
		done.Go(func() {
			<-start
			err := do(n)
			if err == nil {
				succeeded.Add(1)
				return
			}
			for _, a := range allowed {
				if errors.Is(err, a) {
					return
				}
			}
			t.Errorf("caller %d: %v", n, err)
		})
	}
	close(start)
	done.Wait()
	return int(succeeded.Load())
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantError(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error = %v, want %v", err, want)
	}
}

func wantEqual(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got, equal); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func value(n int) seal.Sealed { return fmt.Appendf(nil, "ciphertext \x00 number %06d", n) }
