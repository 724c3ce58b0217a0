package entra_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aritma/entra-onboard/internal/entra"
	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/message"
	"github.com/aritma/entra-onboard/internal/outbound"
	"github.com/aritma/entra-onboard/internal/sandbox"
	"github.com/aritma/entra-onboard/internal/secret"
)

const clientID = "55555555-aaaa-4bbb-8ccc-666666666666"

var (
	clientSecret = secret.New(`Zk8~Q-"canary"&<secret>.5b2c/xyz`)
	inDirectory  = entra.Directory{ID: id, Cloud: entra.Global, GraphHost: "graph.microsoft.com", Authority: entra.Authority(id)}
)

const issued = `{"token_type":"Bearer","expires_in":3599,"access_token":"eyJ0.token-canary.c2ln"}`

// prover is a client whose pauses take no time and are written down.
func prover(t *testing.T, server *httptest.Server) (*entra.Client, *[]time.Duration) {
	t.Helper()
	override, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	c, pauses := entra.New(server.Client(), override), &[]time.Duration{}
	c.SetWait(func(ctx context.Context, d time.Duration) error {
		*pauses = append(*pauses, d)
		return ctx.Err()
	})
	return c, pauses
}

// demand holds an error against the sentence that it must have, and shows that neither log nor sentence has a secret.
func demand(t *testing.T, err error, kind fault.Kind, want string) {
	t.Helper()
	if want == "" {
		if err != nil {
			t.Errorf("got %v, want proven", err)
		}
		return
	}
	f := fault.Of(err)
	if err == nil || f.ID != want || f.Kind != kind {
		t.Errorf("got %v of kind %v, want %s of kind %v", err, f.Kind, want, kind)
	}
	catalogue, catalogueErr := message.New()
	if catalogueErr != nil {
		t.Fatal(catalogueErr)
	}
	sentence := catalogue.For("en").Fault(f)
	if told := fmt.Sprintf("%v %+v %#v %v %s", err, err, f, f.Data, sentence); strings.Contains(told, "canary") {
		t.Error("a secret is told")
	}
	for _, wrong := range []string{want, "<no value>", "{{", "()", "please", "sorry", "invalid"} {
		if strings.Contains(strings.ToLower(sentence), wrong) {
			t.Errorf("%s: %q has %q", want, sentence, wrong)
		}
	}
}

