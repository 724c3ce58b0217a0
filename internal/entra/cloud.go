package entra

import (
	"net/url"
	"strings"
)

// The clouds, as Directory.Cloud names them.
const (
	Global       = "global"
	USGovernment = "us-government"
	China        = "china"
)

// cloud is one of Microsoft's separate instances of Entra ID.
type cloud struct {
	name  string
	login string // host of sign-in and discovery
	// says lists what discovery documents call the cloud in cloud_instance_name: the login host without "login.", and
	// for China the older name too.
	says   []string
	graphs []string // hosts of Microsoft Graph; the first is the usual one
}

// clouds is the fixed list; the first is asked first. Source: Microsoft, "National cloud deployments" of Microsoft
// Graph and "National clouds" of the identity platform.
var clouds = []cloud{
	{
		name: Global, login: "login.microsoftonline.com",
		says:   []string{"microsoftonline.com"},
		graphs: []string{"graph.microsoft.com"},
	},
	{
		name: USGovernment, login: "login.microsoftonline.us",
		says:   []string{"microsoftonline.us"},
		graphs: []string{"graph.microsoft.us", "dod-graph.microsoft.us"},
	},
	{
		name: China, login: "login.partner.microsoftonline.cn",
		says:   []string{"partner.microsoftonline.cn", "chinacloudapi.cn"},
		graphs: []string{"microsoftgraph.chinacloudapi.cn"},
	},
}

// governmentScopes are the values of tenant_region_scope that only directories of the US Government cloud have. GCC,
// which lives in the global cloud, has an ordinary region and is told apart in tenant_region_sub_scope alone.
var governmentScopes = []string{"USGov", "USG", "DOD", "DODCON"}

// authority is the OpenID Connect authority of a directory in this cloud.
func (c cloud) authority(id string) string { return "https://" + c.login + "/" + id + "/v2.0" }

// graph is host when it is one of the cloud's own, else the usual one: what an answer says is never trusted further.
func (c cloud) graph(host string) string {
	for _, known := range c.graphs {
		if strings.EqualFold(host, known) {
			return known
		}
	}
	return c.graphs[0]
}

// cloudSaying finds the cloud by the name that a document uses for it.
func cloudSaying(name string) (cloud, bool) {
	name = strings.TrimPrefix(strings.ToLower(name), "login.")
	for _, c := range clouds {
		for _, said := range c.says {
			if name == said {
				return c, true
			}
		}
	}
	return cloud{}, false
}

// cloudOf is the cloud that a directory is in, as far as it tells; the global one otherwise.
func cloudOf(d Directory) cloud {
	login := hostOf(d.Authority)
	for _, c := range clouds {
		if c.name == d.Cloud || (d.Cloud == "" && strings.EqualFold(c.login, login)) {
			return c
		}
	}
	return clouds[0]
}

// login is the address at which a cloud signs people in, or the override.
func (c *Client) login(in cloud) *url.URL {
	for _, host := range c.hosts {
		if host.Host == in.login {
			return host
		}
	}
	return c.hosts[0]
}

// Authority is the OpenID Connect authority of a directory in the global cloud, for when the lookup could not be made.
// The id is a lower-case GUID.
func Authority(id string) string { return clouds[0].authority(id) }

// Hosts lists the origins that the client of New may contact: the override alone, or Microsoft's fixed list.
func Hosts(override *url.URL) []*url.URL {
	if override != nil {
		return []*url.URL{{Scheme: override.Scheme, Host: override.Host}}
	}
	hosts := make([]*url.URL, len(clouds))
	for i, c := range clouds {
		hosts[i] = &url.URL{Scheme: "https", Host: c.login}
	}
	return hosts
}
