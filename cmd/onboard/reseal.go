package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"text/tabwriter"

	"github.com/aritma/entra-onboard/internal/account"
	"github.com/aritma/entra-onboard/internal/config"
	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/reseal"
	"github.com/aritma/entra-onboard/internal/seal"
	"github.com/aritma/entra-onboard/web/session"
)

// places are what each room seals for.
var places = reseal.Places{
	reseal.SetupSecrets: func(r reseal.Row) []byte { return onboarding.SecretPlace(r.ID, r.Name) },
	reseal.Signins:      func(r reseal.Row) []byte { return account.Place(unhex(r.ID), account.Stage(r.Name)) },
	reseal.Sessions:     func(r reseal.Row) []byte { return session.Place(unhex(r.ID)) },
	reseal.KeyProof:     func(reseal.Row) []byte { return onboarding.KeyProofPlace },
}

// unhex reads what the database wrote in hex.
func unhex(text string) []byte {
	raw, _ := hex.DecodeString(text)
	return raw
}

// resealAll moves everything that is sealed to the first key, and says what became of it and which keys can be taken out.
func resealAll(ctx context.Context, p process) error {
	return beside(ctx, p, keysFit, func(s *service) error {
		tallies, err := reseal.Run(ctx, s.store, s.config.Keys, places)
		for _, t := range tallies {
			fmt.Fprintf(p.out, "%-13s  %d moved, %d under the first key already, %d could not be opened\n", t.Kind, t.Moved, t.Already, sum(t.Unopened))
		}
		if err != nil {
			return fmt.Errorf("%w (run it again: it goes on where it was)", err)
		}
		return conclude(p.out, s.config.Keys.KeyIDs(), tallies)
	})
}

// conclude says what was in the way, and which keys can be taken out.
func conclude(out io.Writer, keys []seal.KeyID, tallies []reseal.Tally) error {
	unopened, left := map[seal.KeyID]int{}, 0
	for _, t := range tallies {
		left += t.Left
		for id, n := range t.Unopened {
			unopened[id] += n
		}
	}
	for _, id := range slices.SortedFunc(maps.Keys(unopened), func(a, b seal.KeyID) int { return bytes.Compare(a[:], b[:]) }) {
		fmt.Fprintln(out, unopenedText(keys, id, unopened[id]))
	}
	switch {
	case left > 0:
		fmt.Fprintln(out, "Take no key out yet: while this ran, values went on being sealed with another key than the first.")
		return errors.New("a replica has another key in first place: give all of them the same ONBOARD_SEALING_KEYS, then run this again")
	case len(keys) == 1:
		fmt.Fprintf(out, "%s is the only one: there is none to take out.\n", named(keys, keys[0]))
	}
	for _, id := range keys[1:] {
		fmt.Fprintf(out, "%s can be taken out: nothing that opens is sealed with it.\n", named(keys, id))
	}
	if n := sum(unopened); n > 0 {
		return fmt.Errorf("%d could not be opened", n)
	}
	return nil
}

// unopenedText says what it means that values of a key do not open.
func unopenedText(keys []seal.KeyID, id seal.KeyID, n int) string {
	const lost = "What is sealed there is lost otherwise: a client secret is asked for again, a token that was not shown yet has to be replaced, sessions and sign-ins begin anew."
	if slices.Contains(keys, id) || id == (seal.KeyID{}) {
		return fmt.Sprintf("%s sealed with %s but cannot be opened: damaged, or moved here by hand. Restore from a backup. %s", are(n), named(keys, id), lost)
	}
	return fmt.Sprintf("%s sealed with %s: put it at the end of the list and run this again. %s", are(n), named(keys, id), lost)
}

// named is a key by its place and its id, never by its value.
func named(keys []seal.KeyID, id seal.KeyID) string {
	if place := slices.Index(keys, id); place >= 0 {
		return fmt.Sprintf("key %d of ONBOARD_SEALING_KEYS (%s)", place+1, id)
	}
	if id == (seal.KeyID{}) {
		return "no key"
	}
	return fmt.Sprintf("key %s, which is not in ONBOARD_SEALING_KEYS", id)
}

func sum(of map[seal.KeyID]int) (n int) {
	for _, each := range of {
		n += each
	}
	return n
}

// checkSealed lists what is sealed with which key, and changes nothing. It fails unless all is sealed with the first.
func checkSealed(ctx context.Context, p process) error {
	c, err := config.Load(p.environ)
	if err != nil {
		return errors.Join(errConfiguration, err)
	}
	state, err := lookAt(ctx, c)
	switch {
	case err != nil:
		return err
	case len(state.Proof) == 0:
		return errNoService
	case state.Schema < state.Program:
		return fmt.Errorf("the schema of the database (%d) is older than the %d of this program: start \"onboard serve\" first", state.Schema, state.Program)
	}
	keys := c.Keys.KeyIDs()
	table := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "KIND\tKEY\tPLACE\tVALUES")
	for _, each := range state.Sealed {
		place := "not in ONBOARD_SEALING_KEYS"
		if at := slices.Index(keys, each.Key); at >= 0 {
			place = strconv.Itoa(at + 1)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\n", each.Kind, each.Key, place, each.Values)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	others, foreign := notFirst(keys, state.Sealed)
	switch {
	case foreign > 0:
		fmt.Fprintf(p.out, "%s sealed with keys that are not in ONBOARD_SEALING_KEYS: nothing else opens what they sealed.\n", are(foreign))
	case others > 0:
		fmt.Fprintf(p.out, "%s sealed with other keys than the first: run \"onboard reseal\", and take no key out before.\n", are(others))
	default:
		_, err = fmt.Fprintln(p.out, "All of it is sealed with the first key.")
		return err
	}
	return errors.New("not all of it is sealed with the first key")
}

// are is a number with its verb.
func are(n int) string {
	if n == 1 {
		return "1 is"
	}
	return fmt.Sprint(n, " are")
}

// notFirst counts what is sealed with other keys of the list than the first, and what with keys that are not in it.
func notFirst(keys []seal.KeyID, counts []reseal.Count) (others, foreign int) {
	for _, each := range counts {
		switch slices.Index(keys, each.Key) {
		case 0:
		case -1:
			foreign += each.Values
		default:
			others += each.Values
		}
	}
	return others, foreign
}
