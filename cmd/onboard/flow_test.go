package main

import (
	"strings"
	"testing"
)

// TestFlowWithoutJavaScript walks a company through everything with nothing but links and forms.
func TestFlowWithoutJavaScript(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	v := s.visitor().open(s.link()).walk("token")
	if snapshot := s.sandbox.Snapshot(s.sandbox.Sample().Tenant); len(snapshot.Providers) != 1 || len(snapshot.SCIMTokens) != 0 {
		t.Fatalf("after review Aritma holds %+v", snapshot)
	}
	v.send(map[string]string{"replaces": "0"}).at("token")
	value := v.text("main details code")
	if len(value) < 40 {
		t.Fatalf("the answer to Create token does not hand it over:\n%s", v.text("main"))
	}
	if got, want := v.text("#tenant-url"), s.sandbox.IDURL()+"/"+s.sandbox.Sample().Tenant+"/api/scim/v2"; got != want {
		t.Errorf("Tenant URL = %q, want %q", got, want)
	}
	if v.header.Get("Cache-Control") != "no-store" || v.header.Get("Content-Encoding") != "" {
		t.Errorf("the page with the token has headers %v", v.header)
	}
	setup := v.setup()
	v.send(map[string]string{"pasted": "yes"}).at("provisioning")
	v.send(map[string]string{"arrived": "yes"}).at("signin-test")
	v.send(nil).at("done")
	if !strings.Contains(v.text("h1"), s.sandbox.Sample().Company) {
		t.Errorf("done says %q", v.text("h1"))
	}
	if v.get("/setup/" + setup + "/token"); strings.Contains(v.text("html"), value) {
		t.Error("the token is shown again")
	}
	if snapshot := s.sandbox.Snapshot(s.sandbox.Sample().Tenant); len(snapshot.SCIMTokens) != 1 {
		t.Errorf("at the end Aritma holds %+v", snapshot)
	}
}
