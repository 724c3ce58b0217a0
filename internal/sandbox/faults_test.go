package sandbox_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aritma/entra-onboard/internal/message"
	"github.com/aritma/entra-onboard/internal/sandbox"
	"github.com/aritma/entra-onboard/internal/secret"
)

// probes are the requests that the faults act on; each is given a provider "nordlys" and a live SCIM token.
var probes = map[string]func(r *faultRig) (reply, error){
	"id token": func(r *faultRig) (reply, error) {
		return r.try("POST", r.tokenURL(tenantA), secret.Secret{}, r.serviceForm())
	},
	"login page": func(r *faultRig) (reply, error) {
		return r.try("GET", r.IDURL()+"/"+tenantA+"/connect/authorize?"+question("acr_values", "").Encode(), secret.Secret{}, nil)
	},
	"list":         func(r *faultRig) (reply, error) { return r.tryIAM("GET", "/v1/sso", nil) },
	"list tokens":  func(r *faultRig) (reply, error) { return r.tryIAM("GET", "/v1/scim", nil) },
	"register":     func(r *faultRig) (reply, error) { return r.tryIAM("POST", "/v1/sso/azuread", providerBody("fresh")) },
	"duplicate":    func(r *faultRig) (reply, error) { return r.tryIAM("POST", "/v1/sso/azuread", providerBody("nordlys")) },
	"update":       func(r *faultRig) (reply, error) { return r.tryIAM("PUT", r.provider(), r.update()) },
	"delete":       func(r *faultRig) (reply, error) { return r.tryIAM("DELETE", r.provider(), nil) },
	"create token": func(r *faultRig) (reply, error) { return r.tryIAM("POST", "/v1/scim", tokenBody("nordlys")) },
	"delete token": func(r *faultRig) (reply, error) { return r.tryIAM("DELETE", "/v1/scim/"+r.tokenID, nil) },
	"not there":    func(r *faultRig) (reply, error) { return r.tryIAM("GET", "/v1/sso/azuread/4711", nil) },
	"scim":         func(r *faultRig) (reply, error) { return r.try("GET", r.scimURL(tenantA)+"/Users", r.value, nil) },
	"directory": func(r *faultRig) (reply, error) {
		return r.try("GET", r.directoryURL(r.Sample().Domain), secret.Secret{}, nil)
	},
	"client secret": func(r *faultRig) (reply, error) {
		return r.try("POST", r.entraTokenURL(r.Sample().Domain), secret.Secret{}, r.entraForm())
	},
	"account": func(r *faultRig) (reply, error) {
		r.connectEntra()
		return r.still("POST", r.signinURL(r.Sample().Domain, r.askedEntra()), url.Values{"account": {kari}}), nil
	},
	"identity": func(r *faultRig) (reply, error) {
		r.connectEntra()
		r.AddEmailClaim(r.Sample().ClientID)
		got := r.redeemEntra(r.redeemEntraForm(r.signedInEntra(kari)))
		_, r.identity = r.entraIdentityOf(got.json(r.t)["id_token"].(string))
		return got, nil
	},
}

type faultRig struct {
	*rig
	id      int64
	value   secret.Secret
	tokenID string
	// identity holds the claims of the ID token that the probe of this name was given.
	identity map[string]any
}

func startFaulty(t *testing.T) *faultRig {
	t.Helper()
	r := &faultRig{rig: start(t)}
	r.id = r.register(tenantA, "nordlys")
	r.value, r.tokenID = r.scimToken(tenantA, "nordlys")
	return r
}

func (r *faultRig) try(method, address string, token secret.Secret, body any) (reply, error) {
	return r.send(r.t.Context(), method, address, token, body)
}

func (r *faultRig) tryIAM(method, path string, body any) (reply, error) {
	return r.try(method, r.IAMURL()+path, r.AccessToken(tenantA), body)
}

func (r *faultRig) provider() string { return "/v1/sso/azuread/" + itoa(r.id) }

func (r *faultRig) update() map[string]any {
	body := providerBody("nordlys")
	body["id"], body["displayName"] = r.id, "Renamed"
	return body
}

// effect is what a client notices of a fault. Status 0: no answer.
type effect struct {
	probe  string
	status int
	holds  string                // part of the body
	also   func(r *faultRig) any // compared with want
	want   any
}

