package sqlite_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/aritma/entra-onboard/internal/onboarding"
	"github.com/aritma/entra-onboard/internal/store/sqlite"
)

// These tests start the test binary again as a child: locks, crashes and limits belong to a process.
const (
	actVariable  = "STORE_TEST_ACT"
	pathVariable = "STORE_TEST_PATH"
)

func child(t *testing.T, act, path string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), actVariable+"="+act, pathVariable+"="+path)
	cmd.Stderr = os.Stderr
	return cmd
}

func actAsChild(act string) int {
	ctx := context.Background()
	s, err := sqlite.Open(ctx, os.Getenv(pathVariable))
	if err == nil {
		switch act {
		case "create":
			err = s.CreateSetup(ctx, newSetup())
		case "save":
			err = saveForEver(ctx, s)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := s.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// saveForEver writes to its standard output what the store acknowledged.
func saveForEver(ctx context.Context, s *sqlite.Store) error {
	setup := newSetup()
	if err := s.CreateSetup(ctx, setup); err != nil {
		return err
	}
	for {
		saved, err := s.Save(ctx, onboarding.Change{Setup: setup, Events: []onboarding.Event{{Kind: "saved"}, {Kind: "saved"}}})
		if err != nil {
			return err
		}
		setup = saved
		if _, err := fmt.Println(setup.ID, setup.Version); err != nil {
			return err
		}
	}
}

func TestProcessesOpenAtOnce(t *testing.T) {
	for range 3 {
		path := newPath(t)
		var children []*exec.Cmd
		for range 6 {
			cmd := child(t, "create", path)
			must(t, cmd.Start())
			children = append(children, cmd)
		}
		s := open(t, path)
		must(t, s.CreateSetup(t.Context(), newSetup()))
		for _, cmd := range children {
			if err := cmd.Wait(); err != nil {
				t.Errorf("a process that opened the database beside others: %v", err)
			}
		}
		must(t, s.Ping(t.Context()))
	}
}

func TestKilledWhileWriting(t *testing.T) {
	path := newPath(t)
	for round := range 10 {
		cmd := child(t, "save", path)
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		lines := bufio.NewScanner(out)
		var last string
		for n := 0; lines.Scan(); n++ {
			last = lines.Text()
			if n == 5+7*round {
				must(t, cmd.Process.Kill())
			}
		}
		_ = cmd.Wait() // killed
		wantAcknowledged(t, path, last)
	}
}

func wantAcknowledged(t *testing.T, path, last string) {
	t.Helper()
	id, number, _ := strings.Cut(last, " ")
	acknowledged, err := strconv.ParseInt(number, 10, 64)
	must(t, err)
	s := open(t, path)
	defer func() { must(t, s.Close()) }()
	setup, err := s.Setup(t.Context(), id)
	must(t, err)
	events, err := s.Events(t.Context(), id)
	must(t, err)
	if setup.Version < acknowledged || int64(len(events)) != 2*(setup.Version-1) {
		t.Errorf("version %d with %d events after version %d was acknowledged", setup.Version, len(events), acknowledged)
	}
}
