package outbound

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// hostile are addresses to which no request may go while https://id.example and one loopback origin are allowed. PORT
// stands for a loopback port where somebody listens.
var hostile = []string{
	"http://127.0.0.1:PORT/", "https://127.0.0.1:PORT/", "http://localhost:PORT/", "http://LOCALHOST:PORT/",
	"http://localhost.:PORT/", "http://[::1]:PORT/", "http://[0:0:0:0:0:0:0:1]:PORT/", "http://[::ffff:127.0.0.1]:PORT/",
	"http://[::ffff:7f00:1]:PORT/", "http://[::127.0.0.1]:PORT/", "http://[::]:PORT/", "http://0.0.0.0:PORT/",
	"http://0:PORT/", "http://127.1:PORT/", "http://127.0.1:PORT/", "http://2130706433:PORT/", "http://0x7f000001:PORT/",
	"http://0x7f.0.0.1:PORT/", "http://017700000001:PORT/", "http://0177.0.0.1:PORT/", "http://127.0.0.1.:PORT/",
	"http://127.0.0.2:PORT/", "http://127.255.255.254:PORT/", "http://[::1%25lo]:PORT/", "http://[fe80::1%25eth0]:PORT/",
	"http://[fe80::1]:PORT/", "http://[fc00::1]:PORT/", "http://[fd00:ec2::254]/latest/meta-data/",
	"http://[ff02::1]:PORT/", "http://[64:ff9b::7f00:1]:PORT/", "http://[64:ff9b::a9fe:a9fe]/", "http://[2002:7f00:1::]:PORT/",
	"http://[2001:0:7f00:1::]:PORT/", "http://[2001:db8::1]/", "http://[100::1]/", "http://169.254.169.254/latest/meta-data/",
	"https://169.254.169.254/", "http://169.254.170.2/v2/credentials", "http://2852039166/", "http://0xa9fea9fe/",
	"http://0251.0376.0251.0376/", "http://168.63.129.16/machine", "https://168.63.129.16/", "http://100.100.100.200/",
	"http://192.0.0.192/opc/v2/", "http://metadata.google.internal/computeMetadata/v1/", "http://metadata/", "http://10.0.0.1/",
	"http://10.255.255.255/", "http://172.16.0.1/", "http://192.168.0.1/", "http://100.64.0.1/", "http://198.18.0.1/",
	"http://224.0.0.1/", "http://255.255.255.255/", "http://240.0.0.1/", "https://id.example@127.0.0.1:PORT/",
	"https://id.example:443@127.0.0.1:PORT/", "https://user:pass@id.example/", "https://@id.example/", "https://user@id.example/",
	"https://127.0.0.1:PORT#@id.example/", "https://127.0.0.1:PORT?@id.example/", "https://id.example.127.0.0.1.nip.io:PORT/",
	"https://127.0.0.1:PORT\\@id.example/", "https://id.example\\.127.0.0.1:PORT/", "https:///id.example/", "https:id.example",
	"https://id.example:PORT/", "https://id.example:0/", "https://id.example:65536/", "https://id.example:-1/",
	"https://id.example:0443/", "https://id.example:443:443/", "https://id.example./", "https://id.example.evil.example/",
	"https://xid.example/", "https://sub.id.example/", "https://id%2eexample/", "https://id.example%2f@evil.example/",
	"https://id.example%00.evil.example/", "https://id.example%0d%0aHost:evil.example/", "https://ⅰd.example/",
	"https://id。example/", "https://id．example/", "https://ｉd.example/", "https://іd.example/", "http://id.example/",
	"http://id.example:443/", "https://[id.example]/", "https://[127.0.0.1]:PORT/", "https://[::1/", "https://::1/", "//id.example/",
	"ftp://id.example/", "file:///etc/passwd", "gopher://127.0.0.1:PORT/_x", "unix:///var/run/docker.sock", "dict://127.0.0.1:PORT/",
	"ws://id.example/", "javascript:alert(1)", "data:text/plain,x", "jar:https://id.example/", "https+unix://id.example/", "", " ",
	"https://", "https:// id.example/", "https://id.example /", "\thttps://id.example.evil.example", "https://\x00id.example/",
	"https://①②⑦.⓪.⓪.①:PORT/", "https://127。0。0。1:PORT/", "http://[::ffff:169.254.169.254]/", "http://[::ffff:a9fe:a9fe]/",
}

