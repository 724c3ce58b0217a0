package iam

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

var (
	errHTML  = errors.New("answer is an HTML page")
	errEmpty = errors.New("answer is empty")
	errJSON  = errors.New("answer is not JSON of the expected shape")
)

var byteOrderMark = []byte("\xef\xbb\xbf")

func trim(body []byte) []byte { return bytes.TrimSpace(bytes.TrimPrefix(body, byteOrderMark)) }

func (a answer) isHTML() bool {
	return strings.HasPrefix(a.header.Get("Content-Type"), "text/html") || bytes.HasPrefix(trim(a.body), []byte("<"))
}

// text reads a string, a number or a boolean as text; anything else is "".
type text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *text) UnmarshalJSON(raw []byte) error {
	var s string
	switch {
	case json.Unmarshal(raw, &s) == nil:
		*t = text(s)
	case len(raw) > 0 && raw[0] != '{' && raw[0] != '[':
		*t = text(raw)
	}
	return nil
}

// number reads an integer or a string of digits; anything else is 0.
type number int64

// UnmarshalJSON implements json.Unmarshaler.
func (n *number) UnmarshalJSON(raw []byte) error {
	*n = number(positive(strings.Trim(string(raw), `"`)))
	return nil
}

// positive is the integer that digits write, 0 when they write none.
func positive(digits string) int64 {
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// flag reads true and "true" as true; anything else is false.
type flag bool

// UnmarshalJSON implements json.Unmarshaler.
func (f *flag) UnmarshalJSON(raw []byte) error {
	*f = flag(strings.EqualFold(strings.Trim(string(raw), `"`), "true"))
	return nil
}

// providerJSON leaves out the properties, which may hold the client secret.
type providerJSON struct {
	ID           number
	Scheme       text
	DisplayName  text
	Enabled      flag
	ProviderName text
	Type         text
}

func (p providerJSON) provider() Provider {
	return Provider{
		ID: int64(p.ID), Scheme: string(p.Scheme), DisplayName: string(p.DisplayName), Enabled: bool(p.Enabled),
		ProviderName: string(p.ProviderName), Type: string(p.Type),
	}
}

// tokenJSON leaves out the value, which a list might hold against the documentation.
type tokenJSON struct {
	ID                  text
	Provider            text
	ProviderDisplayName text
}

func (t tokenJSON) token() SCIMToken {
	return SCIMToken{ID: string(t.ID), Provider: string(t.Provider), ProviderDisplayName: string(t.ProviderDisplayName)}
}

// envelope is what a list or an object may be wrapped in. encoding/json matches its keys in any case.
type envelope struct {
	Data       json.RawMessage
	Items      json.RawMessage
	Total      number
	TotalCount number
	TotalPages number
}

// list performs the act and reads its rows.
func list[Row any](ctx context.Context, c *Client, act call) ([]Row, error) {
	got, err := c.do(ctx, act)
	if err != nil {
		return nil, err
	}
	rows, err := decodeList[Row](got)
	if err != nil {
		return nil, act.garbled(got, err)
	}
	return rows, nil
}

// decodeList reads a bare array, {"data":[…]} or {"items":[…]}. Nothing but an explicit emptiness is an empty list:
// an answer that says nothing must not count as "there is none".
func decodeList[Row any](got answer) ([]Row, error) {
	body := trim(got.body)
	if len(body) == 0 && got.status == 204 {
		return nil, nil
	}
	if len(body) == 0 {
		return nil, errEmpty
	}
	var wrapped envelope
	if body[0] == '{' {
		if json.Unmarshal(body, &wrapped) != nil {
			return nil, errJSON
		}
		if body = wrapped.Data; wrapped.Items != nil && (body == nil || string(body) == "null") {
			body = wrapped.Items
		}
	}
	var rows []*Row
	if body == nil || json.Unmarshal(body, &rows) != nil {
		return nil, errJSON
	}
	if total := max(wrapped.Total, wrapped.TotalCount); int(total) > len(rows) || wrapped.TotalPages > 1 {
		return nil, fmt.Errorf("list shows %d rows of %d", len(rows), total)
	}
	full := make([]Row, 0, len(rows))
	for _, row := range rows {
		if row != nil {
			full = append(full, *row)
		}
	}
	return full, nil
}

// decodeObject reads an object into v, bare or as the object in {"data":{…}}.
func decodeObject(body []byte, v any) error {
	body = trim(body)
	if len(body) == 0 {
		return errEmpty
	}
	var wrapped envelope
	if body[0] != '{' || json.Unmarshal(body, &wrapped) != nil {
		return errJSON
	}
	if inner := trim(wrapped.Data); len(inner) > 0 && inner[0] == '{' {
		body = inner
	}
	if json.Unmarshal(body, v) != nil {
		return errJSON // not the decoder's own error: it may quote the answer
	}
	return nil
}

// registeredID finds the id of a new provider: in the provider itself, in a link to it, or in the Location header.
// An answer may hold none.
func registeredID(got answer) (int64, error) {
	located := trailingInteger(got.header.Get("Location"))
	body := trim(got.body)
	if len(body) == 0 || located != 0 && !json.Valid(body) {
		return located, nil
	}
	if !json.Valid(body) {
		if got.isHTML() {
			return 0, errHTML
		}
		return 0, errJSON
	}
	if id := idIn(body, 3); id != 0 {
		return id, nil
	}
	return located, nil
}

// created is every shape that an element of the answer to a create may have.
type created struct {
	ID    number
	Rel   text
	Href  text
	Links json.RawMessage
	HAL   json.RawMessage `json:"_links"`
	Data  json.RawMessage
	Self  json.RawMessage // {"self":{"href":…}}, the form of _links
}

// idIn looks for an id no deeper than depth levels of wrapping.
func idIn(raw json.RawMessage, depth int) int64 {
	raw = trim(raw)
	if depth == 0 || len(raw) == 0 {
		return 0
	}
	switch raw[0] {
	case '[':
		return idInLinks(raw, depth)
	case '{':
		var c created
		if json.Unmarshal(raw, &c) != nil {
			return 0
		}
		if c.ID != 0 {
			return int64(c.ID)
		}
		if id := trailingInteger(string(c.Href)); id != 0 {
			return id
		}
		for _, inner := range []json.RawMessage{c.Self, c.Links, c.HAL, c.Data} {
			if id := idIn(inner, depth-1); id != 0 {
				return id
			}
		}
		return 0
	default: // the id and nothing else
		return positive(strings.Trim(string(raw), `"`))
	}
}

// idInLinks prefers the link to the provider itself over its neighbours.
func idInLinks(raw json.RawMessage, depth int) int64 {
	var elements []json.RawMessage
	if json.Unmarshal(raw, &elements) != nil {
		return 0
	}
	var other int64
	for _, element := range elements {
		var link created
		_ = json.Unmarshal(element, &link)
		id := idIn(element, depth-1)
		if id != 0 && strings.EqualFold(string(link.Rel), "self") {
			return id
		}
		if other == 0 {
			other = id
		}
	}
	return other
}

// trailingInteger is the last path segment of href when it is a positive integer, else 0. Version and kind of provider
// before it are the same for every provider in the documentation and cannot be trusted.
func trailingInteger(href string) int64 {
	u, err := url.Parse(strings.TrimSpace(href))
	if err != nil {
		return 0
	}
	path := strings.TrimRight(u.Path, "/")
	return positive(path[strings.LastIndexByte(path, '/')+1:])
}