func answerType(want string) func(reply) bool {
	return func(got reply) bool { return strings.HasPrefix(got.header.Get("Content-Type"), want) }
}

var effects = map[sandbox.Switch]effect{
	sandbox.IDUnavailable:            {probe: "id token", status: 503},
	sandbox.IDGarbled:                {probe: "id token", status: 200, holds: "<html>"},
	sandbox.IDClientRefused:          {probe: "id token", status: 401, holds: `{"error":"invalid_client"}`},
	sandbox.IDTokenWithoutPermission: {probe: "id token", status: 200, holds: `"scope":""`},
	sandbox.IDTokenExpired:           {probe: "id token", status: 200, holds: "access_token"},

	sandbox.IAMConnectionCut: {probe: "register", status: 0, also: providers, want: 1},
	sandbox.IAMUnavailable:   {probe: "list", status: 503},
	sandbox.IAMLimited:       {probe: "list", status: 429},
	sandbox.IAMGarbled:       {probe: "register", status: 200, holds: "<html>", also: providers, want: 1},
	sandbox.IAMHuge:          {probe: "list", status: 200, holds: strings.Repeat(" ", 10<<20)},
	sandbox.IAMUnauthorized:  {probe: "list", status: 401},
	sandbox.IAMForbidden:     {probe: "list", status: 403},
	sandbox.IAMTextErrors:    {probe: "not there", status: 404, holds: "There is no provider with this id.\n"},
	sandbox.IAMEmptyErrors:   {probe: "not there", status: 404},

	sandbox.RegisterAnswerLost:    {probe: "register", status: 0, also: providers, want: 2},
	sandbox.UpdateAnswerLost:      {probe: "update", status: 0, also: func(r *faultRig) any { return r.Snapshot(tenantA).Providers[0].DisplayName }, want: "Renamed"},
	sandbox.CreateTokenAnswerLost: {probe: "create token", status: 0, also: scimTokens, want: 2},
	sandbox.DeleteAnswerLost:      {probe: "delete token", status: 0, also: scimTokens, want: 0},

	sandbox.RegisterAnswersLinksObject: {probe: "register", status: 201, holds: `{"links":[{"href":"/v0/sso/custom/2"`},
	sandbox.RegisterAnswersProvider:    {probe: "register", status: 200, holds: `"scheme":"fresh"`},
	sandbox.RegisterAnswersLocation:    {probe: "register", status: 201},
	sandbox.NoProviderID:               {probe: "register", status: 201, also: providers, want: 2},
	sandbox.DuplicateAs400:             {probe: "duplicate", status: 400},
	sandbox.DuplicateAs500:             {probe: "duplicate", status: 500},
	sandbox.ListNotOffered:             {probe: "list tokens", status: 404},
	sandbox.ListWrapped:                {probe: "list tokens", status: 200, holds: `{"data":[{`},
	sandbox.ListInItems:                {probe: "list", status: 200, holds: `{"items":[{`},
	sandbox.IDsAsText:                  {probe: "list", status: 200, holds: `"id":"1"`},
	sandbox.UpdateNotOffered:           {probe: "update", status: 405, also: func(r *faultRig) any { return r.Snapshot(tenantA).Providers[0].DisplayName }, want: "Nordlys"},
	sandbox.UpdateAnswersNoContent:     {probe: "update", status: 204},
	sandbox.DeleteNotOffered:           {probe: "delete", status: 405, also: providers, want: 1},
	sandbox.DeleteAnswersBody:          {probe: "delete", status: 200, holds: "{", also: providers, want: 0},
	sandbox.CreateTokenWithoutValue:    {probe: "create token", status: 200, holds: `"provider":"nordlys"`},

	sandbox.SCIMUnavailable:  {probe: "scim", status: 503},
	sandbox.SCIMUnauthorized: {probe: "scim", status: 401},
	sandbox.SCIMNotFound:     {probe: "scim", status: 404},
	sandbox.SCIMHTML:         {probe: "scim", status: 200, holds: "<html>"},

	sandbox.EntraUnreachable:       {probe: "directory", status: 0},
	sandbox.EntraUnavailable:       {probe: "client secret", status: 503},
	sandbox.EntraLimited:           {probe: "directory", status: 429},
	sandbox.EntraGarbled:           {probe: "directory", status: 200, holds: "<html>"},
	sandbox.EntraClientUnknown:     {probe: "client secret", status: 400, holds: "[700016]"},
	sandbox.EntraSecretUnknown:     {probe: "client secret", status: 401, holds: "[7000215]"},
	sandbox.EntraSecretExpired:     {probe: "client secret", status: 401, holds: "[7000222]"},
	sandbox.EntraConditionalAccess: {probe: "client secret", status: 400, holds: "[53003]"},
	sandbox.EntraUnknownError:      {probe: "client secret", status: 400, holds: "[9999999]"},

	sandbox.MistakeNoConsent:    {probe: "account", status: 400, holds: "AADSTS65001"},
	sandbox.MistakeNotAssigned:  {probe: "account", status: 400, holds: "AADSTS50105"},
	sandbox.MistakePolicy:       {probe: "account", status: 400, holds: "AADSTS53003"},
	sandbox.MistakeNoEmailClaim: {probe: "identity", status: 200, also: func(r *faultRig) any { return r.identity["preferred_username"] != nil && r.identity["email"] == nil }, want: true},
}

