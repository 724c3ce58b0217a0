package component_test

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"

	"github.com/aritma/entra-onboard/internal/message"
	"github.com/aritma/entra-onboard/internal/secret"
	"github.com/aritma/entra-onboard/templates/component"
)

const hostile = `"><script>alert(1)</script><img src=x onerror=alert(2)>'`

func english(t *testing.T) message.Printer {
	t.Helper()
	catalogue, err := message.New()
	if err != nil {
		t.Fatal(err)
	}
	return catalogue.For("en")
}

func render(t *testing.T, c templ.Component) (*goquery.Document, string) {
	t.Helper()
	var out bytes.Buffer
	if err := c.Render(context.Background(), &out); err != nil {
		t.Fatal(err)
	}
	html := out.String()
	document, err := goquery.NewDocumentFromReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	return document, html
}

// has fails unless each selector matches at least once.
func has(t *testing.T, d *goquery.Document, selectors ...string) {
	t.Helper()
	for _, s := range selectors {
		if d.Find(s).Length() == 0 {
			t.Errorf("nothing matches %s", s)
		}
	}
}

// described fails unless every id in aria-describedby and aria-labelledby exists exactly once.
func described(t *testing.T, d *goquery.Document) {
	t.Helper()
	for _, attribute := range []string{"aria-describedby", "aria-labelledby", "aria-controls", "for"} {
		d.Find("[" + attribute + "]").Each(func(_ int, s *goquery.Selection) {
			for id := range strings.FieldsSeq(s.AttrOr(attribute, "")) {
				if n := d.Find(`[id="` + id + `"]`).Length(); n != 1 {
					t.Errorf("%s names %q, which exists %d times", attribute, id, n)
				}
			}
		})
	}
}

func TestRich(t *testing.T) {
	d, _ := render(t, component.Rich("Open **Provisioning** and paste `a<b>` here. 2 ** 3 stays, `so does this"))
	if got := d.Find(`b.label[lang="en"]`).Text(); got != "Provisioning" {
		t.Errorf("label is %q", got)
	}
	if got := d.Find(`code[dir="ltr"]`).Text(); got != "a<b>" {
		t.Errorf("value is %q", got)
	}
	if got := d.Text(); got != "Open Provisioning and paste a<b> here. 2 ** 3 stays, `so does this" {
		t.Errorf("text is %q", got)
	}
}

func FuzzRich(f *testing.F) {
	for _, seed := range []string{"", "**", "``", "**a**`b`", "`**`**", "***a***", hostile} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var out bytes.Buffer
		if err := component.Rich(text).Render(context.Background(), &out); err != nil {
			t.Fatal(err)
		}
		rest := out.String()
		for _, element := range []string{`<b class="label" lang="en">`, "</b>", `<code dir="ltr">`, "</code>"} {
			rest = strings.ReplaceAll(rest, element, "")
		}
		if strings.ContainsAny(rest, "<>") {
			t.Errorf("%q becomes markup: %s", text, out.String())
		}
	})
}

func TestErrorSummary(t *testing.T) {
	d, _ := render(t, component.ErrorSummary(english(t), []component.FieldError{
		{Field: "directory", Text: "Enter the **Directory (tenant) ID**"}, {Text: "Aritma did not answer"},
	}))
	has(t, d, `#error-summary[role="alert"][tabindex="-1"][autofocus]`, `a[href="#directory"]`)
	described(t, d)
	if got := d.Find("h2").Text(); got != "2 things to put right" {
		t.Errorf("title is %q", got)
	}
	if n := d.Find("li").Length(); n != 2 {
		t.Errorf("%d entries", n)
	}
	if _, html := render(t, component.ErrorSummary(english(t), nil)); html != "" {
		t.Errorf("without errors it shows %q", html)
	}
}

func TestFieldIsWired(t *testing.T) {
	printer := english(t)
	for kind, selector := range map[component.FieldKind]string{
		component.Text: `input[type="text"]`, component.Mono: `input.mono[type="text"][dir="ltr"]`,
		component.Email: `input[type="email"][dir="ltr"]`, component.Date: `input[type="date"]`,
		component.Secret: `input[type="password"][dir="ltr"]`, component.Area: `textarea[dir="ltr"]`,
	} {
		d, html := render(t, component.Field(printer, component.FieldView{
			Name: "it", Label: "Label", LabelLang: "en", Hint: "A `hint`", Value: hostile, Error: "Enter it", Kind: kind,
		}))
		has(t, d, selector, `label[for="it"] [lang="en"]`,
			`#it[aria-describedby="it-hint it-error"][aria-invalid="true"][spellcheck="false"][autocapitalize="off"][autocomplete="off"]`)
		described(t, d)
		if d.Find("script, img, [maxlength], [style], [onerror]").Length() > 0 {
			t.Errorf("kind %d lets markup through: %s", kind, html)
		}
	}
}

func TestFieldSaysOnlyWhatThereIs(t *testing.T) {
	d, _ := render(t, component.Field(english(t), component.FieldView{Name: "it", Label: "Label"}))
	if d.Find("[aria-describedby], [aria-invalid], [lang], .error, .hint").Length() > 0 {
		t.Error("an empty hint or error is there")
	}
}

