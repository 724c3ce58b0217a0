package main

import (
	"bufio"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// begin starts the built program and returns how long it took to the first page; end kills it.
func (s *site) begin(b *testing.B, path string) (took time.Duration, pid int, end func()) {
	b.Helper()
	command := exec.Command(path, "serve") //nolint:gosec // built by the benchmark
	for name, value := range s.environ {
		command.Env = append(command.Env, name+"="+value)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	start := time.Now()
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	end = func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		end()
		b.Fatal(err)
	}
	_, public, _ := strings.Cut(strings.TrimSpace(line), ": ")
	answer, err := http.Get(public + "/") //nolint:gosec // its own address
	if err != nil {
		end()
		b.Fatal(err)
	}
	took = time.Since(start)
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		b.Errorf("the first page answered %d", answer.StatusCode)
	}
	return took, command.Process.Pid, end
}

// BenchmarkSpeedStart: from the start of the process to its first page, with a new database and with one that is there; then
// what it holds in memory when nothing happens, and how large it is.
func BenchmarkSpeedStart(b *testing.B) {
	const times, resting = 15, 5 * time.Second
	for b.Loop() {
		s := newSite(b, nil)
		s.stop()
		path := binary(b)
		began := func(fresh bool) time.Duration {
			var all []time.Duration
			for range times {
				if fresh {
					s.environ["ONBOARD_DATABASE_URL"] = "sqlite://" + filepath.Join(b.TempDir(), "onboard.db")
				}
				took, _, end := s.begin(b, path)
				end()
				all = append(all, took)
			}
			slices.Sort(all)
			tell("start to the first page, new database %v: %v to %v, half within %v", fresh, all[0].Round(time.Millisecond), all[times-1].Round(time.Millisecond), all[times/2].Round(time.Millisecond))
			return all[times/4] // what else the machine does only makes it later
		}
		within(b, "start, new database, a quarter within", milliseconds(began(true)), "ms", 100)
		within(b, "start, database that is there, a quarter within", milliseconds(began(false)), "ms", 100)
		_, pid, end := s.begin(b, path)
		time.Sleep(resting)
		within(b, "memory at rest", memory(b, pid, "VmRSS"), "MiB", 30)
		end()
		file, err := os.Stat(path)
		if err != nil {
			b.Fatal(err)
		}
		within(b, "program", float64(file.Size())/1e6, "MB", 32)
		b.ReportMetric(0, "ns/op")
	}
}