// listening counts the connections that arrive at a loopback port.
func listening(t testing.TB) (port string, arrivals *atomic.Int64) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	arrivals = new(atomic.Int64)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			arrivals.Add(1)
			_ = conn.Close()
		}
	}()
	_, port, _ = net.SplitHostPort(listener.Addr().String())
	return port, arrivals
}

// record replaces dialling by a note of where it would have gone.
func record(client *http.Client) *[]string {
	var dialled []string
	note := func(_ context.Context, _, address string) (net.Conn, error) {
		dialled = append(dialled, address)
		return nil, errors.New("recorded")
	}
	wire := client.Transport.(*transport).wire
	wire.secure.DialContext, wire.plain.DialContext = note, note
	return &dialled
}

func TestHostileAddressesAreNeverDialled(t *testing.T) {
	if len(hostile) < 60 {
		t.Fatalf("only %d inputs", len(hostile))
	}
	port, _ := listening(t)
	for _, loopback := range []bool{false, true} {
		client := New(Options{
			Allow:         []*url.URL{parse(t, "https://id.example"), parse(t, "http://127.0.0.1:1")},
			AllowLoopback: loopback,
		})
		dialled := record(client)
		for _, raw := range hostile {
			request, err := http.NewRequest(http.MethodGet, strings.ReplaceAll(raw, "PORT", port), nil)
			if err != nil {
				continue // cannot even be written down
			}
			if _, err = client.Do(request); err == nil {
				t.Errorf("%q was answered", raw)
			} else if request.URL.Host != "" && !DialFailed(err) {
				t.Errorf("%q: not known as never sent: %v", raw, err)
			}
		}
		if len(*dialled) != 0 {
			t.Errorf("loopback %v: dialled %q", loopback, *dialled)
		}
	}
}

func TestOriginsAreExact(t *testing.T) {
	client := New(Options{Allow: []*url.URL{parse(t, "https://Id.Example/core?x#y"), parse(t, "http://other.example"), nil}})
	dialled := record(client)
	for _, raw := range []string{
		"https://id.example", "https://ID.example:443/path", "HTTPS://id.example/?q=https://evil.example", "https://id.example:/",
	} {
		*dialled = nil
		if _, err := client.Post(raw, "text/plain", http.NoBody); err == nil || errors.Is(err, ErrRefused) || !strings.EqualFold((*dialled)[0], "id.example:443") {
			t.Errorf("%q: %v, dialled %q", raw, err, *dialled)
		}
	}
	*dialled = nil
	if _, err := client.Get("http://other.example/"); !errors.Is(err, ErrRefused) {
		t.Errorf("http without AllowLoopback: %v", err)
	}
	request, _ := http.NewRequest(http.MethodGet, "https://id.example/", nil)
	request.Host = "evil.example"
	if _, err := client.Do(request); !errors.Is(err, ErrRefused) {
		t.Errorf("foreign Host header: %v", err)
	}
	if len(*dialled) != 0 {
		t.Errorf("dialled %q", *dialled)
	}
}

