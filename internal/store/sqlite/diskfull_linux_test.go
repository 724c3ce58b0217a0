package sqlite_test

import (
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"github.com/aritma/entra-onboard/internal/onboarding"
)

// A limit on the size of files stands in for a disk that is full: the same writes fail, with the same outcome in SQLite.
func TestDiskFull(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	setup := newSetup()
	must(t, s.CreateSetup(t.Context(), setup))
	must(t, s.Checkpoint(t.Context()))
	info, err := os.Stat(path)
	must(t, err)

	lift := limitFileSize(t, uint64(info.Size()))
	defer lift()
	refused := 0
	for range 200 {
		next := setup
		next.Contact = strings.Repeat("x", 1<<10)
		saved, err := s.Save(t.Context(), onboarding.Change{Setup: next, Events: []onboarding.Event{{Kind: "saved"}}})
		if err != nil {
			if refused++; refused == 5 {
				break
			}
			continue
		}
		setup = saved
	}
	if refused != 5 {
		t.Fatal("the disk did not fill up: this test limits the wrong thing")
	}
	got, err := s.Setup(t.Context(), setup.ID)
	must(t, err)
	if got.Version != setup.Version {
		t.Errorf("version %d while the disk is full, want the acknowledged %d", got.Version, setup.Version)
	}
	must(t, s.Ping(t.Context()))

	lift()
	if _, err = s.Save(t.Context(), onboarding.Change{Setup: setup, Events: []onboarding.Event{{Kind: "saved"}}}); err != nil {
		t.Errorf("a change after the disk has room again: %v", err)
	}
	events, err := s.Events(t.Context(), setup.ID)
	must(t, err)
	if int64(len(events)) != setup.Version {
		t.Errorf("%d events at version %d: a refused change left one behind", len(events), setup.Version+1)
	}
}

func limitFileSize(t *testing.T, size uint64) (lift func()) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ)
	var before syscall.Rlimit
	must(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before))
	must(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: size, Max: before.Max}))
	return func() {
		signal.Reset(syscall.SIGXFSZ)
		must(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before))
	}
}
