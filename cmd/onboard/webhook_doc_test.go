package main

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/aritma/entra-onboard/internal/webhook"
)

// webhookDoc is what people who write a receiver read.
func webhookDoc(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/webhook.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// block is the one block of a language in it.
func block(t *testing.T, doc, language string) string {
	t.Helper()
	parts := strings.Split(doc, "\n```"+language+"\n")
	if len(parts) != 2 {
		t.Fatalf("%d blocks of %s, want 1", len(parts)-1, language)
	}
	text, _, ended := strings.Cut(parts[1], "\n```\n")
	if !ended {
		t.Fatalf("the block of %s does not end", language)
	}
	return text
}

// TestWebhookDocExample: the request of the page carries the signature that it says.
func TestWebhookDocExample(t *testing.T) {
	t.Parallel()
	doc := webhookDoc(t)
	head, body, found := strings.Cut(block(t, doc, "http"), "\n\n")
	if !found {
		t.Fatal("the example has no body")
	}
	request, err := http.ReadRequest(bufio.NewReader(strings.NewReader(strings.ReplaceAll(head, "\n", "\r\n") + "\r\n\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	_, key, _ := strings.Cut(doc, "This one is signed with `")
	key, _, _ = strings.Cut(key, "`")
	verifier, err := standardwebhooks.NewWebhook(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := verifier.VerifyIgnoringTimestamp([]byte(body), request.Header); err != nil {
		t.Errorf("%v: %s", err, body)
	}
}

// TestWebhookDocSchedule: the table of the page is the schedule.
func TestWebhookDocSchedule(t *testing.T) {
	t.Parallel()
	doc := webhookDoc(t)
	for i, wait := range webhook.Schedule() {
		says := fmt.Sprintf("%d s", wait/time.Second)
		switch {
		case wait >= time.Hour:
			says = fmt.Sprintf("%d h", wait/time.Hour)
		case wait >= time.Minute:
			says = fmt.Sprintf("%d min", wait/time.Minute)
		}
		if row := fmt.Sprintf("\n| %d | %s |\n", i+2, says); !strings.Contains(doc, row) {
			t.Errorf("no row %q", row)
		}
	}
	if last := fmt.Sprintf("\n| %d | ", len(webhook.Schedule())+2); strings.Contains(doc, last) {
		t.Errorf("a row too many: %q", last)
	}
	if days := fmt.Sprintf("%d days", webhook.Keep/(24*time.Hour)); strings.Count(doc, days) != 2 {
		t.Errorf("%q stands %d times", days, strings.Count(doc, days))
	}
}

// startReceiver builds the receiver of the page and runs it. Lines are what it prints after its address.
func startReceiver(t *testing.T) (address string, lines <-chan string) {
	t.Helper()
	source := filepath.Join(t.TempDir(), "receiver.go")
	program := strings.TrimSuffix(source, ".go")
	if err := os.WriteFile(source, []byte(block(t, webhookDoc(t), "go")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if unformatted, err := exec.Command("gofmt", "-l", source).CombinedOutput(); err != nil || len(unformatted) > 0 {
		t.Errorf("gofmt: %v, %s", err, unformatted)
	}
	if out, err := exec.Command("go", "build", "-o", program, source).CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	command := exec.Command(program)
	command.Env = append(os.Environ(), "WEBHOOK_SECRET="+webhookSecret, "LISTEN=127.0.0.1:0")
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	printed := make(chan string, 100)
	go func() {
		defer close(printed)
		for scan := bufio.NewScanner(out); scan.Scan(); {
			printed <- scan.Text()
		}
	}()
	t.Cleanup(func() {
		_ = command.Process.Kill()
		for range printed { // to its end, before it is waited for
		}
		_ = command.Wait()
	})
	address, found := strings.CutPrefix(nextLine(t, printed), "listening on ")
	if !found {
		t.Fatalf("it printed %q", address)
	}
	return "http://" + address, printed
}

func nextLine(t *testing.T, lines <-chan string) string {
	t.Helper()
	select {
	case line := <-lines:
		return line
	case <-time.After(20 * time.Second):
		t.Fatal("the receiver prints nothing")
		return ""
	}
}

// TestWebhookDocReceiver: the receiver of the page is told by the very program, once, and refuses strangers.
func TestWebhookDocReceiver(t *testing.T) {
	t.Parallel()
	address, lines := startReceiver(t)
	s := newSite(t, map[string]string{"ONBOARD_WEBHOOK_URL": address + "/aritma", "ONBOARD_WEBHOOK_SECRET": webhookSecret})
	s.visitor().open(s.link()).at("start")
	if line, want := nextLine(t, lines), "setup.opened "+s.sandbox.Sample().Company+" "; line != want {
		t.Errorf("the receiver prints %q, want %q", line, want)
	}
	eventually(t, "the note", func() bool { return strings.Contains(s.log.String(), "webhook delivered") })

	body := `{"type":"setup.completed","data":{"company":"A stranger"}}`
	send := func(signature string, at time.Time) int {
		t.Helper()
		r, err := http.NewRequest(http.MethodPost, address, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("webhook-id", "msg_stranger")
		r.Header.Set("webhook-timestamp", fmt.Sprint(at.Unix()))
		r.Header.Set("webhook-signature", signature)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		return answer.StatusCode
	}
	verifier, err := standardwebhooks.NewWebhook(webhookSecret)
	if err != nil {
		t.Fatal(err)
	}
	now, old := time.Now(), time.Now().Add(-6*time.Minute)
	signature, _ := verifier.Sign("msg_stranger", now, []byte(body))
	late, _ := verifier.Sign("msg_stranger", old, []byte(body))
	for name, got := range map[string]int{"no signature": send("", now), "another signature": send("v1,AAAA", now), "an old message": send(late, old)} {
		if got != http.StatusUnauthorized {
			t.Errorf("%s is answered %d", name, got)
		}
	}
	for range 2 { // the second time it is known
		if got := send(signature, now); got != http.StatusNoContent {
			t.Errorf("a good message is answered %d", got)
		}
	}
	if line := nextLine(t, lines); line != "setup.completed A stranger " || len(lines) != 0 {
		t.Errorf("the receiver prints %q and %d lines more", line, len(lines))
	}
}
