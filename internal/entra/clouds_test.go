package entra_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aritma/entra-onboard/internal/entra"
	"github.com/aritma/entra-onboard/internal/fault"
)

// clouds stands in for Microsoft's hosts, without a network.
type clouds struct {
	mu    sync.Mutex
	asked []string
	says  map[string]func(ctx context.Context) (status int, body string, err error)
}

func (c *clouds) RoundTrip(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	c.asked = append(c.asked, r.URL.Scheme+"://"+r.URL.Host)
	say, known := c.says[r.URL.Host]
	c.mu.Unlock()
	if !known {
		return nil, errors.New("unreachable")
	}
	status, body, err := say(r.Context())
	if err != nil {
		return nil, err
	}
	answer := httptest.NewRecorder()
	answer.WriteHeader(status)
	answer.Body.WriteString(body)
	return answer.Result(), nil
}

func saying(status int, body string) func(context.Context) (int, string, error) {
	return func(context.Context) (int, string, error) { return status, body, nil }
}

func hanging(ctx context.Context) (int, string, error) {
	<-ctx.Done()
	return 0, "", ctx.Err()
}

func TestLookupAcrossClouds(t *testing.T) {
	type hosts = map[string]func(context.Context) (int, string, error)
	elsewhere, notFound := saying(400, refusal(90038, "National Cloud")), saying(400, refusal(90002, "not found"))
	us := saying(200, document(usHost, id, map[string]any{"tenant_region_scope": "USGov", "msgraph_host": "graph.microsoft.us"}))
	china := saying(200, document(chinaHost, id, map[string]any{"msgraph_host": "microsoftgraph.chinacloudapi.cn"}))
	all := []string{"https://" + globalHost, "https://" + usHost, "https://" + chinaHost}
	for _, c := range []struct {
		name  string
		says  hosts
		cloud string
		fault string
		asked []string
	}{
		{"global", hosts{globalHost: saying(200, document(globalHost, id, nil))}, entra.Global, "", all[:1]},
		{"told by the global host", hosts{globalHost: us}, entra.USGovernment, "", all[:1]},
		{"unknown to the global host", hosts{globalHost: notFound, usHost: us}, "", "entra.directory-unknown", all[:1]},
		{"global host down", hosts{usHost: us}, "", "entra.unproven", all[:1]},
		{"elsewhere: government", hosts{globalHost: elsewhere, usHost: us, chinaHost: notFound}, entra.USGovernment, "", all},
		{"elsewhere: China, government down", hosts{globalHost: elsewhere, chinaHost: china}, entra.China, "", all},
		{"elsewhere: China, government hangs", hosts{globalHost: elsewhere, usHost: hanging, chinaHost: china}, entra.China, "", all},
		{"elsewhere, but nowhere", hosts{globalHost: elsewhere, usHost: notFound, chinaHost: notFound}, "", "entra.unproven", all},
		{"elsewhere, all hang", hosts{globalHost: elsewhere, usHost: hanging, chinaHost: hanging}, "", "entra.unproven", all},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				microsoft := &clouds{says: c.says}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				got, err := entra.New(&http.Client{Transport: microsoft}, nil).Lookup(ctx, id)
				if got.Cloud != c.cloud || (c.fault != "" && fault.Of(err).ID != c.fault) || (c.fault == "" && err != nil) {
					t.Errorf("got %q, %v; want %q, %s", got.Cloud, err, c.cloud, c.fault)
				}
				synctest.Wait()
				microsoft.mu.Lock()
				defer microsoft.mu.Unlock()
				slices.Sort(microsoft.asked)
				if want := slices.Sorted(slices.Values(c.asked)); !slices.Equal(microsoft.asked, want) {
					t.Errorf("asked %q, want %q", microsoft.asked, want)
				}
			})
		})
	}
}

func TestLookupEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		microsoft := &clouds{says: map[string]func(context.Context) (int, string, error){globalHost: hanging}}
		ctx, cancel := context.WithTimeout(t.Context(), 800*time.Millisecond)
		defer cancel()
		began := time.Now()
		_, err := entra.New(&http.Client{Transport: microsoft}, nil).Lookup(ctx, id)
		if !fault.Is(err, fault.Unavailable) || !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 800*time.Millisecond {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
	})
}
