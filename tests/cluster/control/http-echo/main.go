// SPDX-License-Identifier: Apache-2.0

// Answers every request with one text, with the options of the program of that name that tutorials use:
// http-echo -text=TEXT [-listen=:5678] [-status-code=200].
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"
)

func main() {
	text := flag.String("text", "", "what to answer")
	listen := flag.String("listen", ":5678", "address and port to listen on")
	status := flag.Int("status-code", http.StatusOK, "status of every answer")
	flag.Parse()
	if *text == "" {
		log.Fatal("http-echo: -text is needed")
	}
	http.HandleFunc("/", func(out http.ResponseWriter, in *http.Request) {
		out.Header().Set("Content-Type", "text/plain; charset=utf-8")
		out.WriteHeader(*status)
		fmt.Fprintln(out, *text)
	})
	log.Printf("server is listening on %s", *listen)
	log.Fatal(http.ListenAndServe(*listen, nil))
}