func TestProveSecretSendsOneTokenRequest(t *testing.T) {
	for _, c := range []struct {
		name  string
		in    entra.Directory
		host  string
		scope string
	}{
		{"global", inDirectory, globalHost, "https://graph.microsoft.com/.default"},
		{"government", entra.Directory{ID: id, Cloud: entra.USGovernment, GraphHost: "graph.microsoft.us"}, usHost, "https://graph.microsoft.us/.default"},
		{"defence", entra.Directory{ID: id, Cloud: entra.USGovernment, GraphHost: "dod-graph.microsoft.us"}, usHost, "https://dod-graph.microsoft.us/.default"},
		{"China, by authority alone", entra.Directory{ID: id, Authority: "https://" + chinaHost + "/" + id + "/v2.0"}, chinaHost, "https://microsoftgraph.chinacloudapi.cn/.default"},
		{"directory not proven", entra.Directory{ID: id, Authority: entra.Authority(id)}, globalHost, "https://graph.microsoft.com/.default"},
		{"nothing but the id", entra.Directory{ID: id}, globalHost, "https://graph.microsoft.com/.default"},
		{"hostile", entra.Directory{ID: id, Cloud: "mars", Authority: "https://evil.example", GraphHost: "evil.example"}, globalHost, "https://graph.microsoft.com/.default"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var asked []string
			var form url.Values
			microsoft := roundTrip(func(r *http.Request) (*http.Response, error) {
				asked = append(asked, r.Method+" "+r.URL.String()+" "+r.Header.Get("Content-Type"))
				body, err := io.ReadAll(r.Body)
				if err != nil {
					return nil, err
				}
				form, err = url.ParseQuery(string(body))
				answer := httptest.NewRecorder()
				answer.Body.WriteString(issued)
				return answer.Result(), err
			})
			err := entra.New(&http.Client{Transport: microsoft}, nil).ProveSecret(t.Context(), c.in, clientID, clientSecret, true)
			demand(t, err, 0, "")
			if want := []string{"POST https://" + c.host + "/" + id + "/oauth2/v2.0/token application/x-www-form-urlencoded"}; !slices.Equal(asked, want) {
				t.Errorf("asked %q, want %q", asked, want)
			}
			want := url.Values{"grant_type": {"client_credentials"}, "scope": {c.scope}, "client_id": {clientID}, "client_secret": {clientSecret.Expose()}}
			if form.Encode() != want.Encode() {
				t.Error("the form is not as it must be")
			}
		})
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestProveSecretTellsRefusalsApart(t *testing.T) {
	const unproven = "entra.secret-unproven"
	for _, c := range []struct {
		name   string
		status int
		body   string
		kind   fault.Kind
		want   string
	}{
		{"token", 200, issued, 0, ""},
		{"secret wrong", 401, refusal(7000215, "Invalid client secret provided."), fault.Invalid, "entra.secret-wrong"},
		{"secret expired", 401, refusal(7000222, "expired"), fault.Invalid, "entra.secret-expired"},
		{"application unknown", 400, refusal(700016, "not found"), fault.Invalid, "entra.app-unknown"},
		{"application disabled", 400, refusal(7000112, "disabled"), fault.Invalid, "entra.app-disabled"},
		{"application disabled, older number", 400, refusal(70001, "disabled"), fault.Invalid, "entra.app-disabled"},
		{"public client", 401, refusal(700025, "public"), fault.Invalid, "entra.public-client"},
		{"no service principal", 401, refusal(7000229, "missing"), fault.Invalid, "entra.principal-missing"},
		{"directory unknown", 400, refusal(90002, "not found"), fault.Invalid, "entra.directory-unknown"},
		{"directory elsewhere", 400, refusal(90038, "national"), fault.Invalid, "entra.directory-elsewhere"},

		{"conditional access", 400, refusal(53003, "blocked"), fault.Unavailable, "entra.secret-policy"},
		{"device policy", 400, refusal(53000, "device"), fault.Unavailable, "entra.secret-policy"},
		{"security policy", 400, refusal(530032, "policy"), fault.Unavailable, "entra.secret-policy"},

		{"unknown number", 400, refusal(9999999, "new"), fault.Unavailable, unproven},
		{"secret not seen by Microsoft", 401, refusal(7000218, "missing"), fault.Unavailable, unproven},
		{"resource unknown", 400, refusal(500011, "not found"), fault.Unavailable, unproven},
		{"tenant restrictions", 403, refusal(500021, "proxy"), fault.Unavailable, unproven},
		{"number in a server error", 500, refusal(7000215, "x"), fault.Unavailable, unproven},
		{"number with too many requests", 429, refusal(7000215, "x"), fault.Unavailable, unproven},
		{"number in a redirect", 302, refusal(7000215, "x"), fault.Unavailable, unproven},
		{"unavailable", 503, ``, fault.Unavailable, unproven},
		{"proxy", 407, `<html>`, fault.Unavailable, unproven},
		{"number in a page of a proxy", 403, `<html>AADSTS7000215</html>`, fault.Unavailable, unproven},
		{"captive portal", 200, `<!doctype html>`, fault.Unavailable, unproven},
		{"no token", 200, `{"token_type":"Bearer"}`, fault.Unavailable, unproven},
		{"empty token", 200, `{"access_token":""}`, fault.Unavailable, unproven},
		{"token that is no text", 200, `{"access_token":{"a":1}}`, fault.Unavailable, unproven},
		{"no content", 204, ``, fault.Unavailable, unproven},
		{"nothing", 200, ``, fault.Unavailable, unproven},
		{"too long", 200, issued + strings.Repeat(" ", entra.MaxDocument), fault.Unavailable, unproven},
		{"the secret comes back", 400, `{"error_description":"` + clientSecret.Expose() + `","correlation_id":"canary","error_codes":["canary"]}`, fault.Unavailable, unproven},
	} {
		t.Run(c.name, func(t *testing.T) {
			server, asked := answering(t, c.status, c.body)
			client, pauses := prover(t, server)
			err := client.ProveSecret(t.Context(), inDirectory, clientID, clientSecret, false)
			demand(t, err, c.kind, c.want)
			if len(*asked) != 1 || len(*pauses) != 0 {
				t.Errorf("asked %q, with pauses %v", *asked, *pauses)
			}
			if _, number, told := strings.Cut(c.body, "AADSTS"); told && !strings.HasPrefix(c.body, "<") {
				number, _, _ = strings.Cut(number, ":")
				if f := fault.Of(err); f.Data["Code"] != "AADSTS"+number || f.Data["Correlation"] != otherID {
					t.Errorf("data %v lacks number and correlation id", f.Data)
				}
			}
		})
	}
}

// TestProveSecretMadeAMomentAgo: what is new is asked for again before it is judged, and nothing else is.
func TestProveSecretMadeAMomentAgo(t *testing.T) {
	wrong, unknown, policy := refusal(7000215, "wrong"), refusal(700016, "unknown"), refusal(53003, "policy")
	expired := refusal(7000222, "expired")
	for _, c := range []struct {
		name    string
		answers []string // the last one stays
		want    string
		pauses  int
	}{
		{"known at once", []string{issued}, "", 0},
		{"secret known the second time", []string{wrong, issued}, "", 1},
		{"application, then its secret, known", []string{unknown, wrong, issued}, "", 2},
		{"wrong for good", []string{wrong}, "entra.secret-wrong", 2},
		{"unknown for good", []string{unknown}, "entra.app-unknown", 2},
		{"policy at the second time", []string{wrong, policy}, "entra.secret-policy", 1},
		{"expired secrets are not new", []string{expired, issued}, "entra.secret-expired", 0},
		{"policies do not change in seconds", []string{policy, issued}, "entra.secret-policy", 0},
		{"nothing that can be understood", []string{"?", issued}, "entra.secret-unproven", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				answer := c.answers[0]
				if len(c.answers) > 1 {
					c.answers = c.answers[1:]
				}
				if answer != issued {
					w.WriteHeader(http.StatusBadRequest)
				}
				_, _ = io.WriteString(w, answer)
			}))
			defer server.Close()
			client, pauses := prover(t, server)
			err := client.ProveSecret(t.Context(), inDirectory, clientID, clientSecret, true)
			if len(*pauses) != c.pauses {
				t.Errorf("pauses %v, want %d", *pauses, c.pauses)
			}
			demand(t, err, fault.Of(err).Kind, c.want)
			sentence := catalogueOf(t).Fault(fault.Of(err))
			if strings.HasSuffix(c.name, "for good") != strings.Contains(sentence, "two minutes ago") {
				t.Errorf("the sentence is %q", sentence)
			}
		})
	}
}