func providers(r *faultRig) any  { return len(r.Snapshot(tenantA).Providers) }
func scimTokens(r *faultRig) any { return len(r.Snapshot(tenantA).SCIMTokens) }

// slow switches are held against their own test.
var slow = map[sandbox.Switch]string{
	sandbox.IDSlow: "id token", sandbox.IDSlowSignin: "login page", sandbox.IAMSlow: "create token", sandbox.SCIMSlow: "scim", sandbox.EntraSlow: "directory",
}

// testedElsewhere knows the switches whose effect takes more than one request to see.
func testedElsewhere(sw sandbox.Switch) bool {
	_, ofSignin := signinEffects[sw]
	return ofSignin
}

func TestEverySwitchDoesWhatItSays(t *testing.T) {
	for _, sw := range sandbox.Switches() {
		e, known := effects[sw]
		if !known {
			if slow[sw] == "" && !testedElsewhere(sw) {
				t.Errorf("%s has no test", sw)
			}
			continue
		}
		t.Run(string(sw), func(t *testing.T) {
			r := startFaulty(t)
			// Go's client repeats a GET when a connection that it used before is cut: let it use a new one.
			r.client.CloseIdleConnections()
			r.Faults().Set(sw, 1)
			got, err := probes[e.probe](r)
			if (err != nil) != (e.status == 0) || got.status != e.status {
				t.Fatalf("status %d, error %v, want status %d", got.status, err, e.status)
			}
			if !strings.Contains(string(got.body), e.holds) {
				t.Errorf("the body lacks %.80q", e.holds)
			}
			if e.also != nil {
				if diff := cmp.Diff(e.want, e.also(r)); diff != "" {
					t.Error(diff)
				}
			}
			if left := r.Faults().Active(); len(left) != 0 {
				t.Errorf("still set after its one request: %v", left)
			}
		})
	}
}

func TestHeadersOfFaults(t *testing.T) {
	r := startFaulty(t)
	f := r.Faults()
	f.Set(sandbox.IAMLimited, 1)
	f.Set(sandbox.EntraLimited, 1)
	for _, probe := range []string{"list", "directory"} {
		if got, err := probes[probe](r); err != nil || got.header.Get("Retry-After") != "2" {
			t.Errorf("%s: Retry-After %q, %v", probe, got.header.Get("Retry-After"), err)
		}
	}
	f.Set(sandbox.RegisterAnswersLocation, 1)
	got, err := probes["register"](r)
	if want := r.IAMURL() + "/v1/sso/azuread/2"; err != nil || got.header.Get("Location") != want || len(got.body) != 0 {
		t.Errorf("Location %q, body %q, want %q and none", got.header.Get("Location"), got.body, want)
	}
	f.Set(sandbox.CreateTokenWithoutValue, 1)
	if got, _ := probes["create token"](r); got.json(t)["token"] != nil {
		t.Error("the answer holds a token")
	}
	f.Set(sandbox.IAMTextErrors, 1)
	if got, _ := probes["not there"](r); !answerType("text/plain")(got) {
		t.Errorf("type %q", got.header.Get("Content-Type"))
	}
}

