package onboarding

import (
	"context"
	"fmt"
	"time"

	"github.com/aritma/entra-onboard/internal/wizard"
)

// WithholdTokens is for a database that came out of a backup. A SCIM token that it holds as not shown yet may have been shown
// after the backup was made: its one showing counts as given out, its ciphertext is deleted, and whoever wants a token replaces it.
// It returns how many there were. It opens nothing, and doing it again withholds what is sealed by then.
func (s *Service) WithholdTokens(ctx context.Context) (withheld int, err error) {
	holding, err := s.Store.SetupsHolding(ctx, SCIMTokenName)
	if err != nil {
		return 0, err
	}
	for _, id := range holding {
		_, err := s.change(ctx, id, func(setup Setup, now time.Time) (Change, error) {
			c, err := recorded(setup, now, Operator, "token.withheld", map[string]string{"token": setup.State.Token.ID}, wizard.TokenShown{})
			c.Drop = []string{SCIMTokenName}
			return c, err
		})
		if err != nil {
			return withheld, fmt.Errorf("withhold the token of setup %s: %w", id, err)
		}
		withheld++
	}
	return withheld, nil
}
