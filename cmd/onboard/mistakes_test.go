package main

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/aritma/entra-onboard/internal/message"
	"github.com/aritma/entra-onboard/internal/sandbox"
	"github.com/aritma/entra-onboard/internal/secret"
)

// mistake is one row of docs/mistakes.md.
type mistake struct {
	number    int
	step      string
	sentences []string
}

var inCode = regexp.MustCompile("`([^`]+)`")

func mistakesTable(t *testing.T) (rows []mistake) {
	t.Helper()
	file, err := os.ReadFile("../../docs/mistakes.md")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(file)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		number, err := strconv.Atoi(strings.TrimSpace(cells[0]))
		if err != nil {
			continue
		}
		row := mistake{number: number, step: inCode.FindStringSubmatch(cells[2])[1]}
		for _, id := range inCode.FindAllStringSubmatch(cells[3], -1) {
			row.sentences = append(row.sentences, id[1])
		}
		rows = append(rows, row)
	}
	return rows
}

// fragments are the parts of a sentence that stand whatever its data: on the page they stand without marks.
func fragments(t *testing.T, id string) (parts []string) {
	t.Helper()
	catalogue, err := message.New()
	if err != nil {
		t.Fatal(err)
	}
	text := catalogue.For("en").T(id, "Code", "\x00", "Directory", "\x00", "URI", "\x00", "UserName", "\x00", "Person", "\x00", "FirstPerson", "\x00", "Name", "\x00")
	for part := range strings.SplitSeq(text, "\x00") {
		part = strings.TrimSpace(strings.NewReplacer("**", "", "`", "").Replace(part))
		if words := strings.Fields(part); len(words) >= 4 {
			parts = append(parts, strings.Join(words, " "))
		}
	}
	if len(parts) == 0 {
		t.Fatalf("%s has no part to look for: %q", id, text)
	}
	return parts
}

// made are the seventeen mistakes as they are made; each ends on the page where the wizard should name it.
var made = map[int]func(s *site, v *visitor){
	1: func(s *site, v *visitor) { v.walk("secret").enterSecret(s.sandbox.Sample().SecretID) },
	2: func(s *site, v *visitor) {
		value := s.sandbox.Sample().ClientSecret.Expose()
		v.walk("secret").enterSecret(`"{` + value[:20] + " " + value[20:] + `}"`)
	},
	3: func(s *site, v *visitor) { v.walk("secret").enterSecret(s.sandbox.Sample().ExpiredSecret.Expose()) },
	4: func(_ *site, v *visitor) {
		v.walk("token").preparedWith("/").toSigninTest().pasteShown(v.trySignin())
	},
	5: func(s *site, v *visitor) {
		sample := s.sandbox.Sample()
		v.walk("directory").send(map[string]string{"directory": sample.ClientID, "client": sample.DirectoryID})
	},
	6: func(s *site, v *visitor) {
		s.sandbox.Faults().Set(sandbox.MistakeCommonAuthority, sandbox.UntilCleared)
		v.walk("token")
	},
	7: func(s *site, v *visitor) { v.signinFails(sandbox.MistakeNoConsent) },
	8: func(s *site, v *visitor) { v.signinFails(sandbox.MistakeNotAssigned) },
	9: func(s *site, v *visitor) { v.signinFails(sandbox.MistakePolicy) },
	10: func(s *site, v *visitor) {
		s.sandbox.Faults().Set(sandbox.MistakeNoEmailClaim, sandbox.UntilCleared)
		v.walk("token").prepared().toSigninTest().trySignin().choose(person)
		v.verdict()
	},
	11: func(s *site, v *visitor) {
		v.walk("token").prepared().handOver()
		s.sandbox.Faults().Set(sandbox.MistakeBareApp, sandbox.UntilCleared)
		v.refusedByEntra(v.configure())
		v.get("/setup/" + v.setup() + "/application")
	},
	12: func(s *site, v *visitor) {
		s.sandbox.Faults().Set(sandbox.MistakeTenantURLCut, sandbox.UntilCleared)
		v.walk("token").prepared().handOver().refusedByEntra(v.configure())
	},
	13: func(s *site, v *visitor) {
		s.sandbox.Faults().Set(sandbox.MistakePatchFlag, sandbox.UntilCleared)
		v.walk("token").prepared().handOver().configure()
		v.refusedByEntra(s.sandbox.ProvisionOnDemand(s.sandbox.Sample().ClientID, person)).nobodyComes()
	},
	14: func(s *site, v *visitor) { v.started(sandbox.MistakeSlowCycle).nobodyComes() },
	15: func(s *site, v *visitor) { v.started(sandbox.MistakeTokenCut).nobodyComes() },
	16: func(s *site, v *visitor) { v.started(sandbox.MistakeNobodyInScope).nobodyComes() },
	17: func(s *site, v *visitor) {
		s.sandbox.Faults().Set(sandbox.MistakeUserNameDiffers, sandbox.UntilCleared)
		sample := s.sandbox.Sample()
		v.walk("token").prepared().handOver()
		if said := v.configure(); said != "" {
			v.t.Fatalf("Test Connection says %q", said)
		}
		v.send(map[string]string{"pasted": "yes"}).at("provisioning")
		if said := s.sandbox.ProvisionOnDemand(sample.ClientID, person); said != "" {
			v.t.Fatalf("Provision on demand says %q", said)
		}
		v.lookAgain()
	},
}