func TestBadServiceTokensAreRefusedByIAM(t *testing.T) {
	for sw, want := range map[sandbox.Switch]int{sandbox.IDTokenWithoutPermission: 403, sandbox.IDTokenExpired: 401} {
		r := startFaulty(t)
		r.Faults().Set(sw, 1)
		got, err := probes["id token"](r)
		if err != nil {
			t.Fatal(err)
		}
		token := secret.New(got.json(t)["access_token"].(string))
		if got := r.do("GET", r.IAMURL()+"/v1/sso", token, nil); got.status != want {
			t.Errorf("%s: status %d, want %d", sw, got.status, want)
		}
	}
}

func TestSlowHoldsUntilReleased(t *testing.T) {
	for sw, probe := range slow {
		t.Run(string(sw), func(t *testing.T) {
			r := startFaulty(t)
			r.Faults().Set(sw, 1)
			answered := make(chan reply, 1)
			go func() {
				got, _ := probes[probe](r)
				answered <- got
			}()
			if err := r.Faults().AwaitHeld(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
			select {
			case <-answered:
				t.Fatal("answered while held")
			default:
			}
			r.Faults().Release()
			if got := <-answered; got.status != 200 {
				t.Errorf("after the release: status %d", got.status)
			}
			if held := r.Faults().Held(); held != 0 {
				t.Errorf("%d still held", held)
			}
		})
	}
}

func TestSlowDoesNothingOnceTheClientIsGone(t *testing.T) {
	r := startFaulty(t)
	r.Faults().Set(sandbox.IAMSlow, 1)
	ctx, leave := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	go func() {
		_, err := r.send(ctx, "POST", r.IAMURL()+"/v1/scim", r.AccessToken(tenantA), tokenBody("nordlys"))
		gone <- err
	}()
	if err := r.Faults().AwaitHeld(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	leave()
	if err := <-gone; err == nil {
		t.Fatal("answered although the client left")
	}
	if err := r.Close(); err != nil { // waits for the handler
		t.Fatal(err)
	}
	if got := scimTokens(r); got != 1 {
		t.Errorf("%v SCIM tokens, want the one from before", got)
	}
}

func TestSwitchesCount(t *testing.T) {
	r := startFaulty(t)
	f := r.Faults()
	statuses := func(n int) (got []int) {
		for range n {
			one, _ := probes["list"](r)
			got = append(got, one.status)
		}
		return got
	}
	f.Set(sandbox.IAMUnavailable, 2)
	if diff := cmp.Diff([]int{503, 503, 200}, statuses(3)); diff != "" {
		t.Error(diff)
	}
	f.Set(sandbox.IAMUnavailable, sandbox.UntilCleared)
	if diff := cmp.Diff([]int{503, 503, 503}, statuses(3)); diff != "" {
		t.Error(diff)
	}
	want := []sandbox.Active{{Switch: sandbox.IAMUnavailable, Left: sandbox.UntilCleared}}
	if diff := cmp.Diff(want, f.Active()); diff != "" {
		t.Error(diff)
	}
	f.Clear(sandbox.IAMUnavailable)
	if diff := cmp.Diff([]int{200}, statuses(1)); diff != "" {
		t.Error(diff)
	}
	f.SetOn(sandbox.IAMForbidden, "POST /core/iam/v1/scim", 1)
	if diff := cmp.Diff([]int{200}, statuses(1)); diff != "" {
		t.Error(diff)
	}
	if got, _ := probes["create token"](r); got.status != http.StatusForbidden {
		t.Errorf("on its operation: status %d", got.status)
	}
	f.Set(sandbox.SCIMHTML, 3)
	f.ClearAll()
	if got := f.Active(); len(got) != 0 {
		t.Errorf("after ClearAll: %v", got)
	}
}

func TestEverySwitchHasASentenceAndAName(t *testing.T) {
	catalogue, err := message.New()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[sandbox.Switch]bool{}
	for _, sw := range sandbox.Switches() {
		if got := catalogue.For("en").T(sw.MessageID()); got == sw.MessageID() {
			t.Errorf("%s has no sentence", sw)
		}
		if parsed, ok := sandbox.ParseSwitch(string(sw)); !ok || parsed != sw || seen[sw] {
			t.Errorf("%s is not parsed, or stands twice", sw)
		}
		seen[sw] = true
	}
	if _, ok := sandbox.ParseSwitch("all"); ok {
		t.Error("an unknown name is parsed")
	}
}
