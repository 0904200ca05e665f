package report

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// WriteText writes the report to read: a table of the operations by tag, then what failed and what was skipped.
func (r *Report) WriteText(w io.Writer) error {
	p := &printer{w: w}
	count := map[verdict]int{}
	exchanges, apart := 0, 0
	for _, o := range r.Operations {
		count[o.verdict(r.Whole)]++
		n, _ := o.exchanges()
		exchanges += n
	}
	for _, t := range r.Rest {
		if t.Failed {
			apart++
		}
	}
	p.line("%s at %s", r.Contract, r.Server)
	p.line("%s, %s, %d exchanges", r.Began.UTC().Format("2006-01-02 15:04:05Z"), r.Took.Round(100*time.Millisecond), exchanges)
	p.line("Of %d operations %d hold, %d FAIL, %d were not tried; apart from them %d tests FAIL.",
		len(r.Operations), count[met], count[failed], count[untried], apart)
	p.table(r)
	p.failures(r)
	p.skips(r)
	return p.err
}

// printer writes until that fails.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

var verdicts = map[verdict]string{met: "holds", failed: "FAILS", untried: "not tried"}

// table tells each operation in a line: how many tests exercised it, how often, and how each documented answer came off.
func (p *printer) table(r *Report) {
	tag, width := "", 0
	for _, o := range r.Operations {
		width = max(width, len(o.Path))
	}
	for _, o := range r.Operations {
		if o.Tag != tag {
			tag = o.Tag
			p.line("\n%-*s  tests  exchanges  answers", width+19, tag)
		}
		exchanges, _ := o.exchanges()
		p.line("  %-9s %-6s %-*s  %5d  %9d  %s", verdicts[o.verdict(r.Whole)], o.Method, width, o.Path, len(o.Tests), exchanges, o.answers(r.Whole))
	}
	p.line("\n✓ met, and how often   ✗ not met, or not documented   – cannot be provoked from here")
}

var marks = map[verdict]string{met: "✓", failed: "✗", skipped: "–"}

// answers tells how each answer came off.
func (o Operation) answers(whole bool) string {
	var all []string
	for _, s := range o.Statuses {
		text := strconv.Itoa(s.Code) + marks[s.verdict(whole)]
		if s.Exchanges > 0 {
			text += strconv.Itoa(s.Exchanges)
		}
		all = append(all, text)
	}
	return strings.Join(all, " ")
}

// missed says what failed of an answer.
func (s Status) missed() string {
	if s.Undocumented {
		return fmt.Sprintf("%d was answered, and is not documented", s.Code)
	}
	return fmt.Sprintf("%d is documented, and was met by no test", s.Code)
}

func (p *printer) failures(r *Report) {
	for _, o := range r.Operations {
		if o.verdict(r.Whole) != failed {
			continue
		}
		p.line("\nFAILED: %s %s (%s)", o.Method, o.Path, o.ID)
		for _, s := range o.Statuses {
			if s.verdict(r.Whole) == failed {
				p.line("  %s", s.missed())
			}
		}
		p.tests(o.Tests)
	}
	if slices.ContainsFunc(r.Rest, func(t Test) bool { return t.Failed }) {
		p.line("\nFAILED, apart from the operations")
		p.tests(r.Rest)
	}
}

// tests tells those that failed, with what they said.
func (p *printer) tests(all []Test) {
	for _, t := range all {
		if !t.Failed {
			continue
		}
		p.line("  %s", t.Name)
		for _, said := range t.Said {
			p.line("    %s", said)
		}
	}
}

// skips tells what was skipped, by what it would have needed.
func (p *printer) skips(r *Report) {
	var order []string
	by := map[string][]string{}
	add := func(needs, what string) {
		if by[needs] == nil {
			order = append(order, needs)
		}
		if !slices.Contains(by[needs], what) {
			by[needs] = append(by[needs], what)
		}
	}
	for _, o := range r.Operations {
		for _, s := range o.Statuses {
			if s.verdict(r.Whole) == skipped {
				add(s.Unreachable, strconv.Itoa(s.Code))
			}
		}
	}
	for _, t := range r.Rest {
		if t.Skipped != "" {
			add(t.Skipped, t.Name)
		}
	}
	if len(order) > 0 {
		p.line("\nSkipped")
	}
	slices.Sort(order)
	for _, needs := range order {
		p.line("  what needs %s", needs)
		for _, what := range by[needs] {
			p.line("    %s", what)
		}
	}
}
