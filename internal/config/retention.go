package config

import (
	"fmt"
	"time"
)

// minRetention is the shortest time for which setups keep what they hold: nothing is taken from somebody who is at work, and
// a client secret is dropped by its own time before.
const minRetention = 48 * time.Hour

// checkRetention demands times that are long enough, and that setups stay no shorter than what they hold.
func (c *Config) checkRetention() (wrong []error) {
	for _, each := range []struct {
		name string
		kept time.Duration
	}{
		{"ONBOARD_RETAIN_COMPLETED", c.RetainCompleted}, {"ONBOARD_RETAIN_ABANDONED", c.RetainAbandoned}, {"ONBOARD_RETAIN_SETUPS", c.RetainSetups},
	} {
		switch {
		case each.kept != 0 && each.kept < minRetention:
			wrong = append(wrong, fmt.Errorf("%s must be 48h at least, or 0 to keep for ever", each.name))
		case c.RetainSetups != 0 && each.kept > c.RetainSetups:
			wrong = append(wrong, fmt.Errorf("%s must not be longer than ONBOARD_RETAIN_SETUPS, after which the whole setup is removed", each.name))
		}
	}
	return wrong
}
