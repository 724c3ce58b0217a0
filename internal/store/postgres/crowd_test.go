package postgres_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/console"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/internal/store/postgres"
	"github.com/aritma/entra-onboard/internal/store/postgrestest"
	"github.com/aritma/entra-onboard/internal/wizard"
	"github.com/aritma/entra-onboard/web/session"
)

// crowd is somebody who does this and that to a few setups, through one of several handles.
type crowd struct {
	*postgres.Store
	t      *testing.T
	r      *rand.Rand
	setups []string
	number int
}

func (c *crowd) setup() string { return c.setups[c.r.IntN(len(c.setups))] }

// save changes where a setup stands, and so what is counted, what is told and who may watch.
func (c *crowd) save() error {
	setup, err := c.Setup(c.t.Context(), c.setup())
	if err != nil {
		return err
	}
	now := time.Now()
	setup.ChangedAt, setup.OpenedAt, setup.ClosedAt, setup.Unwatched, setup.State.Token.Problem = now, now, time.Time{}, false, nil
	switch c.r.IntN(5) {
	case 0:
		setup.ClosedAt = now
	case 1:
		setup.Unwatched = true
	case 2:
		setup.State.Token.Problem = &wizard.Problem{ID: "problem." + strconv.Itoa(c.r.IntN(3)), At: now}
	}
	_, err = c.Save(c.t.Context(), onboarding.Change{
		Setup: setup, Operation: strconv.Itoa(c.r.IntN(1000)), Put: map[string]onboarding.SealedSecret{"client-secret": {Value: []byte("x"), DropAt: now}},
		Events: []onboarding.Event{{At: now, Kind: "saved", Detail: map[string]string{"problem": "problem." + strconv.Itoa(c.r.IntN(3))}}, {At: now, Kind: "saved"}},
	})
	return err
}

func (c *crowd) create() error {
	setup := newSetup()
	setup.OpenedAt = time.Now()
	return c.CreateSetup(c.t.Context(), setup, onboarding.Event{Kind: "setup.created"})
}

func (c *crowd) watch() error {
	return c.Watch(c.t.Context(), console.Watcher{Setup: c.setup(), ID: strconv.Itoa(c.r.IntN(4)), Name: "Guide", Until: time.Now().Add(time.Duration(c.r.IntN(3)) * time.Hour)},
		onboarding.Event{Kind: "watching.began"})
}

func (c *crowd) note() error {
	return c.AddNote(c.t.Context(), console.Note{Setup: c.setup(), At: time.Now(), Who: "Guide", Text: "note"}, onboarding.Event{Kind: "note.added"})
}

// enter begins a session, lets it in by a link, and gives it another id, as signing in does.
func (c *crowd) enter() error {
	ctx, now, setup := c.t.Context(), time.Now(), c.setup()
	hash := sha256.Sum256([]byte(strconv.Itoa(c.number) + onboarding.NewOperation()))
	record := session.Record{Hash: hash[:], Version: 0, Values: []byte("values"), CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(time.Duration(c.r.IntN(2)) * time.Hour)}
	link := onboarding.Link{ID: onboarding.NewOperation(), Setup: setup, Hash: onboarding.HashLink(secret.New(onboarding.NewOperation())), Label: "admin", CreatedAt: now, ExpiresAt: now.Add(time.Hour)}
	err := errors.Join(c.SaveSession(ctx, record), c.AddLink(ctx, link, onboarding.Event{Kind: "link.created"}))
	if err != nil {
		return err
	}
	err = c.AddGrant(ctx, onboarding.Grant{Session: hash[:], Setup: setup, Link: link.ID, At: now})
	if errors.Is(err, onboarding.ErrNotFound) { // it had ended, and somebody swept
		return nil
	}
	next := record
	next.Version, next.Hash = 1, append([]byte("next"), hash[:28]...)
	err = errors.Join(err, c.RenameSession(ctx, hash[:], next), c.RevokeLink(ctx, link.ID, now, onboarding.Event{Kind: "link.revoked"}))
	if errors.Is(err, session.ErrNotFound) {
		return nil
	}
	return err
}

func (c *crowd) sweep() error {
	_, err := c.DeleteExpiredSessions(c.t.Context(), time.Now())
	_, _, claimed := c.ClaimMessage(c.t.Context(), time.Now(), time.Now().Add(time.Millisecond))
	return errors.Join(err, claimed, c.DeleteMessages(c.t.Context(), time.Now().Add(-50*time.Millisecond)))
}

func (c *crowd) look() error {
	_, err := c.Figures(c.t.Context(), time.Now())
	_, found := c.Rows(c.t.Context(), console.Query{Words: "contoso", Limit: 50, Now: time.Now()})
	return errors.Join(err, found)
}

// TestCrowd has many do everything at once, through several handles: nobody meets a failure but those that the interfaces name,
// and in the end all that is counted is what is there.
func TestCrowd(t *testing.T) {
	address := postgrestest.Database(t)
	handles := []*postgres.Store{open(t, address), open(t, address), open(t, address)}
	var setups []string
	for range 4 {
		setup := newSetup()
		must(t, handles[0].CreateSetup(t.Context(), setup))
		setups = append(setups, setup.ID)
	}
	var wait sync.WaitGroup
	for n := range 18 {
		c := &crowd{Store: handles[n%len(handles)], t: t, r: rand.New(rand.NewPCG(uint64(n), 1)), setups: setups, number: n}
		wait.Go(func() {
			acts := map[string]func() error{"save": c.save, "create": c.create, "watch": c.watch, "note": c.note, "enter": c.enter, "sweep": c.sweep, "look": c.look}
			for range 12 {
				for name, act := range acts {
					if err := act(); err != nil && !errors.Is(err, onboarding.ErrConflict) && !errors.Is(err, onboarding.ErrOperationUsed) {
						t.Errorf("%s: %v", name, err)
					}
				}
			}
		})
	}
	wait.Wait()
	conn := raw(t, address)
	for what, query := range map[string]string{
		"stands":   `SELECT stand, step, n FROM setup_counts WHERE n <> 0 EXCEPT SELECT stand, step, count(*) FROM setups GROUP BY stand, step`,
		"counters": `SELECT stand, step, count(*) FROM setups GROUP BY stand, step EXCEPT SELECT stand, step, n FROM setup_counts`,
		"trail":    `SELECT setup, count(*) FROM events GROUP BY setup EXCEPT SELECT setup, count(*) FROM trail GROUP BY setup`,
		"watchers": `SELECT w.id FROM watchers w JOIN setups s ON s.id = w.setup WHERE s.unwatched OR s.closed_at IS NOT NULL`,
		"grants":   `SELECT g.id FROM grants g LEFT JOIN sessions s ON s.hash = g.session WHERE s.hash IS NULL`,
	} {
		var wrong int
		must(t, conn.QueryRow(t.Context(), fmt.Sprintf(`SELECT count(*) FROM (%s) AS wrong`, query)).Scan(&wrong))
		if wrong != 0 {
			t.Errorf("%s: %d that are not so", what, wrong)
		}
	}
}
