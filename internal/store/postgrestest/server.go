//go:build unix

package postgrestest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// options of the server. Its own default is the weakest that a server may have: what has to be durable must ask for it.
const options = "-c listen_addresses= -c max_connections=400 -c shared_buffers=64MB -c fsync=on -c synchronous_commit=off"

// script makes a server, says so, and takes it away when its input ends: with the process that started it, however that ends.
const script = `
"$BIN/initdb" -D data -U onboard -E UTF8 --locale=C --auth=trust --no-sync >log 2>&1 &&
"$BIN/pg_ctl" -D data -w -l log -o "-k '$PWD' $OPTIONS" start >/dev/null && echo ready || tail -n 20 log
cat >/dev/null
"$BIN/pg_ctl" -D data -m immediate -w stop >/dev/null 2>&1
here=$PWD && cd / && rm -rf "$here"
`

// Server is a running PostgreSQL server.
type Server struct {
	dir, bin string
	as       *syscall.Credential // nil: whoever runs the test
	hold     io.Closer           // the script's input
}

var shared = sync.OnceValues(start)

// Database makes an empty database on the server of this process and returns its address.
func Database(t testing.TB) string {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return s.Database(t)
}

// Start starts a server that the test may end and start again.
func Start(t testing.TB) *Server {
	t.Helper()
	s, err := start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.hold.Close() })
	return s
}

func start() (*Server, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin}
	if s.dir, err = os.MkdirTemp("", "onboard-postgres-"); err != nil {
		return nil, err
	}
	if os.Getuid() == 0 { // the server refuses to run as root
		if s.as, err = somebody(); err == nil {
			err = os.Chown(s.dir, int(s.as.Uid), int(s.as.Gid))
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("run PostgreSQL as somebody else than root: %w", err), os.RemoveAll(s.dir))
		}
	}
	return s, s.run()
}

// run starts the script and waits until the server is ready.
func (s *Server) run() error {
	command := s.command("/bin/sh", "-c", script)
	command.SysProcAttr.Setpgid = true // an interrupt at the keyboard ends the test, and that ends the server
	in, err := command.StdinPipe()
	if err != nil {
		return err
	}
	out, err := command.StdoutPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return errors.Join(err, os.RemoveAll(s.dir))
	}
	s.hold = in
	var said []string
	for lines := bufio.NewScanner(out); lines.Scan(); said = append(said, lines.Text()) {
		if lines.Text() == "ready" {
			return nil
		}
		if len(said) == 1 { // it failed: what it says ends with its input
			_ = in.Close()
		}
	}
	return fmt.Errorf("PostgreSQL did not start:\n%s", strings.Join(said, "\n"))
}

func (s *Server) command(name string, args ...string) *exec.Cmd {
	// No test ends it by its context: it serves all of them, and ends with the process.
	command := exec.CommandContext(context.Background(), name, args...) //nolint:gosec // the shell, or a program of the server that was found
	command.Dir = s.dir
	command.Env = []string{"BIN=" + s.bin, "OPTIONS=" + options, "PATH=" + os.Getenv("PATH"), "LC_ALL=C", "PWD=" + s.dir}
	command.SysProcAttr = &syscall.SysProcAttr{Credential: s.as}
	return command
}

// Crash ends the server as a power cut would: nothing is written any more.
func (s *Server) Crash(t testing.TB) {
	t.Helper()
	s.control(t, "stop", "-m", "immediate")
}

// Again starts a server that was ended.
func (s *Server) Again(t testing.TB) {
	t.Helper()
	s.control(t, "start", "-l", "log", "-o", "-k '"+s.dir+"' "+options)
}

func (s *Server) control(t testing.TB, args ...string) {
	t.Helper()
	command := s.command(filepath.Join(s.bin, "pg_ctl"), append([]string{"-D", "data", "-w", "-s"}, args...)...)
	if err := command.Run(); err != nil { // its output would stay open in the server
		t.Fatalf("pg_ctl %s: %v", args[0], err)
	}
}

// Database makes an empty database and returns its address. It goes with the server: dropping it would cost each test a
// checkpoint.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	name := "test_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	if err := s.exec(t.Context(), `CREATE DATABASE `+name); err != nil {
		t.Fatalf("make a database: %v", err)
	}
	return s.address(name)
}

func (s *Server) address(database string) string {
	return "postgres://onboard@/" + database + "?host=" + s.dir
}

func (s *Server) exec(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, s.address("postgres"))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}

// programs is the directory of the server's programs: on the PATH, or where Debian keeps them, the newest version first.
func programs() (string, error) {
	var folders []string
	if found, err := exec.LookPath("initdb"); err == nil {
		if found, err = filepath.EvalSymlinks(found); err == nil {
			folders = append(folders, filepath.Dir(found))
		}
	}
	newest := 0
	debian, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	for _, folder := range debian {
		if version, err := strconv.Atoi(filepath.Base(filepath.Dir(folder))); err == nil && version > newest {
			newest = version
			folders = append(folders[:len(folders):len(folders)], folder)
		}
	}
	for i := len(folders) - 1; i >= 0; i-- {
		if hasAll(folders[i], "initdb", "pg_ctl", "postgres") {
			return folders[i], nil
		}
	}
	return "", errors.New("the tests on PostgreSQL need its server: install it (on Debian: apt-get install postgresql), or put its programs on the PATH")
}

func hasAll(folder string, names ...string) bool {
	for _, name := range names {
		if _, err := exec.LookPath(filepath.Join(folder, name)); err != nil {
			return false
		}
	}
	return true
}

// somebody is a user that is not root.
func somebody() (*syscall.Credential, error) {
	var all error
	for _, name := range []string{"postgres", "nobody"} {
		found, err := user.Lookup(name)
		if err != nil {
			all = errors.Join(all, err)
			continue
		}
		uid, err := strconv.ParseUint(found.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(found.Gid, 10, 32)
		if err = errors.Join(err, gidErr); err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, all
}

// Files are all that the server has written so far, by name: tables, indexes, its write-ahead log and what it told its own log.
func (s *Server) Files(t testing.TB) map[string][]byte {
	t.Helper()
	if err := s.exec(t.Context(), `CHECKPOINT`); err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	root := os.DirFS(s.dir)
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || (err == nil && !entry.Type().IsRegular()) {
			return nil // gone meanwhile, or a socket
		}
		if err == nil {
			files[name], err = fs.ReadFile(root, name)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// Run runs a program that comes with the server, such as pg_dump, and returns what it printed.
func (s *Server) Run(t testing.TB, in []byte, program string, args ...string) []byte {
	t.Helper()
	command := s.command(filepath.Join(s.bin, program), args...)
	var said bytes.Buffer
	command.Stdin, command.Stderr = bytes.NewReader(in), &said
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %v: %s", program, err, &said)
	}
	return out
}
