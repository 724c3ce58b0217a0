// Command reference is what "make bench" compares the wizard with: the least that answers with pages of given sizes by the
// same means, chi and templ, compressed for each request. It has no session, no database, no log and one language.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
)

func main() {
	flag.Parse()
	r := chi.NewRouter()
	r.Use(middleware.Compress(5, "text/html"))
	for _, size := range flag.Args() { // bytes of a page before it is compressed, at least
		n, err := strconv.Atoi(size)
		if err != nil {
			log.Fatal(err)
		}
		r.Method(http.MethodGet, "/"+size, templ.Handler(Page(sized(n))))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("reference: http://%s\n", listener.Addr())
	server := &http.Server{Handler: r, ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(server.Serve(listener))
}

// sized is a form of two questions after as many paragraphs as it takes. Its words are made up, always the same ones, and
// compress about as well as sentences do.
func sized(size int) View {
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same page every time
	v := View{Title: "Where the directory is"}
	for range 11 {
		v.Steps = append(v.Steps, word(random))
	}
	for _, name := range []string{"directory", "client"} {
		v.Fields = append(v.Fields, Field{Name: name, Label: word(random), Hint: sentence(random)})
	}
	for length(v) < size {
		v.Words = append(v.Words, sentence(random))
	}
	return v
}

func length(v View) int {
	var page bytes.Buffer
	if err := Page(v).Render(context.Background(), &page); err != nil {
		log.Fatal(err)
	}
	return page.Len()
}

var syllables = strings.Fields("di rec to ry ap pli ca tion cli ent sec ret val ue por tal sign in us er as sign ment re view the of and that")

func word(random *rand.Rand) string {
	var w strings.Builder
	for range 1 + random.IntN(3) {
		w.WriteString(syllables[random.IntN(len(syllables))])
	}
	return w.String()
}

func sentence(random *rand.Rand) string {
	words := make([]string, 12)
	for i := range words {
		words[i] = word(random)
	}
	return strings.Join(words, " ") + "."
}
