package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
)

type insideFlags struct {
	Root string   `required:"" help:"The unpacked image."`
	Env  []string `sep:"none" help:"Environment of the image."`
	User string   `required:"" help:"User of the image."`
	Test []string `sep:"none" help:"The image's health check."`
	Args []string `sep:"none" help:"Entrypoint and command."`
}

// check unpacks the image of this platform and starts it as its configuration says: with its environment, as its user, on a root
// that cannot be written, without capabilities, in namespaces of its own, network included. It needs root and says so where it cannot.
func check(path string) (err error) {
	if os.Getuid() != 0 {
		fmt.Println("check: not run, starting the image's content needs root")
		return nil
	}
	image, config, err := imageHere(path)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "onboard-image-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // the image's user has to get in
		return err
	}
	unpack := exec.Command("tar", "-x", "--same-owner", "-p", "-C", dir)
	content := mutate.Extract(image)
	unpack.Stdin, unpack.Stderr = content, os.Stderr
	if err := errors.Join(unpack.Run(), content.Close()); err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	c := config.Config
	args := []string{"inside", "--root", dir, "--user", c.User}
	for flag, values := range map[string][]string{"env": c.Env, "test": c.Healthcheck.Test, "args": append(c.Entrypoint[:len(c.Entrypoint):len(c.Entrypoint)], c.Cmd...)} {
		for _, value := range values {
			args = append(args, "--"+flag+"="+value)
		}
	}
	child := exec.Command(self, args...)
	child.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	var said bytes.Buffer
	child.Stdout, child.Stderr = os.Stdout, &said
	err = child.Run()
	if errors.Is(err, syscall.EPERM) || strings.Contains(said.String(), errSealedOff.Error()) {
		fmt.Println("check: not run, this machine lets nobody make namespaces or mounts:", errors.Join(err, errors.New(strings.TrimSpace(said.String()))))
		return nil
	}
	if err != nil {
		return fmt.Errorf("check: %w\n%s", err, &said)
	}
	return nil
}

// imageHere is the image of this machine's platform.
func imageHere(path string) (v1.Image, *v1.ConfigFile, error) {
	top, err := layout.ImageIndexFromPath(path)
	if err != nil {
		return nil, nil, err
	}
	here := v1.Platform{OS: "linux", Architecture: runtime.GOARCH}
	images, err := partial.FindImages(top, func(d v1.Descriptor) bool { return d.Platform != nil && d.Platform.Satisfies(here) })
	if err == nil && len(images) == 0 { // the layout's own index holds the index of the platforms
		var indexes []v1.ImageIndex
		if indexes, err = partial.FindIndexes(top, func(v1.Descriptor) bool { return true }); err == nil && len(indexes) > 0 {
			images, err = partial.FindImages(indexes[0], func(d v1.Descriptor) bool { return d.Platform != nil && d.Platform.Satisfies(here) })
		}
	}
	if err != nil {
		return nil, nil, err
	}
	if len(images) != 1 {
		return nil, nil, fmt.Errorf("%d images for %s in %s, want one", len(images), here, path)
	}
	config, err := images[0].ConfigFile()
	return images[0], config, err
}

var errSealedOff = errors.New("cannot be sealed off")

// sealOff makes the root unwritable in this process's mount namespace, but for /data, and brings up loopback.
func sealOff(root string) error {
	data := filepath.Join(root, "data")
	info, err := os.Stat(data)
	if err != nil {
		return err
	}
	owner := info.Sys().(*syscall.Stat_t)
	for _, m := range []struct {
		from, to, kind string
		flags          uintptr
		data           string
	}{
		{"", "/", "", syscall.MS_REC | syscall.MS_PRIVATE, ""},
		{root, root, "", syscall.MS_BIND, ""},
		{"", root, "", syscall.MS_BIND | syscall.MS_REMOUNT | syscall.MS_RDONLY | syscall.MS_NOSUID | syscall.MS_NODEV, ""},
		{"tmpfs", data, "tmpfs", syscall.MS_NOSUID | syscall.MS_NODEV | syscall.MS_NOEXEC, fmt.Sprintf("mode=%o,uid=%d,gid=%d", info.Mode().Perm(), owner.Uid, owner.Gid)},
	} {
		if err := syscall.Mount(m.from, m.to, m.kind, m.flags, m.data); err != nil {
			return fmt.Errorf("%w: mount %s: %w", errSealedOff, m.to, err)
		}
	}
	if err := loopbackUp(); err != nil {
		return fmt.Errorf("%w: loopback: %w", errSealedOff, err)
	}
	return nil
}

// confined is how a program of the image is started: in its root, as its user, which has no capabilities.
func confined(f insideFlags, args ...string) (*exec.Cmd, error) {
	user, group, err := ownerOf(f.User)
	if err != nil {
		return nil, err
	}
	if user == 0 || group == 0 {
		return nil, fmt.Errorf("the image's user is %s: it may be neither root nor of its group", f.User)
	}
	command := exec.Command(args[0], args[1:]...)
	command.Dir, command.Env = "/", f.Env
	command.SysProcAttr = &syscall.SysProcAttr{
		Chroot: f.Root, Pdeathsig: syscall.SIGKILL,
		Credential: &syscall.Credential{Uid: uint32(user), Gid: uint32(group)}, //nolint:gosec // numbers of users
	}
	return command, nil
}

// portOf is the port that the image's environment says the service listens on.
func portOf(env []string) (int, error) {
	for _, entry := range env {
		if listen, ok := strings.CutPrefix(entry, "ONBOARD_LISTEN="); ok {
			return strconv.Atoi(listen[strings.LastIndex(listen, ":")+1:])
		}
	}
	return 0, errors.New("the image does not say where the service listens")
}
