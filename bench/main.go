// Command bench measures hallpass against a bare gorilla/mux handler in one run and prints a table of ratios.
//
// The server runs on one core with GOMAXPROCS=1 and wrk on another, so the server is the only bottleneck. Each candidate
// is measured between two measurements of the yardstick; where those differ by more than a tenth the round is repeated, and
// a line that rests on one which stayed so is marked. Figures are medians. hallpass runs as it is served: every request and
// reply checked, every write synced to disk.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"log"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// round is one measurement of a candidate between two of the yardstick.
type round struct {
	ratio, requests, yardstick float64
	spread                     float64 // by how much the yardsticks differ, as a part of their mean
	latency                    string
}

// steady is how much the yardsticks of a round may differ.
const steady = .1

func main() {
	seconds := flag.Int("seconds", 5, "length of each measurement")
	rounds := flag.Int("rounds", 3, "rounds; the median counts")
	connections := flag.Int("connections", 64, "connections that wrk keeps open")
	tokens := flag.Int("tokens", 1_000_000, "tokens in the large tenant")
	only := flag.String("only", "", "measure the operations whose names hold this")
	flag.Parse()
	if err := bench(context.Background(), *only, *seconds, *rounds, *connections, *tokens); err != nil {
		log.Fatal(err)
	}
}

func bench(ctx context.Context, only string, seconds, rounds, connections, tokens int) error {
	dir, err := os.MkdirTemp("", "hallpass-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	b := &bencher{
		dir: dir, seconds: seconds, connections: connections, tokens: tokens,
		client: http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections}},
	}
	if err := b.build(ctx); err != nil {
		return err
	}
	if err := b.prepare(ctx); err != nil {
		return err
	}
	start, err := b.start(ctx)
	if err != nil {
		return err
	}
	defer b.stop()

	fmt.Printf("%d connections, %d rounds of %ds, one core each for server and wrk, synchronous=FULL\n\n", connections, rounds, seconds)
	fmt.Printf("%-28s %10s %10s %8s %8s  %s\n", "operation", "yardstick", "hallpass", "ratio", "aim", "p50 / p99")
	restless := false
	for _, o := range operations {
		if !strings.Contains(o.name, only) {
			continue
		}
		results := make([]round, 0, rounds)
		for range rounds {
			r, err := b.round(ctx, o)
			if err != nil {
				return err
			}
			results = append(results, r)
		}
		slices.SortFunc(results, func(a, b round) int { return int((a.ratio - b.ratio) * 1e6) })
		m := results[len(results)/2]
		mark := ' '
		if m.spread > steady {
			mark = '~' // explained below the table
			restless = true
		}
		fmt.Printf("%-28s %8.0f/s %8.0f/s %8.2f%c%8.2f  %s\n", o.name, m.yardstick, m.requests, m.ratio, mark, o.aim, m.latency)
	}
	if restless {
		fmt.Println("\n~ the machine was busy: before and after, the yardstick differed by more than a tenth")
	}
	peak := b.peakMiB()
	b.stop()
	if err := b.plantMany(ctx); err != nil {
		return err
	}
	if _, err := b.start(ctx); err != nil {
		return err
	}
	if err := b.lists(ctx, rounds); err != nil {
		return err
	}
	size, err := os.Stat(filepath.Join(dir, "hallpass"))
	if err != nil {
		return err
	}
	fmt.Printf("\nresident memory under load  %.0f MiB (aim 100)\n", peak)
	fmt.Printf("start to first 200          %v (aim 50ms)\n", start.Round(time.Millisecond))
	fmt.Printf("static binary               %.1f MB (aim 30)\n", float64(size.Size())/1e6)
	return nil
}

// lists measures a list of a hundred tokens of few against one of many, alternating, and prints the median of the ratios.
func (b *bencher) lists(ctx context.Context, rounds int) error {
	ratios := make([]float64, 0, rounds)
	for range rounds {
		few, err := b.measure(ctx, listFew, b.hallpass.url)
		if err != nil {
			return err
		}
		many, err := b.measure(ctx, listMany, b.hallpass.url)
		if err != nil {
			return err
		}
		ratios = append(ratios, few.requests/many.requests)
	}
	slices.Sort(ratios)
	fmt.Printf("\nlist 100 of %d tokens costs %.2f times a list of 100 of %d (aim 3)\n", b.tokens, ratios[len(ratios)/2], fewTokens)
	return nil
}

// round measures the yardstick, hallpass and the yardstick again, until the two yardsticks agree, and returns the attempt in
// which they agreed best.
func (b *bencher) round(ctx context.Context, o operation) (round, error) {
	const attempts = 5
	var best round
	for i := range attempts {
		before, err := b.measure(ctx, o, b.yardstick.url)
		if err != nil {
			return round{}, err
		}
		if o.nonces { // as many as the yardstick would have used, which is faster
			if err := b.mintNonces(ctx, o, before.total); err != nil {
				return round{}, err
			}
		}
		candidate, err := b.measure(ctx, o, b.hallpass.url)
		if err != nil {
			return round{}, err
		}
		after, err := b.measure(ctx, o, b.yardstick.url)
		if err != nil {
			return round{}, err
		}
		mean := (before.requests + after.requests) / 2
		spread := math.Abs(before.requests-after.requests) / mean
		if i == 0 || spread < best.spread {
			best = round{candidate.requests / mean, candidate.requests, mean, spread, candidate.latency}
		}
		if spread <= steady {
			break
		}
	}
	return best, nil
}

// reading is what wrk said.
type reading struct {
	requests float64 // in a second
	total    int
	latency  string
}

func parseWrk(out []byte) (reading, error) {
	var r reading
	var p50, p99 string
	for line := range bytes.Lines(out) {
		var name, value string
		_, _ = fmt.Sscan(string(line), &name, &value)
		if value == "requests" {
			if _, err := fmt.Sscan(name, &r.total); err != nil {
				return r, err
			}
		}
		switch name {
		case "Requests/sec:":
			if _, err := fmt.Sscan(value, &r.requests); err != nil {
				return r, err
			}
		case "50%":
			p50 = value
		case "99%":
			p99 = value
		case "Non-2xx", "Socket":
			return r, fmt.Errorf("wrk met refusals:\n%s", out)
		}
	}
	r.latency = p50 + " / " + p99
	return r, nil
}
