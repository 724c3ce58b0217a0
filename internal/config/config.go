package config

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"github.com/aritma/entra-onboard/internal/seal"
	"github.com/aritma/entra-onboard/internal/secret"
)

// DefaultListen is where the service listens when nothing is said.
const DefaultListen = "127.0.0.1:8080"

// Authorities of a setup link.
const (
	AuthorityLink   = "link"   // the link itself lets people in and acts, through the operator's own client
	AuthoritySignin = "signin" // the link only finds the setup; an administrator signs in with Aritma
)

// Config is everything that an operator decides.
type Config struct {
	Listen              string        `env:"ONBOARD_LISTEN" envDefault:"127.0.0.1:8080"`
	MetricsListen       string        `env:"ONBOARD_METRICS_LISTEN"` // empty: nobody is told
	LogLevel            slog.Level    `env:"ONBOARD_LOG_LEVEL"`      // info
	PublicURL           *url.URL      `env:"ONBOARD_PUBLIC_URL"`
	DatabaseURL         secret.Secret `env:"ONBOARD_DATABASE_URL" envDefault:"sqlite://onboard.db"` // may hold a password
	SealingKeys         secret.Secret `env:"ONBOARD_SEALING_KEYS"`
	IAMURL              *url.URL      `env:"ONBOARD_IAM_URL" envDefault:"https://api.dev.aritma.io/core/iam"`
	IDURL               *url.URL      `env:"ONBOARD_ID_URL" envDefault:"https://id.dev.aritma.io"`
	IDClientID          string        `env:"ONBOARD_ID_CLIENT_ID"`
	IDClientSecret      secret.Secret `env:"ONBOARD_ID_CLIENT_SECRET"`
	ServiceClientID     string        `env:"ONBOARD_SERVICE_CLIENT_ID"`
	ServiceClientSecret secret.Secret `env:"ONBOARD_SERVICE_CLIENT_SECRET"`
	LinkAuthority       string        `env:"ONBOARD_LINK_AUTHORITY"`
	SCIMURLTemplate     string        `env:"ONBOARD_SCIM_URL_TEMPLATE"`
	RedirectURITemplate string        `env:"ONBOARD_REDIRECT_URI_TEMPLATE"`
	EntraLoginURL       *url.URL      `env:"ONBOARD_ENTRA_LOGIN_URL"`
	AllowLoopback       bool          `env:"ONBOARD_ALLOW_LOOPBACK"`
	ConsoleTenant       string        `env:"ONBOARD_CONSOLE_TENANT"`
	ConsoleRoles        []string      `env:"ONBOARD_CONSOLE_ROLES" envDefault:"TenantAdmin"`
	TrustedProxies      []string      `env:"ONBOARD_TRUSTED_PROXIES"` // CIDRs
	SupportContact      string        `env:"ONBOARD_SUPPORT_CONTACT" envDefault:"support@aritma.com"`
	// How long setups keep what they hold after the last thing that happened; 0: for ever. The first two are about personal data.
	RetainCompleted time.Duration `env:"ONBOARD_RETAIN_COMPLETED" envDefault:"2160h"`
	RetainAbandoned time.Duration `env:"ONBOARD_RETAIN_ABANDONED" envDefault:"2160h"`
	RetainSetups    time.Duration `env:"ONBOARD_RETAIN_SETUPS" envDefault:"17520h"`

	WebhookURL    *url.URL      `env:"ONBOARD_WEBHOOK_URL"` // nil: nobody is told
	WebhookSecret secret.Secret `env:"ONBOARD_WEBHOOK_SECRET"`

	Keys *seal.Keyring `env:"-"`
}

// secretVariables may be given as files.
var secretVariables = []string{
	"ONBOARD_DATABASE_URL", "ONBOARD_SEALING_KEYS", "ONBOARD_SERVICE_CLIENT_SECRET", "ONBOARD_ID_CLIENT_SECRET", "ONBOARD_WEBHOOK_SECRET",
}

