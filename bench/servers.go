package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// bencher holds the two servers and what requests need.
type bencher struct {
	dir                  string
	seconds, connections int
	tokens               int
	public               string // key that asks for sessions
	reader               string // key of the small tenant
	yardstick, hallpass  server
	dataKey              []byte
	client               http.Client
}

// server is a running process.
type server struct {
	url string
	cmd *exec.Cmd
}

// build makes both programs as they are shipped: static and stripped.
func (b *bencher) build(ctx context.Context) error {
	for name, path := range map[string]string{"hallpass": "./cmd/hallpass", "yardstick": "./bench/yardstick"} {
		cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", filepath.Join(b.dir, name), path)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%w\n%s", err, out)
		}
	}
	return nil
}

// start starts both servers on the first core and returns how long hallpass took from its start to its first 200.
func (b *bencher) start(ctx context.Context) (took time.Duration, err error) {
	if b.yardstick, err = launch(ctx, filepath.Join(b.dir, "yardstick"), nil); err != nil {
		return 0, err
	}
	env := []string{"HALLPASS_DATA_KEY=" + base64.StdEncoding.EncodeToString(b.dataKey), "HALLPASS_LOG_LEVEL=error"}
	for range 3 { // the best of three: the first start reads the binary from disk
		b.hallpass.stop()
		begun := time.Now()
		b.hallpass, err = launch(ctx, filepath.Join(b.dir, "hallpass"), env,
			"serve", "--json", "--db", filepath.Join(b.dir, "bench.db"), "--listen", "127.0.0.1:0")
		if err != nil {
			return 0, err
		}
		response, err := http.Get(b.hallpass.url + "/readyz")
		if err != nil {
			return 0, err
		}
		if err := response.Body.Close(); err != nil {
			return 0, err
		}
		if lasted := time.Since(begun); took == 0 || lasted < took {
			took = lasted
		}
	}
	return took, nil
}

func launch(ctx context.Context, program string, env []string, args ...string) (server, error) {
	cmd := exec.CommandContext(ctx, "taskset", append([]string{"-c", "0", program}, args...)...)
	cmd.Env = append(append(os.Environ(), "GOMAXPROCS=1"), env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return server{}, err
	}
	if err := cmd.Start(); err != nil {
		return server{}, fmt.Errorf("%w; bench needs taskset (Debian: util-linux)", err)
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		return server{}, errors.Join(err, cmd.Process.Kill())
	}
	var said struct{ URL string }
	if err := json.Unmarshal(line, &said); err != nil {
		return server{}, errors.Join(err, cmd.Process.Kill())
	}
	return server{url: said.URL, cmd: cmd}, nil
}

func (s *server) stop() {
	if s.cmd != nil {
		_ = s.cmd.Process.Signal(os.Interrupt)
		_ = s.cmd.Wait()
	}
}

func (b *bencher) stop() {
	b.yardstick.stop()
	b.hallpass.stop()
}

// measure has wrk load one operation of one server from the second core.
func (b *bencher) measure(ctx context.Context, o operation, url string) (reading, error) {
	cmd := exec.CommandContext(ctx, "taskset", "-c", "1", "wrk", "-t1", "-c"+strconv.Itoa(b.connections),
		"-d"+strconv.Itoa(b.seconds)+"s", "--latency", "-s", filepath.Join(b.dir, o.script), url+o.path)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return reading{}, fmt.Errorf("%w: %s (Debian: apt-get install wrk)", err, out)
	}
	return parseWrk(out)
}

// peakMiB is the most memory that hallpass had resident so far (VmHWM of proc_pid_status(5)).
func (b *bencher) peakMiB() float64 {
	status, err := os.ReadFile("/proc/" + strconv.Itoa(b.hallpass.cmd.Process.Pid) + "/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if text, found := strings.CutPrefix(line, "VmHWM:"); found {
			kib, _ := strconv.ParseFloat(strings.Fields(text)[0], 64)
			return kib / 1024
		}
	}
	return 0
}
