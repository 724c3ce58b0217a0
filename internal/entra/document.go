package entra

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

var (
	guidShape   = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	domainShape = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$`)
	regionShape = regexp.MustCompile(`^[A-Za-z]{1,16}$`)
)

// isGUID reports whether s is a lower-case GUID of 36 characters.
func isGUID(s string) bool { return guidShape.MatchString(s) }

// isDomain reports whether s is a DNS name in lower case with at least two labels (RFC 1035, 2.3.1 and 2.3.4); an
// IP address is none.
func isDomain(s string) bool { return len(s) <= 253 && domainShape.MatchString(s) }

// document is what is read of a discovery document (OpenID Connect Discovery 1.0, with Microsoft's own members).
type document struct {
	Issuer            string `json:"issuer"`
	TokenEndpoint     string `json:"token_endpoint"`
	RegionScope       string `json:"tenant_region_scope"`
	CloudInstanceName string `json:"cloud_instance_name"`
	GraphHost         string `json:"msgraph_host"`
}

// parseDirectory reads a discovery document. Asked is the lower-case GUID or domain that was asked for; an answer about
// another GUID is an error, like everything else that does not describe one directory in a known cloud.
func parseDirectory(body []byte, asked string) (Directory, error) {
	var d document
	if err := json.Unmarshal(body, &d); err != nil {
		return Directory{}, errors.New("answer is no discovery document")
	}
	id, ok := issuerDirectory(d.Issuer)
	if !ok {
		return Directory{}, errors.New("issuer names no directory")
	}
	if isGUID(asked) && id != asked {
		return Directory{}, fmt.Errorf("issuer names directory %s, asked for %s", id, asked)
	}
	c, ok := d.cloud()
	if !ok {
		return Directory{}, errors.New("document names no known cloud, or several")
	}
	found := Directory{ID: id, Cloud: c.name, GraphHost: c.graph(d.GraphHost), Authority: c.authority(id)}
	if regionShape.MatchString(d.RegionScope) {
		found.Region = d.RegionScope
	}
	return found, nil
}

// issuerDirectory finds the one GUID among the segments of the issuer's path.
func issuerDirectory(issuer string) (id string, ok bool) {
	u, err := url.Parse(issuer)
	if err != nil || u.Host == "" {
		return "", false
	}
	for segment := range strings.SplitSeq(u.Path, "/") {
		segment = strings.ToLower(segment)
		if !isGUID(segment) {
			continue
		}
		if id != "" {
			return "", false
		}
		id = segment
	}
	return id, id != ""
}

// cloud tells where the directory lives. The global host also answers for directories of the national clouds, so one
// member that names a national cloud outweighs those that name the global one; two national clouds contradict.
func (d document) cloud() (cloud, bool) {
	said := []string{d.CloudInstanceName, hostOf(d.TokenEndpoint), hostOf(d.Issuer)}
	if slices.Contains(governmentScopes, d.RegionScope) {
		said = append(said, clouds[1].login)
	}
	var found cloud
	for _, name := range said {
		c, known := cloudSaying(name)
		switch {
		case !known, c.name == found.name, c.name == Global && found.name != "":
		case found.name == "" || found.name == Global:
			found = c
		default:
			return cloud{}, false
		}
	}
	return found, found.name != ""
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