// Load reads the variables, checks them together, and returns every mistake joined.
func Load(environ map[string]string) (*Config, error) {
	environ, fileErr := withFiles(environ)
	c := &Config{}
	parseErr := env.ParseWithOptions(c, env.Options{Environment: environ})
	err := errors.Join(fileErr, mistakes(parseErr), c.complete())
	if err != nil {
		return nil, firstOfEach(err)
	}
	return c, nil
}

// ListenAddress is where the service listens, for a command that needs to know no more. It is not checked.
func ListenAddress(environ map[string]string) string {
	return cmp.Or(environ["ONBOARD_LISTEN"], DefaultListen)
}

// firstOfEach keeps the first mistake of each variable, whose name begins the line: others follow from it.
func firstOfEach(err error) error {
	var kept []error
	told := map[string]bool{}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		variable, _, _ := strings.Cut(strings.ReplaceAll(line, ":", " "), " ")
		variable = strings.TrimSuffix(variable, "_FILE")
		if !told[variable] {
			told[variable] = true
			kept = append(kept, errors.New(line))
		}
	}
	return errors.Join(kept...)
}

// mistakes names the variables that could not be parsed, without their values.
func mistakes(err error) error {
	var all env.AggregateError
	if !errors.As(err, &all) {
		return err
	}
	var joined []error
	for _, each := range all.Errors {
		var parse env.ParseError
		if errors.As(each, &parse) {
			must := "an address, such as https://id.example"
			switch {
			case parse.Type.Kind() == reflect.Bool:
				must = "true or false"
			case parse.Type.Kind() == reflect.Int:
				must = "debug, info, warn or error"
			case parse.Type == reflect.TypeFor[time.Duration]():
				must = "a time in hours, such as 2160h for 90 days, or 0 for ever"
			}
			each = fmt.Errorf("%s must be %s", variableOf(parse.Name), must)
		}
		joined = append(joined, each)
	}
	return errors.Join(joined...)
}

// withFiles replaces NAME_FILE by the content of the file.
func withFiles(environ map[string]string) (map[string]string, error) {
	environ = maps.Clone(environ)
	maps.DeleteFunc(environ, func(_, value string) bool { return value == "" })
	var mistakes []error
	for _, name := range secretVariables {
		path, given := environ[name+"_FILE"]
		if !given {
			continue
		}
		if _, twice := environ[name]; twice {
			mistakes = append(mistakes, fmt.Errorf("%s and %s_FILE are both set: keep one", name, name))
			continue
		}
		content, err := os.ReadFile(path)
		if err != nil {
			mistakes = append(mistakes, fmt.Errorf("%s_FILE: %w", name, err))
			continue
		}
		if environ[name] = strings.TrimSpace(string(content)); environ[name] == "" {
			mistakes = append(mistakes, fmt.Errorf("%s_FILE: the file is empty", name))
		}
	}
	return environ, errors.Join(mistakes...)
}

// complete fills in what follows from other variables and collects what is wrong.
func (c *Config) complete() error {
	var wrong []error
	add := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }

	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		add("ONBOARD_LISTEN is not host:port: %q", c.Listen)
	}
	if _, _, err := net.SplitHostPort(c.MetricsListen); c.MetricsListen != "" && err != nil {
		add("ONBOARD_METRICS_LISTEN is not host:port: %q", c.MetricsListen)
	}
	if c.PublicURL == nil && err == nil {
		if !IsLoopback(host) {
			add("ONBOARD_PUBLIC_URL is required when ONBOARD_LISTEN is not a loopback address: give the https address that browsers use")
		} else {
			c.PublicURL = &url.URL{Scheme: "http", Host: net.JoinHostPort(host, port)}
		}
	}
	if c.PublicURL != nil {
		wrong = append(wrong, c.checkPublic()...)
	}
	c.Keys, err = seal.ParseKeyring(c.SealingKeys)
	switch {
	case c.SealingKeys.IsZero():
		add("ONBOARD_SEALING_KEYS is required: make a key with \"onboard keygen\"")
	case err != nil:
		add("ONBOARD_SEALING_KEYS: %w", err)
	}
	wrong = append(wrong, c.checkUpstreams()...)
	wrong = append(wrong, c.checkWebhook()...)
	wrong = append(wrong, c.checkRetention()...)
	if scheme, at := c.database(); at == "" || (scheme != "sqlite" && !c.OnPostgres()) {
		add("ONBOARD_DATABASE_URL must be sqlite:// and a path, or an address such as postgres://user:password@host:5432/database")
	}
	return errors.Join(wrong...)
}

