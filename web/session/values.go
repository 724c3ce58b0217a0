package session

import (
	"encoding/json"
	"fmt"
	"maps"
	"unicode/utf8"

	"github.com/aritma/entra-onboard/internal/secret"
)

// entries are a session's values by key, each as one text: a letter for the type, then the value. They are secrets as a
// whole, since nobody but the caller knows which of them are.
type entries map[string]secret.Secret

const (
	textEntry   = 't'
	secretEntry = 's'
	flashEntry  = 'f' // a JSON list of strings, as gorilla's AddFlash builds it
)

// encode takes a session's values apart. Errors name key and type, never a value.
func encode(values map[any]any) (entries, error) {
	all := make(entries, len(values))
	for key, value := range values {
		if _, ours := key.(baseKey); ours {
			continue
		}
		name, ok := key.(string)
		if !ok {
			return nil, fmt.Errorf("session key is a %T, not a string", key)
		}
		entry, err := encodeOne(value)
		if err != nil {
			return nil, fmt.Errorf("session value %q: %w", name, err)
		}
		if !utf8.ValidString(entry.Expose()) { // JSON would replace what is not
			return nil, fmt.Errorf("session value %q is not UTF-8", name)
		}
		all[name] = entry
	}
	return all, nil
}

func encodeOne(value any) (secret.Secret, error) {
	switch v := value.(type) {
	case string:
		return secret.New(string(textEntry) + v), nil
	case secret.Secret:
		return secret.New(string(secretEntry) + v.Expose()), nil
	case []any:
		return encodeFlashes(v)
	default:
		return secret.Secret{}, fmt.Errorf("a %T can not be kept", value)
	}
}

func encodeFlashes(flashes []any) (secret.Secret, error) {
	texts := make([]string, 0, len(flashes))
	for _, flash := range flashes {
		text, ok := flash.(string)
		if !ok {
			return secret.Secret{}, fmt.Errorf("a flash that is a %T can not be kept", flash)
		}
		texts = append(texts, text)
	}
	list, err := json.Marshal(texts)
	return secret.New(string(flashEntry) + string(list)), err
}

// decode puts the values of entries into values.
func (all entries) decode(values map[any]any) {
	for key, entry := range all {
		values[key], _ = decodeOne(entry) // parse and encode let nothing else through
	}
}

// decodeOne reads one entry; false when its type is unknown or its list does not parse.
func decodeOne(entry secret.Secret) (any, bool) {
	text := entry.Expose()
	if text == "" {
		return nil, false
	}
	switch text[0] {
	case textEntry:
		return text[1:], true
	case secretEntry:
		return secret.New(text[1:]), true
	case flashEntry:
		var texts []string
		err := json.Unmarshal([]byte(text[1:]), &texts)
		flashes := make([]any, len(texts))
		for i, t := range texts {
			flashes[i] = t
		}
		return flashes, err == nil
	default:
		return nil, false
	}
}

// text is the value of a key when it is a string, and empty otherwise.
func (all entries) text(key string) string {
	value, _ := decodeOne(all[key])
	text, _ := value.(string)
	return text
}

// plain is the JSON text of entries, to be sealed.
func (all entries) plain() (secret.Secret, error) {
	open := make(map[string]string, len(all))
	for key, entry := range all {
		open[key] = entry.Expose()
	}
	text, err := json.Marshal(open)
	return secret.New(string(text)), err
}

func parse(plain secret.Secret) (entries, error) {
	var all entries // a Secret reads itself from JSON
	if err := json.Unmarshal([]byte(plain.Expose()), &all); err != nil {
		return nil, fmt.Errorf("session values: %w", err)
	}
	for key, entry := range all {
		if _, ok := decodeOne(entry); !ok {
			return nil, fmt.Errorf("session value %q is of no known type", key)
		}
	}
	return all, nil
}

func (all entries) equal(other entries) bool { return maps.EqualFunc(all, other, secret.Secret.Equal) }

// merge applies to stored what was done to base to make mine: values set or changed, values removed.
func merge(base, mine, stored entries) entries {
	merged := make(entries, len(stored)+len(mine))
	maps.Copy(merged, stored)
	for key, entry := range mine {
		if before, known := base[key]; !known || !before.Equal(entry) {
			merged[key] = entry
		}
	}
	for key := range base {
		if _, kept := mine[key]; !kept {
			delete(merged, key)
		}
	}
	return merged
}
