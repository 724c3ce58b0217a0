package main

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// grown is a site in whose database the setup of a visitor stands among so many others like it, each with its session, its
// link and its trail.
func grown(b *testing.B, setups int) (*site, asked) {
	b.Helper()
	s := newSite(b, nil)
	v := s.visitor().open(s.link()).walk("directory")
	s.stop()
	db := s.sql()
	db.SetMaxOpenConns(1)
	for _, statement := range append([]string{"PRAGMA synchronous = OFF", "CREATE TEMP TABLE more AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT " + fmt.Sprint(setups) + ") SELECT i, lower(hex(randomblob(13))) AS setup, lower(hex(randomblob(13))) AS link, randomblob(32) AS session FROM n"},
		copies(b, s, v.setup())...) {
		if _, err := db.ExecContext(b.Context(), statement); err != nil {
			b.Fatalf("%s: %v", statement, err)
		}
	}
	if err := db.Close(); err != nil {
		b.Fatal(err)
	}
	s.spawn(binary(b))
	eventually(b, "the first sweep being over", func() bool {
		before := cpu(b, s.pid)
		time.Sleep(time.Second)
		return cpu(b, s.pid)-before <= 2*tick
	})
	return s, v.again().kept(v.path)
}

// copies are statements that make of each row of the setup as many as there are in more, with keys of their own.
func copies(b *testing.B, s *site, setup string) (statements []string) {
	b.Helper()
	db := s.sql()
	defer db.Close()
	for _, table := range []struct {
		name, where string
		keys        map[string]string
	}{
		{"setups", "id", map[string]string{"id": "more.setup", "company": "t.company || ' ' || more.i"}},
		{"links", "setup", map[string]string{"id": "more.link", "setup": "more.setup", "hash": "randomblob(32)"}},
		{"sessions", "", map[string]string{"hash": "more.session"}},
		{"grants", "setup", map[string]string{"session": "more.session", "setup": "more.setup", "link": "CASE WHEN t.link IS NULL THEN NULL ELSE more.link END"}},
		{"events", "setup", map[string]string{"id": "NULL", "setup": "more.setup"}},
	} {
		rows, err := db.QueryContext(b.Context(), "SELECT name FROM pragma_table_info(?)", table.name)
		if err != nil {
			b.Fatal(err)
		}
		var columns, values []string
		for rows.Next() {
			var column string
			if err := rows.Scan(&column); err != nil {
				b.Fatal(err)
			}
			value, made := table.keys[column]
			if !made {
				value = "t." + column
			}
			columns, values = append(columns, column), append(values, value)
		}
		if err := rows.Err(); err != nil || len(columns) == 0 {
			b.Fatalf("columns of %s: %v, %v", table.name, columns, err)
		}
		statement := fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM more, (SELECT * FROM %s", table.name, strings.Join(columns, ", "), strings.Join(values, ", "), table.name)
		if table.where != "" {
			statement += fmt.Sprintf(" WHERE %s = '%s'", table.where, setup)
		} else {
			statement += " LIMIT 1"
		}
		statements = append(statements, statement+") t")
	}
	return statements
}

// BenchmarkSpeedGrowth: a form page among 10, 1,000 and 100,000 setups, asked in turns.
func BenchmarkSpeedGrowth(b *testing.B) {
	const turns, each = 6, 250
	sizes := []int{10, 1000, 100_000}
	for b.Loop() {
		var sites []*site
		var pages []asked
		for _, size := range sizes {
			s, page := grown(b, size)
			page.repeat(b, 200)
			sites, pages = append(sites, s), append(pages, page)
		}
		used := make([]time.Duration, len(sizes))
		for range turns {
			for i, page := range pages {
				before := cpu(b, sites[i].pid)
				page.repeat(b, each)
				used[i] += cpu(b, sites[i].pid) - before
			}
		}
		for i, size := range sizes[1:] {
			ratio(b, fmt.Sprintf("processor time among %d setups", size), used[i+1]/(turns*each), used[0]/(turns*each), 1.2)
		}
		b.ReportMetric(float64(used[2])/float64(used[0]), "100000-by-10")
		b.ReportMetric(0, "ns/op")
	}
}
