package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
)

// payloadRoot is where the stage that builds keeps what the image holds; .ci/payload makes the same outside an engine.
const payloadRoot = "/out/"

// newLayer is what one COPY adds: sorted, with owners by number, with one time for everything and with modes that do not depend
// on the umask of whoever builds.
func newLayer(c instructions.CopyCommand, payload string, at time.Time) (v1.Layer, error) {
	owner, group, err := ownerOf(c.Chown)
	if err != nil {
		return nil, err
	}
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for _, source := range c.SourcePaths {
		from, ok := strings.CutPrefix(source, payloadRoot)
		if !ok {
			return nil, fmt.Errorf("%s is not below %s", source, payloadRoot)
		}
		to := strings.TrimPrefix(c.DestPath, "/")
		if to == "" || strings.HasSuffix(to, "/") {
			to = path.Join(to, path.Base(from))
		}
		if err := addTree(w, filepath.Join(payload, from), to, tar.Header{Uid: owner, Gid: group, ModTime: at, Format: tar.FormatPAX}); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(archive.Bytes())), nil },
		tarball.WithMediaType(types.OCILayer), tarball.WithCompressedCaching)
}

// addTree adds a file, or a folder with all that is in it, under another name.
func addTree(w *tar.Writer, from, to string, like tar.Header) error {
	return filepath.WalkDir(from, func(at string, entry fs.DirEntry, err error) error { // in the order of names
		if err != nil {
			return err
		}
		below, err := filepath.Rel(from, at)
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		header := like
		header.Name, header.Mode = path.Join(to, filepath.ToSlash(below)), 0o644
		switch {
		case entry.IsDir(): // what the service writes into is nobody else's business
			header.Typeflag, header.Name, header.Mode = tar.TypeDir, header.Name+"/", 0o700
			return w.WriteHeader(&header)
		case !entry.Type().IsRegular():
			return fmt.Errorf("%s is neither a file nor a folder", at)
		case info.Mode()&0o100 != 0:
			header.Mode = 0o755
		}
		header.Typeflag, header.Size = tar.TypeReg, info.Size()
		if err := w.WriteHeader(&header); err != nil {
			return err
		}
		file, err := os.Open(at)
		if err != nil {
			return err
		}
		_, err = io.Copy(w, file)
		return errors.Join(err, file.Close())
	})
}

// ownerOf reads USER:GROUP by number; nothing is root. The image has no /etc/passwd that names could be looked up in.
func ownerOf(chown string) (user, group int, err error) {
	if chown == "" {
		return 0, 0, nil
	}
	u, g, _ := strings.Cut(chown, ":")
	if user, err = strconv.Atoi(u); err != nil {
		return 0, 0, err
	}
	group, err = strconv.Atoi(g)
	return user, group, err
}
