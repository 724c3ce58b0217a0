package main

import (
	"bytes"
	"database/sql"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// inDatabase does something in the database file.
func (s *site) inDatabase(do func(db *sql.DB) error) {
	s.t.Helper()
	db, err := sql.Open("sqlite", "file:"+strings.TrimPrefix(s.environ["ONBOARD_DATABASE_URL"], "sqlite://"))
	if err == nil {
		err = errors.Join(do(db), db.Close())
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// passes lets time pass for everything that is stored, while the program is not running.
func (s *site) passes(long time.Duration) {
	s.t.Helper()
	s.stop()
	s.inDatabase(func(db *sql.DB) error {
		_, err := db.Exec(`UPDATE setups SET changed_at = changed_at - ?1; UPDATE events SET at = at - ?1`, long.Nanoseconds())
		return err
	})
	s.start()
}

// forgotten and gone report what has become of a setup.
func (s *site) forgotten(id string) bool {
	return s.stored(`SELECT count(*) FROM events WHERE kind = 'data.removed' AND setup = ?`, id)
}

func (s *site) gone(id string) bool { return !s.stored(`SELECT count(*) FROM setups WHERE id = ?`, id) }

func (s *site) stored(count, id string) bool {
	s.t.Helper()
	var n int
	s.inDatabase(func(db *sql.DB) error { return db.QueryRow(count, id).Scan(&n) })
	return n > 0
}

// inFiles are those of the words that stand anywhere in the files of the database when the program has ended.
func (s *site) inFiles(words ...string) (found []string) {
	s.t.Helper()
	s.stop()
	for _, word := range words {
		for _, content := range s.files() {
			if bytes.Contains(content, []byte(word)) {
				found = append(found, word)
				break
			}
		}
	}
	s.start()
	return found
}

// TestRetention: a completed setup, one that was left halfway, one with an act in Aritma whose outcome nobody knows, and one in
// use, through the times that an operator configured.
func TestRetention(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	s := newSiteWithConsole(t, map[string]string{
		"ONBOARD_RETAIN_COMPLETED": "2400h", "ONBOARD_RETAIN_ABANDONED": "720h", "ONBOARD_RETAIN_SETUPS": "4800h",
	})
	sample := s.sandbox.Sample()
	whole := s.visitor().open(s.link("--contact", "Kari Nordmann")).walk("token").handOver().send(map[string]string{"pasted": "yes"})
	whole.send(map[string]string{"arrived": "yes"}).finish()
	half := s.visitor().open(s.link("--tenant", "nordlys", "--company", "Nordlys AS", "--contact", "Ola Hansen")).walk("review")
	open := s.visitor().open(s.link("--tenant", "fjord", "--company", "Fjord AS", "--contact", "Siri Berg")).walk("review")
	ids := map[*visitor]string{whole: whole.setup(), half: half.setup(), open: open.setup()}
	s.inDatabase(func(db *sql.DB) error { // as after a crash while Aritma was asked
		_, err := db.Exec(`UPDATE setups SET state = json_set(state, '$.registration.intent', 'create') WHERE id = ?`, ids[open])
		return err
	})
	s.guide().desk(ids[half]).send(map[string]string{"note": "Ola is on holiday"})
	s.passes(40 * day)
	eventually(t, "the one left halfway being forgotten", func() bool { return s.forgotten(ids[half]) })
	if s.forgotten(ids[whole]) || s.forgotten(ids[open]) {
		t.Error("a completed setup, or one with an act that is not settled, is forgotten too early")
	}
	if found := s.inFiles("Kari Nordmann", "Ola Hansen", "on holiday", "Siri Berg"); !slices.Equal(found, []string{"Kari Nordmann", "Siri Berg"}) {
		t.Errorf("the files hold %q", found)
	}
	desk := s.guide().desk(ids[half])
	if text := desk.text("main"); !strings.Contains(text, "Removed at") || !strings.Contains(text, "Contactremoved") || strings.Contains(text, "Ola") {
		t.Errorf("the console says: %s", text)
	}
	back := half.again().get("/setup/" + ids[half] + "/").at("secret") // the client secret had its time long before
	if !strings.Contains(back.text(".notice"), "Names, e-mail addresses and client addresses were removed from this setup on") {
		t.Errorf("the customer reads: %s", back.text("main"))
	}
	if text := back.get("/setup/" + ids[half] + "/activity").text("main"); !strings.Contains(text, "Removed names, e-mail addresses, notes and client addresses") || strings.Contains(text, "127.0.0.1") {
		t.Errorf("the trail says: %s", text)
	}

	s.passes(100 * day)
	eventually(t, "the completed one being forgotten", func() bool { return s.forgotten(ids[whole]) })
	back = whole.again().get("/setup/" + ids[whole] + "/done").at("done")
	if text := back.text("main"); strings.Contains(text, sample.Person) || !strings.Contains(text, "Names, e-mail addresses and client addresses were removed") {
		t.Errorf("the customer reads: %s", text)
	}
	for _, page := range []string{"start", "assign", "review", "token", "provisioning", "signin-test", "links", "activity"} {
		if back.get("/setup/" + ids[whole] + "/" + page); back.status != http.StatusOK {
			t.Errorf("%s is answered %d", page, back.status)
		}
	}
	held := s.held()
	s.passes(210 * day)
	eventually(t, "setups being removed", func() bool { return s.gone(ids[whole]) && s.gone(ids[half]) })
	if status := whole.again().get("/setup/" + ids[whole] + "/done").status; status != http.StatusNotFound {
		t.Errorf("a session in a setup that is gone is answered %d", status)
	}
	if status := s.guide().desk(ids[whole]).status; status != http.StatusNotFound {
		t.Errorf("the console answers %d for a setup that is gone", status)
	}
	if s.gone(ids[open]) || s.forgotten(ids[open]) {
		t.Error("a setup with an act that is not settled is gone")
	}
	if after := s.held(); len(after.Providers) != len(held.Providers) || len(after.SCIMTokens) != len(held.SCIMTokens) {
		t.Errorf("Aritma holds %+v, before %+v", after, held)
	}
	if found := s.inFiles("Kari Nordmann", ids[whole], "Ola Hansen", "Siri Berg"); !slices.Equal(found, []string{"Siri Berg"}) {
		t.Errorf("the files hold %q", found)
	}
}

// TestRetentionCleansTheSearch: of a name that was removed the index of the search holds no three characters.
func TestRetentionCleansTheSearch(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"ONBOARD_RETAIN_ABANDONED": "48h"})
	v := s.visitor().open(s.link("--contact", "Zqxjvkw Qzjxwyv"))
	held := func() (grams []string) {
		for _, gram := range []string{"zqx", "qxj", "xjv", "jvk", "vkw", "qzj", "zjx", "jxw", "xwy", "wyv"} {
			if s.stored(`SELECT count(*) FROM setup_search_data WHERE instr(block, CAST(? AS BLOB))`, gram) {
				grams = append(grams, gram)
			}
		}
		return grams
	}
	if len(held()) == 0 {
		t.Error("none of them is found while the name is there")
	}
	s.passes(72 * time.Hour)
	eventually(t, "removal", func() bool { return s.forgotten(v.setup()) })
	if left := held(); len(left) > 0 {
		t.Errorf("the index still holds %q", left)
	}
}