func TestSecretFieldNeverWritesItsValue(t *testing.T) {
	d, html := render(t, component.Field(english(t), component.FieldView{
		Name: "it", Label: "Client secret value", Kind: component.Secret, Value: "hunter2", Received: "Received at 14:02.",
	}))
	if strings.Contains(html, "hunter2") {
		t.Error("the value is in the page")
	}
	has(t, d, `#it[aria-describedby="it-received"]`, `button[type="button"][aria-controls="it"]`)
	described(t, d)
}

func TestChoiceAndTick(t *testing.T) {
	printer := english(t)
	d, _ := render(t, component.Choice(printer, component.ChoiceView{
		Name: "kind", Legend: "Which?", Hint: "Hint", Error: "Choose one",
		Options: []component.Option{{Value: "one", Label: "One", Hint: "About one"}, {Value: "two", Label: "Two", Checked: true}},
	}))
	has(t, d, `fieldset[aria-describedby="kind-hint kind-error"] > legend`, `#kind[type="radio"][aria-describedby="kind-about"]`, `#kind-2[value="two"][checked]`)
	described(t, d)
	d, _ = render(t, component.Tick(printer, component.TickView{Name: "done", Label: "I have pasted it", Error: "Tick this", Required: true}))
	has(t, d, `#done[type="checkbox"][value="yes"][required][aria-invalid="true"][aria-describedby="done-error"]:not([checked])`)
	described(t, d)
}

func TestLinksOutSayThatTheyOpenATab(t *testing.T) {
	d, _ := render(t, component.PortalLink(english(t), "https://entra.microsoft.com/#view/x", "Open Entra"))
	has(t, d, `a[href="https://entra.microsoft.com/#view/x"][target="_blank"][rel="noopener noreferrer"]`)
	if got := d.Find("a").Text(); got != "Open Entra (opens in a new tab)" {
		t.Errorf("link reads %q", got)
	}
	if _, html := render(t, component.PortalLink(english(t), "javascript:alert(1)", "x")); strings.Contains(html, "javascript:") {
		t.Error("a script is a link")
	}
}

func TestValueCardShowsTheWholeValue(t *testing.T) {
	value := "https://id.aritma.io/" + strings.Repeat("long/", 60) + hostile
	drawing := templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, `<i id="drawing"></i>`)
		return err
	})
	card := component.ValueCard(english(t), component.ValueCardView{
		ID: "uri", Label: "Redirect URI", Where: "In **Authentication**", Value: value,
		LinkURL: "https://entra.microsoft.com/", LinkText: "Open", Tick: &component.TickView{Name: "pasted", Label: "I have pasted it"},
	})
	d, _ := render(t, templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return card.Render(templ.WithChildren(ctx, drawing), w)
	}))
	if got := d.Find("code#uri").Text(); got != value {
		t.Errorf("value is %q", got)
	}
	has(t, d, `section[aria-labelledby="uri-label"] h2#uri-label[lang="en"]`, `button[type="button"][data-copy="uri"][aria-label="Copy Redirect URI"]`, "#drawing", "a.portal", "#pasted", ".press[hidden]")
	described(t, d)
}

func TestSecretTokenStandsInTheClosedDetailsAlone(t *testing.T) {
	const value = "s3cr3t<&>token"
	d, html := render(t, component.SecretToken(english(t), component.SecretTokenView{
		Label: "Secret Token", Value: secret.New(value), SharingScreen: true,
	}))
	if got := d.Find("details:not([open]) code").Text(); got != value {
		t.Errorf("details hold %q", got)
	}
	if strings.Count(html, "s3cr3t") != 1 {
		t.Error("the value stands more than once")
	}
	if got := d.Find("summary").Text(); got != "Show token (visible to anyone who can see your screen)" {
		t.Errorf("summary is %q", got)
	}
	if got := strings.Count(d.Find(".dots[aria-hidden]").Text(), "•"); got != 24 {
		t.Errorf("%d dots, whatever the length", got)
	}
	has(t, d, `[role="group"][aria-labelledby="secret-token-label"]`, `[data-mask][hidden]`, `[data-do="show"][data-ask]`, `[data-do="clear"][hidden]`)
	described(t, d)
	d, _ = render(t, component.SecretToken(english(t), component.SecretTokenView{Label: "Secret Token", Value: secret.New(value)}))
	if d.Find("[data-ask]").Length() > 0 {
		t.Error("it asks although no screen is shared")
	}
}

func TestSummaryListChangeLinksHaveTheirOwnNames(t *testing.T) {
	d, _ := render(t, component.SummaryList(english(t), []component.SummaryRow{
		{Label: "Scheme", Value: hostile, Mono: true, Tag: "permanent"}, {Label: "Name", Value: "Contoso", ChangeURL: "/name"},
	}))
	if got := d.Find(`a[href="/name"]`).Text(); got != "Change Name" {
		t.Errorf("link reads %q", got)
	}
	if n := d.Find("a").Length(); n != 1 {
		t.Errorf("%d links", n)
	}
	if got := d.Find("dd code").Text(); got != hostile {
		t.Errorf("value is %q", got)
	}
}

