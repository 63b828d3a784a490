// What the tests of the bed run in pods: a server that says who it is, a client, a file that is written and read.
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const answerLimit = 5 * time.Second

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	switch {
	case len(arguments) == 2 && arguments[0] == "serve":
		return serve(arguments[1])
	case len(arguments) == 2 && arguments[0] == "get":
		return get(arguments[1])
	case len(arguments) == 3 && arguments[0] == "write":
		return os.WriteFile(arguments[1], []byte(arguments[2]), 0o644)
	case len(arguments) == 2 && arguments[0] == "read":
		return read(arguments[1])
	}
	return fmt.Errorf("usage: probe serve ADDRESS | get URL | write FILE TEXT | read FILE")
}

func serve(address string) error {
	name, err := os.Hostname()
	if err != nil {
		return err
	}
	// As process 1 it would not die of a signal that it does not take.
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-stop
		os.Exit(0)
	}()
	fmt.Println("serving at", address)
	return http.ListenAndServe(address, http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		fmt.Println("asked for", request.URL)
		if size, err := strconv.Atoi(request.URL.Query().Get("bytes")); err == nil {
			io.WriteString(answer, strings.Repeat(".", size))
			return
		}
		fmt.Fprintln(answer, name)
	}))
}

func get(url string) error {
	client := http.Client{Timeout: answerLimit}
	answer, err := client.Get(url)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, err = io.Copy(os.Stdout, answer.Body)
	return err
}

func read(path string) error {
	content, err := os.ReadFile(path)
	if err == nil {
		_, err = os.Stdout.Write(content)
	}
	return err
}