func (c *Config) checkPublic() (wrong []error) {
	loopback := IsLoopback(c.PublicURL.Hostname())
	switch {
	case c.PublicURL.Host == "" || (c.PublicURL.Scheme != "https" && c.PublicURL.Scheme != "http"):
		wrong = append(wrong, errors.New("ONBOARD_PUBLIC_URL must be an http or https address"))
	case c.PublicURL.Scheme == "http" && !loopback:
		wrong = append(wrong, errors.New("ONBOARD_PUBLIC_URL must be https: only a loopback address may be http"))
	case strings.Trim(c.PublicURL.Path, "/") != "" || hasMore(c.PublicURL):
		wrong = append(wrong, errors.New("ONBOARD_PUBLIC_URL must be scheme and host alone, without a path, query or user"))
	}
	if c.AllowLoopback && !loopback {
		wrong = append(wrong, errors.New("ONBOARD_ALLOW_LOOPBACK is refused because ONBOARD_PUBLIC_URL is not a loopback address"))
	}
	return wrong
}

func (c *Config) checkUpstreams() (wrong []error) {
	for _, each := range []struct {
		name string
		url  *url.URL
	}{
		{"ONBOARD_IAM_URL", c.IAMURL},
		{"ONBOARD_ID_URL", c.IDURL},
		{"ONBOARD_ENTRA_LOGIN_URL", c.EntraLoginURL},
		{"ONBOARD_WEBHOOK_URL", c.WebhookURL},
		{"ONBOARD_SCIM_URL_TEMPLATE", templateURL(c.SCIMURLTemplate)},
		{"ONBOARD_REDIRECT_URI_TEMPLATE", templateURL(c.RedirectURITemplate)},
	} {
		switch u := each.url; {
		case u == nil:
		case u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || hasMore(u):
			wrong = append(wrong, fmt.Errorf("%s must be an https address, without a query or user", each.name))
		case u.Scheme == "http" && (!c.AllowLoopback || !IsLoopback(u.Hostname())):
			wrong = append(wrong, fmt.Errorf("%s must be https: http is for loopback addresses with ONBOARD_ALLOW_LOOPBACK=true", each.name))
		}
	}
	if c.IDURL != nil {
		id := strings.TrimRight(c.IDURL.String(), "/")
		if c.SCIMURLTemplate == "" {
			c.SCIMURLTemplate = id + "/{tenant}/api/scim/v2"
		}
		if c.RedirectURITemplate == "" {
			wrong = append(wrong, fmt.Errorf("ONBOARD_REDIRECT_URI_TEMPLATE is required: Aritma does not document it; the best guess is %s/{tenant}/federation/{scheme}/signin", id))
		}
	}
	if !strings.Contains(c.SCIMURLTemplate, "{tenant}") {
		wrong = append(wrong, errors.New("ONBOARD_SCIM_URL_TEMPLATE must contain {tenant}"))
	}
	if c.RedirectURITemplate != "" && !strings.Contains(c.RedirectURITemplate, "{scheme}") {
		wrong = append(wrong, errors.New("ONBOARD_REDIRECT_URI_TEMPLATE must contain {scheme}"))
	}
	if (c.ServiceClientID == "") != c.ServiceClientSecret.IsZero() {
		wrong = append(wrong, errors.New("ONBOARD_SERVICE_CLIENT_SECRET and ONBOARD_SERVICE_CLIENT_ID belong together: set both or neither"))
	}
	if c.IDClientID == "" && !c.IDClientSecret.IsZero() {
		wrong = append(wrong, errors.New("ONBOARD_ID_CLIENT_SECRET needs ONBOARD_ID_CLIENT_ID: set it too, or remove the secret"))
	}
	return append(wrong, c.checkAuthority()...)
}