func TestStatesAreToldByWord(t *testing.T) {
	printer := english(t)
	for state, word := range map[component.State]string{
		component.StateWaiting: "Waiting", component.StateRunning: "Checking", component.StateGood: "Passed",
		component.StateDoubt: "Not proven", component.StateFailed: "Failed",
	} {
		d, _ := render(t, component.Status(printer, component.StatusView{State: state, Title: "Directory", Fix: "Do **this**"}))
		if got := d.Find(".word").Text(); got != word {
			t.Errorf("state %d reads %q", state, got)
		}
		has(t, d, `svg[aria-hidden="true"]`, ".fix b.label")
	}
	for kind, word := range map[component.NoticeKind]string{
		component.NoticeInfo: "Information:", component.NoticeGood: "Success:", component.NoticeWarning: "Warning:", component.NoticeProblem: "Problem:",
	} {
		d, _ := render(t, component.Notice(printer, component.NoticeView{Kind: kind, Title: "T", Reference: "7F3K"}))
		if got := d.Find(".notice-title").Text(); !strings.HasPrefix(got, word) {
			t.Errorf("notice %d reads %q", kind, got)
		}
		has(t, d, "code")
	}
}

func TestWaitingWorksBothWays(t *testing.T) {
	d, html := render(t, component.Waiting(english(t), component.WaitingView{Title: "Waiting", CheckURL: "/again", ProgressURL: "/progress"}))
	has(t, d, `#waiting[hx-get="/progress"][hx-trigger="every 1s"][hx-swap="outerMorph"]`)
	if !strings.Contains(html, `href="/again"`) || d.Find("noscript").Length() != 1 {
		t.Error("no way to check again without JavaScript")
	}
}

func TestActions(t *testing.T) {
	d, _ := render(t, component.Actions(english(t), component.ActionsView{
		Primary: "Save and continue", Name: "act", Value: "save",
		Buttons:   []component.ButtonView{{Text: "Try again", Kind: component.Secondary, FormAction: "/again"}},
		Secondary: []component.Link{{Text: "Back", URL: "/back"}, {Text: "Entra", URL: "https://entra.microsoft.com/", NewTab: true}},
	}))
	has(t, d, `button.primary[type="submit"][name="act"][value="save"]`, `button[formaction="/again"]`, `a[href="/back"]`, `a[target="_blank"]`)
	if n := d.Find(".primary").Length(); n != 1 {
		t.Errorf("%d filled buttons", n)
	}
}

func TestScrollingPartsCanBeReached(t *testing.T) {
	d, _ := render(t, component.Request(english(t), component.RequestView{Method: "POST", URL: "https://api.aritma.io/v1/scim", Body: "{\n  \"a\": \"" + hostile + "\"\n}"}))
	has(t, d, `pre[tabindex="0"][role="region"][aria-label="POST https://api.aritma.io/v1/scim"]`)
	if got := d.Find("pre").Text(); !strings.HasPrefix(got, "POST https://api.aritma.io/v1/scim\n\n{\n  \"a\"") || !strings.Contains(got, hostile) {
		t.Errorf("request reads %q", got)
	}
	d, _ = render(t, component.Table(english(t), component.TableView{Caption: "Mapping", Head: []string{"A", "B"}, Rows: [][]string{{"`a`", "b"}}}))
	has(t, d, `[tabindex="0"][role="region"][aria-label="Mapping"] table`, `th[scope="row"] code`, `th[scope="col"]`)
}

func TestCompareShowsBoth(t *testing.T) {
	d, _ := render(t, component.Compare(english(t), component.CompareView{Title: "Changed in another tab at 14:03", Rows: []component.CompareRow{
		{Label: "Scheme", Here: "contoso", There: hostile},
	}}))
	if got := d.Find("dd").First().Text(); got != "contoso" {
		t.Errorf("here is %q", got)
	}
	if got := d.Find("dd").Last().Text(); got != hostile {
		t.Errorf("there is %q", got)
	}
	described(t, d)
}

func TestBladeIsOnePicture(t *testing.T) {
	d, _ := render(t, component.Blade(component.BladeView{
		Title: "The field Tenant URL", Path: []string{"Enterprise apps", "Aritma"}, Menu: []string{"Overview", "Provisioning"}, At: 1,
		Fields: []component.BladeField{{Label: "Tenant URL", Value: "…", Marked: true}, {Label: "Secret Token"}},
	}))
	has(t, d, `[role="img"][aria-label="The field Tenant URL"]:not([lang]) > [lang="en"]`)
	if got := d.Find(".blade-menu .at").Text(); got != "Provisioning" {
		t.Errorf("marked entry is %q", got)
	}
	if n := d.Find(".blade-form .at").Length(); n != 1 {
		t.Errorf("%d marked fields", n)
	}
}