func catalogueOf(t *testing.T) message.Printer {
	t.Helper()
	catalogue, err := message.New()
	if err != nil {
		t.Fatal(err)
	}
	return catalogue.For("en")
}

// TestProveSecretKeepsToItsTime: pauses are made only where the deadline leaves room for them and another attempt, and
// what was said only once about something new is no verdict.
func TestProveSecretKeepsToItsTime(t *testing.T) {
	for _, c := range []struct {
		limit   time.Duration
		asked   int
		took    time.Duration
		verdict string
	}{
		{0, 3, 7 * time.Second, "entra.secret-wrong"},
		{10 * time.Second, 3, 7 * time.Second, "entra.secret-wrong"},
		{5 * time.Second, 2, 2 * time.Second, "entra.secret-wrong"},
		{800 * time.Millisecond, 1, 0, "entra.secret-unproven"},
	} {
		synctest.Test(t, func(t *testing.T) {
			microsoft := &clouds{says: map[string]func(context.Context) (int, string, error){globalHost: saying(401, refusal(7000215, "wrong"))}}
			ctx := t.Context()
			if c.limit > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, c.limit)
				defer cancel()
			}
			began := time.Now()
			err := entra.New(&http.Client{Transport: microsoft}, nil).ProveSecret(ctx, inDirectory, clientID, clientSecret, true)
			if f := fault.Of(err); f.ID != c.verdict || f.Data["Code"] != "AADSTS7000215" {
				t.Errorf("within %v: %v", c.limit, err)
			}
			if took := time.Since(began); took != c.took || len(microsoft.asked) != c.asked {
				t.Errorf("within %v: took %v, asked %d times", c.limit, took, len(microsoft.asked))
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		microsoft := &clouds{says: map[string]func(context.Context) (int, string, error){globalHost: saying(401, refusal(7000215, "wrong"))}}
		ctx, cancel := context.WithCancel(t.Context())
		defer time.AfterFunc(time.Second, cancel).Stop()
		began := time.Now()
		err := entra.New(&http.Client{Transport: microsoft}, nil).ProveSecret(ctx, inDirectory, clientID, clientSecret, true)
		if fault.Of(err).ID != "entra.secret-unproven" || time.Since(began) != time.Second {
			t.Errorf("given up after %v: %v", time.Since(began), err)
		}
	})
}

func TestProveSecretSendsNothingWithoutSecretOrDirectory(t *testing.T) {
	server, asked := answering(t, http.StatusOK, issued)
	client, _ := prover(t, server)
	demand(t, client.ProveSecret(t.Context(), inDirectory, clientID, secret.Secret{}, true), fault.Invalid, "entra.secret-missing")
	for _, name := range []string{"", "nordlys.example", id + "/..", "common", clientSecret.Expose()} {
		demand(t, client.ProveSecret(t.Context(), entra.Directory{ID: name}, clientID, clientSecret, true), fault.Invalid, "entra.directory-malformed")
	}
	if len(*asked) != 0 {
		t.Errorf("asked %q", *asked)
	}
}

