package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

// patience is how long the service may take to start, and to end.
const patience = 30 * time.Second

// inside runs in namespaces of its own. It does with the image what an orchestrator does: starts it, asks for health, has it make a
// backup, and ends it.
func inside(f insideFlags) error {
	if err := sealOff(f.Root); err != nil {
		return err
	}
	port, err := portOf(f.Env)
	if err != nil {
		return err
	}
	keygen, err := output(f, f.Args[0], "keygen")
	if err != nil {
		return err
	}
	const public = "onboard.example"
	f.Env = append(f.Env, "ONBOARD_SEALING_KEYS="+strings.TrimSpace(keygen), "ONBOARD_PUBLIC_URL=https://"+public,
		"ONBOARD_REDIRECT_URI_TEMPLATE=https://id.example/{tenant}/federation/{scheme}/signin")
	if _, err := output(f, f.Test[1:]...); err == nil {
		return errors.New("the health check is content although nothing runs")
	}

	service, err := confined(f, f.Args...)
	if err != nil {
		return err
	}
	var log bytes.Buffer
	service.Stdout, service.Stderr = &log, &log
	if err := service.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- service.Wait() }()
	if err := use(f, fmt.Sprintf("http://127.0.0.1:%d", port), public); err != nil {
		_ = service.Process.Kill()
		<-ended
		return fmt.Errorf("%w\n%s", err, &log)
	}
	if err := service.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case err := <-ended:
		if err != nil {
			return fmt.Errorf("ended by SIGTERM: %w\n%s", err, &log)
		}
	case <-time.After(patience):
		_ = service.Process.Kill()
		return fmt.Errorf("not ended by SIGTERM within %v\n%s", patience, &log)
	}
	version, err := output(f, f.Args[0], "version")
	fmt.Printf("check: %s started as %s on a read-only root, served, was found healthy, made a backup and ended with 0 on SIGTERM\n", strings.TrimSpace(version), f.User)
	return err
}

// use walks what the service has to answer.
func use(f insideFlags, at, public string) error {
	deadline := time.Now().Add(patience)
	for ask(at+"/healthz", public, http.StatusOK) != nil && time.Now().Before(deadline) {
		time.Sleep(20 * time.Millisecond)
	}
	for path, contains := range map[string]string{"/healthz": "", "/readyz": "", "/": "</html>"} {
		if err := ask(at+path, public, http.StatusOK, contains); err != nil {
			return err
		}
	}
	if _, err := output(f, f.Test[1:]...); err != nil {
		return fmt.Errorf("health check: %w", err)
	}
	if _, err := output(f, f.Args[0], "backup", "/data/copy.db"); err != nil {
		return err
	}
	if _, err := output(f, f.Args[0], "backup", "/copy.db"); err == nil {
		return errors.New("a file could be written outside /data")
	}
	return onlyDatabase(filepath.Join(f.Root, "data"))
}

// onlyDatabase demands that nothing but the database and what belongs to it was written.
func onlyDatabase(data string) error {
	entries, err := os.ReadDir(data)
	if err != nil {
		return err
	}
	var names []string
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), "onboard.db") && entry.Name() != "copy.db" {
			return fmt.Errorf("%s was left in /data", entry.Name())
		}
		names = append(names, entry.Name())
	}
	if !slices.Contains(names, "onboard.db") || !slices.Contains(names, "copy.db") {
		return fmt.Errorf("/data holds %v", names)
	}
	return nil
}

// ask demands a status, and texts in the answer.
func ask(url, host string, status int, contains ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	request.Host = host
	answer, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(answer.Body)
	if err = errors.Join(err, answer.Body.Close()); err != nil {
		return err
	}
	if answer.StatusCode != status {
		return fmt.Errorf("%s answered %d, want %d", url, answer.StatusCode, status)
	}
	for _, text := range contains {
		if !strings.Contains(string(body), text) {
			return fmt.Errorf("%s does not answer with %q", url, text)
		}
	}
	return nil
}

// output runs a program of the image to its end.
func output(f insideFlags, args ...string) (string, error) {
	command, err := confined(f, args...)
	if err != nil {
		return "", err
	}
	var said bytes.Buffer
	command.Stderr = &said
	out, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, &said)
	}
	return string(out), nil
}

// loopbackUp is "ip link set lo up" where there is no ip (netdevice(7)).
func loopbackUp() error {
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer func() { _ = syscall.Close(socket) }()
	request := struct {
		name  [syscall.IFNAMSIZ]byte
		flags uint16
		_     [22]byte
	}{flags: syscall.IFF_UP | syscall.IFF_RUNNING}
	copy(request.name[:], "lo")
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(socket), syscall.SIOCSIFFLAGS, uintptr(unsafe.Pointer(&request))); errno != 0 {
		return errno
	}
	return nil
}