// checkAuthority decides what a setup link may do by itself.
func (c *Config) checkAuthority() (wrong []error) {
	switch c.LinkAuthority {
	case AuthorityLink:
	case "":
		c.LinkAuthority = AuthorityLink
		if c.IDClientID != "" {
			c.LinkAuthority = AuthoritySignin
		}
	case AuthoritySignin:
		if c.IDClientID == "" {
			wrong = append(wrong, errors.New("ONBOARD_LINK_AUTHORITY=signin needs ONBOARD_ID_CLIENT_ID: nobody could sign in without the wizard's own client at Aritma ID"))
		}
	default:
		wrong = append(wrong, errors.New("ONBOARD_LINK_AUTHORITY must be link or signin"))
	}
	if c.ConsoleTenant != "" && c.IDClientID == "" {
		wrong = append(wrong, errors.New("ONBOARD_CONSOLE_TENANT needs ONBOARD_ID_CLIENT_ID: customer success signs in with Aritma"))
	}
	for i, role := range c.ConsoleRoles {
		if c.ConsoleRoles[i] = strings.TrimSpace(role); c.ConsoleRoles[i] == "" {
			wrong = append(wrong, errors.New("ONBOARD_CONSOLE_ROLES must be names of roles, with commas between them"))
			break
		}
	}
	for i, proxy := range c.TrustedProxies {
		c.TrustedProxies[i] = strings.TrimSpace(proxy)
		if _, err := netip.ParsePrefix(c.TrustedProxies[i]); err != nil {
			wrong = append(wrong, errors.New("ONBOARD_TRUSTED_PROXIES must be networks such as 10.0.0.0/8, with commas between them"))
			break
		}
	}
	return wrong
}

// DomainRequired reports whether a setup link must name the e-mail domain that its directory owns: wherever real
// companies are connected by link.
func (c *Config) DomainRequired() bool { return c.LinkAuthority == AuthorityLink && !c.AllowLoopback }

// SCIMOrigin is where the SCIM endpoint is, whatever the tenant.
func (c *Config) SCIMOrigin() *url.URL {
	at := templateURL(c.SCIMURLTemplate)
	return &url.URL{Scheme: at.Scheme, Host: at.Host}
}

// database is the scheme of the database's address, and what comes after it.
func (c *Config) database() (scheme, at string) {
	scheme, at, _ = strings.Cut(c.DatabaseURL.Expose(), "://")
	return scheme, at
}

// OnPostgres reports whether the database is a PostgreSQL server, at DatabaseURL; otherwise it is embedded.
func (c *Config) OnPostgres() bool {
	scheme, _ := c.database()
	return scheme == "postgres" || scheme == "postgresql"
}

// DatabasePath is the file of the embedded database.
func (c *Config) DatabasePath() string {
	_, path := c.database()
	return path
}

// templateURL is a template read as an address; nil when there is none, and without a host when it is none.
func templateURL(template string) *url.URL {
	if template == "" {
		return nil
	}
	u, err := url.Parse(strings.NewReplacer("{tenant}", "tenant", "{scheme}", "scheme").Replace(template))
	if err != nil {
		return &url.URL{}
	}
	return u
}

// hasMore reports what no address here may have: it would be lost, or shown to people.
func hasMore(u *url.URL) bool { return u.User != nil || u.RawQuery != "" || u.Fragment != "" }

// IsLoopback reports whether a host is this machine's own.
func IsLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

// variableOf is the variable behind a field of Config, as env reports it.
func variableOf(field string) string {
	names := map[string]string{
		"PublicURL": "ONBOARD_PUBLIC_URL", "IAMURL": "ONBOARD_IAM_URL", "IDURL": "ONBOARD_ID_URL",
		"EntraLoginURL": "ONBOARD_ENTRA_LOGIN_URL", "AllowLoopback": "ONBOARD_ALLOW_LOOPBACK",
		"WebhookURL": "ONBOARD_WEBHOOK_URL", "LogLevel": "ONBOARD_LOG_LEVEL", "RetainCompleted": "ONBOARD_RETAIN_COMPLETED", "RetainAbandoned": "ONBOARD_RETAIN_ABANDONED",
		"RetainSetups": "ONBOARD_RETAIN_SETUPS",
	}
	if name, ok := names[field]; ok {
		return name
	}
	return field
}