// TestSeventeenMistakes makes each mistake and demands that the page of the step that docs/mistakes.md names says the
// sentences that it lists.
func TestSeventeenMistakes(t *testing.T) {
	t.Parallel()
	rows := mistakesTable(t)
	if len(rows) != 17 || len(made) != 17 {
		t.Fatalf("%d rows, %d made", len(rows), len(made))
	}
	for _, row := range rows {
		t.Run(strconv.Itoa(row.number), func(t *testing.T) {
			s := newSiteWithSignin(t)
			v := s.visitor().open(s.link())
			made[row.number](s, v)
			if at := strings.TrimSuffix(strings.TrimSuffix(v.path, "/diagnosis"), "/show"); !strings.HasSuffix(at, "/"+row.step) {
				t.Fatalf("noticed at %s, want step %s", v.path, row.step)
			}
			for _, id := range row.sentences {
				v.says(fragments(t, id)...)
			}
		})
	}
}

// configure pastes what the token page hands over into Entra, and returns what its Test Connection says against it.
func (v *visitor) configure() string {
	v.t.Helper()
	return v.site.sandbox.ConfigureProvisioning(v.site.sandbox.Sample().ClientID, v.text("#tenant-url"), secret.New(v.value()))
}

// refusedByEntra demands that Entra's portal says no.
func (v *visitor) refusedByEntra(said string) *visitor {
	v.t.Helper()
	if said == "" {
		v.t.Error("Entra's portal has nothing against it: the mistake was not made")
	}
	return v
}

// started makes a mistake and starts provisioning with it.
func (v *visitor) started(mistake sandbox.Switch) *visitor {
	v.t.Helper()
	box, client := v.site.sandbox, v.site.sandbox.Sample().ClientID
	v.walk("token").handOver()
	if mistake == sandbox.MistakeNobodyInScope {
		box.Assign(client, "Aritma users")
	} else {
		box.Assign(client, person)
	}
	box.Faults().Set(mistake, sandbox.UntilCleared)
	v.configure()
	box.StartProvisioning(client)
	return v
}

// nobodyComes goes on to provisioning and demands that Aritma knows nobody, as the page says.
func (v *visitor) nobodyComes() *visitor {
	v.t.Helper()
	v.send(map[string]string{"pasted": "yes"}).at("provisioning")
	if people := v.site.held().Users; len(people) != 0 {
		v.t.Errorf("%d people arrived: the mistake was not made", len(people))
	}
	return v.says("Not in Aritma yet")
}

// signinFails lets a test sign-in fail at Microsoft and pastes what its page says.
func (v *visitor) signinFails(fault sandbox.Switch) {
	v.t.Helper()
	v.walk("token").prepared().toSigninTest()
	v.site.sandbox.Faults().Set(fault, sandbox.UntilCleared)
	v.pasteShown(v.trySignin().choose(person))
}

// pasteShown pastes the page that Microsoft shows into the wizard.
func (v *visitor) pasteShown(o *outside) *visitor {
	v.t.Helper()
	shown := o.text("body")
	if !strings.Contains(shown, "AADSTS") {
		v.t.Fatalf("%s (%d) shows no error of Microsoft's:\n%s", o.at, o.status, shown)
	}
	return v.get("/setup/" + v.setup() + "/signin-test").send(map[string]string{"shown": shown})
}

// verdict waits for the verdict on the test sign-in.
func (v *visitor) verdict() *visitor {
	v.t.Helper()
	return v.idle("signin-test").at("signin-test")
}

// lookAgain presses Check again and waits for what it shows.
func (v *visitor) lookAgain() *visitor {
	v.t.Helper()
	page := "/setup/" + v.setup() + "/provisioning"
	eventually(v.t, "an arrival", func() bool {
		v.post(page+"/look", map[string][]string{"now": {"yes"}})
		return v.get(page).page.Find(".status.good").Length() > 0
	})
	return v.at("provisioning")
}
