package console_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/aritma/entra-onboard/internal/console"
	"github.com/aritma/entra-onboard/internal/fault"
	"github.com/aritma/entra-onboard/internal/seal"
	"github.com/aritma/entra-onboard/internal/secret"
)

// TestNothingHasRoomForASecret goes over everything that package console hands out: whatever it says, no value of these types
// can hold a secret, a sealed one, or the digest of one.
func TestNothingHasRoomForASecret(t *testing.T) {
	seen := map[reflect.Type]bool{}
	service := reflect.TypeFor[*console.Service]()
	for method := range service.Methods() {
		for i := range method.Type.NumOut() {
			look(t, method.Name, method.Type.Out(i), seen)
		}
	}
	for _, must := range []reflect.Type{reflect.TypeFor[console.Detail](), reflect.TypeFor[console.Row](), reflect.TypeFor[console.Figures](), reflect.TypeFor[console.Trouble]()} {
		if !seen[must] {
			t.Errorf("%v was not looked at: is this everything that the console reads?", must)
		}
	}
	if len(seen) < 20 {
		t.Errorf("only %d types", len(seen))
	}
}

func look(t *testing.T, where string, kind reflect.Type, seen map[reflect.Type]bool) {
	t.Helper()
	switch kind {
	case reflect.TypeFor[secret.Secret](), reflect.TypeFor[seal.Sealed]():
		t.Errorf("%s holds a %v", where, kind)
		return
	case reflect.TypeFor[error](), reflect.TypeFor[fault.Data](): // words and numbers that the customer's page shows: see TestTroubleKeepsWordsAndNumbers
		return
	}
	if seen[kind] || kind.PkgPath() == "time" {
		return
	}
	seen[kind] = true
	switch kind.Kind() {
	case reflect.Struct:
		for i := range kind.NumField() {
			look(t, where+"."+kind.Field(i).Name, kind.Field(i).Type, seen)
		}
	case reflect.Slice, reflect.Array:
		if kind.Elem().Kind() == reflect.Uint8 {
			t.Errorf("%s holds bytes", where)
		}
		look(t, where+"[]", kind.Elem(), seen)
	case reflect.Pointer:
		look(t, where, kind.Elem(), seen)
	case reflect.Map:
		look(t, where+" key", kind.Key(), seen)
		look(t, where+"{}", kind.Elem(), seen)
	case reflect.Interface, reflect.Chan, reflect.Func, reflect.UnsafePointer:
		t.Errorf("%s holds a %v, which may be anything", where, kind)
	case reflect.Bool, reflect.String, reflect.Int, reflect.Int64, reflect.Uint8, reflect.Float64:
	default:
		t.Errorf("%s is a %v: decide whether the console may read one", where, kind)
	}
	if name := strings.ToLower(kind.Name()); strings.Contains(name, "sealed") || strings.Contains(name, "grant") {
		t.Errorf("%s is a %v", where, kind)
	}
}
