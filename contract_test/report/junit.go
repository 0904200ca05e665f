package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// Suites is the report as JUnit XML has it: a suite for each operation, with a case for each documented answer and for
// each test that exercised it, and one suite for the rest. It is what the schema of Apache Ant's JUnit task (windyroad's
// JUnit.xsd, the stricter one) and that of Jenkins have in common.
type Suites struct {
	XMLName xml.Name `xml:"testsuites"`
	Suites  []Suite  `xml:"testsuite"`
}

// Suite is a testsuite.
type Suite struct {
	Name       string     `xml:"name,attr"`
	Package    string     `xml:"package,attr"`
	ID         int        `xml:"id,attr"`
	Timestamp  string     `xml:"timestamp,attr"` // UTC; the schema has no place for a zone
	Hostname   string     `xml:"hostname,attr"`
	Tests      int        `xml:"tests,attr"`
	Failures   int        `xml:"failures,attr"`
	Errors     int        `xml:"errors,attr"`
	Skipped    int        `xml:"skipped,attr"`
	Time       string     `xml:"time,attr"` // seconds that its exchanges took
	Properties []Property `xml:"properties>property"`
	Cases      []Case     `xml:"testcase"`
	SystemOut  string     `xml:"system-out"`
	SystemErr  string     `xml:"system-err"`
}

// Property is a property of a suite.
type Property struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

// Case is a testcase.
type Case struct {
	Name      string   `xml:"name,attr"`
	Classname string   `xml:"classname,attr"`
	Time      string   `xml:"time,attr"`
	Failure   *Failure `xml:"failure"`
	Skipped   *Skip    `xml:"skipped"`
}

// Failure says why a case failed: in short, and in full.
type Failure struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

// Skip says what a case that was skipped would have needed.
type Skip struct {
	Message string `xml:"message,attr"`
}

// WriteJUnit writes the report for a CI system.
func (r *Report) WriteJUnit(w io.Writer) error {
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(r.suites()); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (r *Report) suites() Suites {
	var all Suites
	add := func(name, group string, took time.Duration, cases []Case) {
		s := Suite{
			Name: name, Package: group, ID: len(all.Suites), Timestamp: r.Began.UTC().Format("2006-01-02T15:04:05"), Hostname: "localhost",
			Tests: len(cases), Time: seconds(took), Properties: []Property{{"contract", r.Contract}, {"server", r.Server}}, Cases: cases,
		}
		for _, c := range cases {
			if c.Failure != nil {
				s.Failures++
			}
			if c.Skipped != nil {
				s.Skipped++
			}
		}
		all.Suites = append(all.Suites, s)
	}
	for _, o := range r.Operations {
		class := o.Tag + "." + o.ID
		var cases []Case
		for _, s := range o.Statuses {
			c := Case{Name: strconv.Itoa(s.Code), Classname: class, Time: seconds(s.Took)}
			switch s.verdict(r.Whole) {
			case failed:
				c.Failure = failure("answer", []string{s.missed()})
			case skipped:
				c.Skipped = &Skip{"needs " + s.Unreachable}
			case untried:
				c.Skipped = &Skip{"the run was narrowed"}
			}
			cases = append(cases, c)
		}
		_, took := o.exchanges()
		add(o.Method+" "+o.Path, o.Tag, took, append(cases, testCases(class, o.Tests)...))
	}
	if len(r.Rest) > 0 {
		add("apart from the operations", "contract", 0, testCases("contract", r.Rest))
	}
	return all
}

func testCases(class string, tests []Test) []Case {
	var cases []Case
	for _, t := range tests {
		c := Case{Name: t.Name, Classname: class, Time: seconds(t.Took)}
		switch t.verdict() {
		case failed:
			c.Failure = failure("test", t.Said)
		case skipped:
			c.Skipped = &Skip{"needs " + t.Skipped}
		}
		cases = append(cases, c)
	}
	return cases
}

func failure(kind string, said []string) *Failure {
	f := &Failure{Type: kind, Text: strings.Join(said, "\n")}
	if len(said) > 0 {
		f.Message = strings.TrimSpace(said[0])
	}
	return f
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
