package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// maxImage is how large an image may be, unpacked.
const maxImage = 35 << 20

type packFlags struct {
	Dockerfile string            `default:"Dockerfile" help:"What the image is."`
	Payload    map[string]string `required:"" help:"What .ci/payload built, as linux/amd64=FOLDER;linux/arm64=FOLDER."`
	Arg        map[string]string `help:"Values of the ARGs of the last stage."`
	Out        string            `required:"" help:"Folder of the OCI layout; files to load lie beside it."`
	Tag        string            `required:"" help:"Name and tag that engines load the files under."`
}

// pack makes an image for each platform, one index of all of them as an OCI layout, and a file for each that "docker load",
// "podman load" and skopeo take. It prints digests and sizes.
func pack(f packFlags) error {
	at, err := sourceTime()
	if err != nil {
		return err
	}
	tag, err := name.NewTag(f.Tag)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(f.Out); err != nil {
		return err
	}
	recipe, err := readRecipe(f.Dockerfile, f.Arg)
	if err != nil {
		return err
	}
	var index v1.ImageIndex = mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	index = mutate.Annotations(index, recipe.config.Labels).(v1.ImageIndex)
	for _, platform := range []string{"linux/amd64", "linux/arm64"} { // in this order, whatever a map's is
		payload, wanted := f.Payload[platform]
		if !wanted {
			continue
		}
		image, err := newImage(recipe, platform, payload, at)
		if err != nil {
			return fmt.Errorf("%s: %w", platform, err)
		}
		on, err := v1.ParsePlatform(platform)
		if err != nil {
			return err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: on}})
		file := f.Out + "-" + strings.ReplaceAll(platform, "/", "-") + ".tar"
		if err := errors.Join(tell(platform, image), tarball.WriteToFile(file, tag, image)); err != nil {
			return err
		}
	}
	if _, err := layout.Write(f.Out, mutate.AppendManifests(empty.Index, mutate.IndexAddendum{
		Add: index, Descriptor: v1.Descriptor{Annotations: map[string]string{"org.opencontainers.image.ref.name": tag.TagStr()}},
	})); err != nil {
		return err
	}
	digest, err := index.Digest()
	if err != nil {
		return err
	}
	fmt.Printf("index        %s\n", digest)
	return os.WriteFile(filepath.Clean(f.Out)+".digest", []byte(digest.String()+"\n"), 0o644)
}

// newImage is the image for one platform.
func newImage(r recipe, platform, payload string, at time.Time) (v1.Image, error) {
	on, err := v1.ParsePlatform(platform)
	if err != nil {
		return nil, err
	}
	image := mutate.MediaType(empty.Image, types.OCIManifestSchema1)
	image = mutate.ConfigMediaType(image, types.OCIConfigJSON)
	image = mutate.Annotations(image, r.config.Labels).(v1.Image)
	for _, c := range r.copies {
		layer, err := newLayer(c, payload, at)
		if err != nil {
			return nil, err
		}
		image, err = mutate.Append(image, mutate.Addendum{Layer: layer, MediaType: types.OCILayer, History: v1.History{Created: v1.Time{Time: at}, CreatedBy: c.String()}})
		if err != nil {
			return nil, err
		}
	}
	file, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	file = file.DeepCopy()
	file.OS, file.Architecture, file.Variant = on.OS, on.Architecture, on.Variant
	file.Created, file.Config = v1.Time{Time: at}, r.config
	return mutate.ConfigFile(image, file)
}

// tell prints the digest of an image, its size as it is sent, and its size unpacked.
func tell(platform string, image v1.Image) error {
	digest, err := image.Digest()
	if err != nil {
		return err
	}
	layers, err := image.Layers()
	if err != nil {
		return err
	}
	var sent, unpacked int64
	for _, layer := range layers {
		size, err := layer.Size()
		if err != nil {
			return err
		}
		sent += size
		content, err := layer.Uncompressed()
		if err != nil {
			return err
		}
		size, err = discard(content)
		if err != nil {
			return err
		}
		unpacked += size
	}
	fmt.Printf("%-12s %s  %.1f MiB compressed, %.1f MiB unpacked\n", platform, digest, mebi(sent), mebi(unpacked))
	if unpacked > maxImage {
		return fmt.Errorf("%.1f MiB unpacked, at most %d are allowed", mebi(unpacked), maxImage>>20)
	}
	return nil
}

func mebi(bytes int64) float64 { return float64(bytes) / (1 << 20) }

// discard reads to the end, and says how much it was.
func discard(from io.ReadCloser) (int64, error) {
	n, err := io.Copy(io.Discard, from)
	return n, errors.Join(err, from.Close())
}
