package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aritma/entra-onboard/internal/config"
)

func TestRetention(t *testing.T) {
	c, err := config.Load(enough())
	if err != nil {
		t.Fatal(err)
	}
	const day = 24 * time.Hour
	if c.RetainCompleted != 90*day || c.RetainAbandoned != 90*day || c.RetainSetups != 730*day {
		t.Errorf("defaults are %v, %v and %v", c.RetainCompleted, c.RetainAbandoned, c.RetainSetups)
	}
	c, err = config.Load(with(map[string]string{"ONBOARD_RETAIN_COMPLETED": "0", "ONBOARD_RETAIN_ABANDONED": "48h", "ONBOARD_RETAIN_SETUPS": "0"}))
	if err != nil || c.RetainCompleted != 0 || c.RetainAbandoned != 2*day || c.RetainSetups != 0 {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestRetentionMistakes(t *testing.T) {
	const completed, abandoned, setups = "ONBOARD_RETAIN_COMPLETED", "ONBOARD_RETAIN_ABANDONED", "ONBOARD_RETAIN_SETUPS"
	for name, row := range map[string]struct {
		environ map[string]string
		want    string
	}{
		"no time":            {map[string]string{completed: "90 days"}, completed + " must be a time in hours"},
		"no unit":            {map[string]string{setups: "2160"}, setups + " must be a time in hours"},
		"too short":          {map[string]string{abandoned: "47h"}, abandoned + " must be 48h at least"},
		"before now":         {map[string]string{completed: "-72h"}, completed + " must be 48h at least"},
		"longer than setups": {map[string]string{abandoned: "721h", completed: "720h", setups: "720h"}, abandoned + " must not be longer than " + setups},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := config.Load(with(row.environ))
			if err == nil || !strings.Contains(err.Error(), row.want) || strings.Count(err.Error(), "\n") != 0 {
				t.Errorf("error = %v, want one line with %q", err, row.want)
			}
		})
	}
}