// answering is a name server that gives every name the same address.
func answering(t *testing.T, address netip.Addr) *net.Resolver {
	t.Helper()
	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = packets.Close() })
	go func() {
		buffer := make([]byte, 1500)
		for {
			n, from, err := packets.ReadFrom(buffer)
			if err != nil {
				return
			}
			if reply, err := answerName(buffer[:n], address); err == nil {
				_, _ = packets.WriteTo(reply, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", packets.LocalAddr().String())
	}}
}

func answerName(query []byte, address netip.Addr) ([]byte, error) {
	var message dnsmessage.Message
	if err := message.Unpack(query); err != nil {
		return nil, err
	}
	message.Response, message.Authoritative, message.Additionals = true, true, nil
	question := message.Questions[0]
	header := dnsmessage.ResourceHeader{Name: question.Name, Class: question.Class, TTL: 0}
	switch {
	case question.Type == dnsmessage.TypeA && address.Is4():
		message.Answers = []dnsmessage.Resource{{Header: header, Body: &dnsmessage.AResource{A: address.As4()}}}
	case question.Type == dnsmessage.TypeAAAA && address.Is6():
		message.Answers = []dnsmessage.Resource{{Header: header, Body: &dnsmessage.AAAAResource{AAAA: address.As16()}}}
	}
	return message.Pack()
}

// A name is judged by the address that it has when it is dialled, so that one that changes in between gains nothing.
func TestAllowedNameWithDeniedAddressIsNotDialled(t *testing.T) {
	port, arrivals := listening(t)
	for _, address := range []string{
		"127.0.0.1", "127.0.0.53", "0.0.0.0", "10.0.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "169.254.170.2",
		"168.63.129.16", "100.64.0.1", "100.100.100.200", "192.0.0.192", "198.18.0.1", "224.0.0.251", "240.0.0.1", "255.255.255.255",
		"::1", "::", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "100::1", "2001:db8::1",
		"2001::1", "2002:7f00:1::", "3fff::1", "fc00::1", "fd00:ec2::254", "fe80::1", "ff02::1",
	} {
		for _, host := range []string{"id.example", "127.0.0.1.id.example", "0x7f.1"} {
			raw := fmt.Sprintf("https://%s:%s", host, port)
			client := New(Options{Allow: []*url.URL{parse(t, raw)}})
			resolveWith(client, answering(t, netip.MustParseAddr(address)), Options{Allow: []*url.URL{parse(t, raw)}})
			_, err := client.Post(raw, "text/plain", strings.NewReader("x"))
			if !errors.Is(err, ErrRefused) || !DialFailed(err) {
				t.Errorf("%s at %s: %v", host, address, err)
			}
		}
	}
	for _, host := range []string{"127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[::1%25lo]", "169.254.169.254", "[fe80::1%25lo]"} {
		raw := fmt.Sprintf("https://%s:%s", host, port)
		_, err := New(Options{Allow: []*url.URL{parse(t, raw)}}).Get(raw)
		if !errors.Is(err, ErrRefused) || !DialFailed(err) {
			t.Errorf("%s: %v", host, err)
		}
	}
	if n := arrivals.Load(); n != 0 {
		t.Errorf("%d connections arrived", n)
	}
}

// Even where loopback is allowed, http goes nowhere else, and nothing private is reached.
func TestLoopbackAllowsNothingElse(t *testing.T) {
	for address, refused := range map[string]struct{ http, https bool }{
		"127.0.0.1:443":          {false, false},
		"[::1]:443":              {false, false},
		"20.190.160.1:443":       {true, false},
		"[2603:1020::1]:443":     {true, false},
		"10.0.0.1:443":           {true, true},
		"169.254.169.254:443":    {true, true},
		"168.63.129.16:443":      {true, true},
		"[fd00:ec2::254]:443":    {true, true},
		"[::1%lo]:443":           {true, true},
		"127.0.0.1:22":           {true, true},
		"not an address at all:": {true, true},
	} {
		network := "tcp4"
		if strings.HasPrefix(address, "[") {
			network = "tcp6"
		}
		o := Options{AllowLoopback: true}
		if err := guardPlain(o)(network, address, nil); (err != nil) != refused.http {
			t.Errorf("http to %s: %v", address, err)
		}
		if err := guardSecure(o)(network, address, nil); (err != nil) != refused.https {
			t.Errorf("https to %s: %v", address, err)
		}
		if err := guardSecure(o)("udp4", address, nil); err == nil {
			t.Errorf("udp to %s", address)
		}
	}
}

func resolveWith(client *http.Client, resolver *net.Resolver, o Options) {
	dialer := &net.Dialer{Timeout: dialTimeout, Control: guardSecure(o), Resolver: resolver}
	client.Transport.(*transport).wire.secure.DialContext = dialer.DialContext
}

func FuzzOnlyAllowedOriginsAreDialled(f *testing.F) {
	for _, raw := range hostile {
		f.Add(strings.ReplaceAll(raw, "PORT", "8443"))
	}
	f.Add("https://id.example/path?query#fragment")
	f.Fuzz(func(t *testing.T, raw string) {
		client := New(Options{Allow: []*url.URL{{Scheme: "https", Host: "id.example"}}, AllowLoopback: true})
		dialled := record(client)
		request, err := http.NewRequest(http.MethodPost, raw, http.NoBody)
		if err != nil {
			return
		}
		if _, err = client.Do(request); err == nil {
			t.Fatalf("%q was answered", raw)
		}
		for _, address := range *dialled {
			if !strings.EqualFold(address, "id.example:443") {
				t.Fatalf("%q dialled %q", raw, address)
			}
		}
	})
}
