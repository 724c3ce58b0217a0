package entra

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// AADSTS numbers that a lookup can be refused with (Microsoft, "Microsoft Entra authentication and authorization error
// codes"). Microsoft warns that texts change, so only numbers count.
const (
	directoryNotFound  = 90002
	directoryMalformed = 900023
	directoryElsewhere = 90038
)

// errElsewhere says that the directory belongs to another national cloud.
var errElsewhere = errors.New("directory is in another national cloud")

// refusal is Microsoft's error answer. The zero refusal is one that could not be understood.
type refusal struct {
	number      int    // AADSTS number; 0 when there is none
	correlation string // lower-case GUID for Microsoft's support, or empty
}

var aadsts = regexp.MustCompile(`AADSTS([0-9]{4,9})\b`)

// parseRefusal reads an error answer: the number from error_codes, or else from the first AADSTS in the description.
// What cannot be understood gives the zero refusal; an unknown number is kept as it is.
func parseRefusal(body []byte) refusal {
	var answer struct {
		Description string          `json:"error_description"`
		Codes       json.RawMessage `json:"error_codes"`
		Correlation string          `json:"correlation_id"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return refusal{}
	}
	var r refusal
	var codes []int
	if json.Unmarshal(answer.Codes, &codes) == nil && len(codes) > 0 && codes[0] > 0 {
		r.number = codes[0]
	} else if match := aadsts.FindStringSubmatch(answer.Description); match != nil {
		r.number, _ = strconv.Atoi(match[1])
	}
	if id := strings.ToLower(answer.Correlation); isGUID(id) {
		r.correlation = id
	}
	return r
}

// code is the number as Microsoft writes it, or empty.
func (r refusal) code() string {
	if r.number == 0 {
		return ""
	}
	return fmt.Sprintf("AADSTS%d", r.number)
}

// String describes the refusal for the log.
func (r refusal) String() string {
	if r.number == 0 {
		return "no AADSTS number"
	}
	return fmt.Sprintf("%s, correlation id %q", r.code(), r.correlation)
}