func TestProveSecretWithoutAnAnswer(t *testing.T) {
	echoing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_, _ = conn.Write(append([]byte("canary "), body...))
			_ = conn.Close()
		}
	}))
	t.Cleanup(echoing.Close)
	short := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "500")
		_, _ = io.WriteString(w, issued)
	}))
	t.Cleanup(short.Close)
	elsewhere, asked := answering(t, http.StatusOK, issued)
	redirecting := httptest.NewServer(http.RedirectHandler(elsewhere.URL+"/canary", http.StatusTemporaryRedirect))
	t.Cleanup(redirecting.Close)
	refusing := httptest.NewServer(http.NotFoundHandler())
	refusing.Close()
	for _, server := range []*httptest.Server{echoing, short, redirecting, refusing} {
		client, _ := prover(t, server)
		demand(t, client.ProveSecret(t.Context(), inDirectory, clientID, clientSecret, true), fault.Unavailable, "entra.secret-unproven")
	}
	if len(*asked) != 0 {
		t.Error("the redirect was followed, with the secret")
	}
	given, cancel := context.WithCancel(t.Context())
	cancel()
	client, _ := prover(t, elsewhere)
	if err := client.ProveSecret(given, inDirectory, clientID, clientSecret, true); !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
}

func TestProveSecretAgainstTheSandbox(t *testing.T) {
	box, err := sandbox.Start(context.Background(), sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	sample, faults := box.Sample(), box.Faults()
	login, err := url.Parse(box.EntraLoginURL())
	if err != nil {
		t.Fatal(err)
	}
	wire := outbound.New(outbound.Options{Allow: entra.Hosts(login), AllowLoopback: true})
	t.Cleanup(wire.CloseIdleConnections)
	client := entra.New(wire, login)
	client.SetWait(func(context.Context, time.Duration) error { return nil })
	d, err := client.Lookup(t.Context(), sample.Domain)
	if err != nil {
		t.Fatal(err)
	}
	prove := func(in entra.Directory, application string, value secret.Secret, fresh bool) error {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 900*time.Millisecond)
		defer cancel()
		if fresh { // the pauses need room, and take no time
			return client.ProveSecret(t.Context(), in, application, value, fresh)
		}
		return client.ProveSecret(ctx, in, application, value, fresh)
	}

	demand(t, prove(d, sample.ClientID, sample.ClientSecret, false), 0, "")
	demand(t, prove(entra.Directory{ID: d.ID}, sample.ClientID, sample.ClientSecret, false), 0, "")
	demand(t, prove(d, sample.ClientID, sample.ExpiredSecret, false), fault.Invalid, "entra.secret-expired")
	demand(t, prove(d, sample.ClientID, secret.New(sample.SecretID), false), fault.Invalid, "entra.secret-wrong")
	demand(t, prove(d, sample.ClientID, secret.New(sample.ClientSecret.Expose()[1:]), false), fault.Invalid, "entra.secret-wrong")
	demand(t, prove(d, sample.DirectoryID, sample.ClientSecret, false), fault.Invalid, "entra.app-unknown")
	demand(t, prove(entra.Directory{ID: sample.OtherDirectoryID}, sample.ClientID, sample.ClientSecret, false), fault.Invalid, "entra.app-unknown")
	demand(t, prove(entra.Directory{ID: otherID}, sample.ClientID, sample.ClientSecret, false), fault.Invalid, "entra.directory-unknown")
	for sw, want := range map[sandbox.Switch]string{
		sandbox.EntraConditionalAccess: "entra.secret-policy", sandbox.EntraUnknownError: "entra.secret-unproven",
		sandbox.EntraUnreachable: "entra.secret-unproven", sandbox.EntraUnavailable: "entra.secret-unproven", sandbox.EntraLimited: "entra.secret-unproven",
		sandbox.EntraGarbled: "entra.secret-unproven", sandbox.EntraSlow: "entra.secret-unproven",
	} {
		faults.Set(sw, sandbox.UntilCleared)
		began := time.Now()
		demand(t, prove(d, sample.ClientID, sample.ClientSecret, false), fault.Unavailable, want)
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("%s took %v", sw, took)
		}
		faults.ClearAll()
	}
	for _, sw := range []sandbox.Switch{sandbox.EntraSecretUnknown, sandbox.EntraClientUnknown} {
		faults.Set(sw, 2)
		demand(t, prove(d, sample.ClientID, sample.ClientSecret, true), 0, "")
	}
	faults.Set(sandbox.EntraSecretUnknown, sandbox.UntilCleared)
	demand(t, prove(d, sample.ClientID, sample.ClientSecret, true), fault.Invalid, "entra.secret-wrong")
	faults.ClearAll()
	faults.Set(sandbox.EntraUnavailable, 1) // repeated on its way
	demand(t, client.ProveSecret(t.Context(), d, sample.ClientID, sample.ClientSecret, false), 0, "")
}
