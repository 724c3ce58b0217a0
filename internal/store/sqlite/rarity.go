package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	// sampled is how many of the newest texts are looked at to know what is rare, and sampleFor how long that is known.
	sampled   = 2000
	sampleFor = time.Hour
	// rare is in how many of the sampled texts three characters may be that are looked for by themselves, and enough how many
	// such are looked for: each costs its own reading.
	rare   = sampled / 100
	enough = 3
)

// rarity is in how many of some texts each three characters are. The index reads the entries of all that it is asked for in
// step, so long words whose parts are common cost the more the more setups there are. What a few rare parts find is little,
// and is compared with the whole words.
type rarity map[string]int

// rarest are what to look for in place of a text, and of another that is given by its three characters. whole is true when
// that is all of both, because no part is rare.
func (known rarity) rarest(text, other string) (words []string, whole bool) {
	parts := map[string]string{fold(other): other}
	runes := []rune(text)
	for at := range len(runes) - trigram + 1 {
		part := string(runes[at : at+trigram])
		parts[fold(part)] = part
	}
	order := slices.SortedFunc(maps.Keys(parts), func(a, b string) int { return cmp.Or(cmp.Compare(known[a], known[b]), strings.Compare(a, b)) })
	if len(order) <= enough || known[order[0]] > rare {
		return []string{text, other}, true
	}
	for _, part := range order[:enough] {
		words = append(words, parts[part])
	}
	return words, false
}

// rarities keeps what is rare.
type rarities struct {
	mu    sync.Mutex
	known rarity
	at    time.Time
}

func (r *rarities) get(ctx context.Context, db *sql.DB) (rarity, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known != nil && time.Since(r.at) < sampleFor {
		return r.known, nil
	}
	texts, err := list(ctx, db, func(from row) (text string, err error) { return text, from.Scan(&text) },
		`SELECT text FROM setup_docs ORDER BY docid DESC LIMIT ?`, sampled)
	if err != nil {
		return nil, err
	}
	known := rarity{}
	for _, text := range texts {
		runes, parts := []rune(fold(text)), map[string]bool{}
		for at := range len(runes) - trigram + 1 {
			if part := string(runes[at : at+trigram]); !parts[part] {
				parts[part] = true
				known[part]++
			}
		}
	}
	r.known, r.at = known, time.Now()
	return known, nil
}

// fold makes upper and lower case the same.
func fold(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z':
			return r - 'a' + 'A'
		case r < utf8.RuneSelf:
			return r
		}
		least := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		return least
	}, text)
}
