package report_test

import (
	"bytes"
	"encoding/xml"
	"flag"
	"io"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hallpass/contract_test/report"
)

var update = flag.Bool("update", false, "write the golden files anew")

// sample has one of everything: an operation that holds, three that fail each in their way, and one that was not tried.
func sample(whole bool) *report.Report {
	const slow = "a server with a short read time-out"
	return &report.Report{
		Contract: "example 1.0.0", Server: "https://api.example", Whole: whole,
		Began: time.Date(2031, 2, 3, 4, 5, 6, 0, time.UTC), Took: 6240 * time.Millisecond,
		Operations: []report.Operation{
			{
				ID: "createThing", Method: "POST", Path: "/things", Tag: "Things",
				Statuses: []report.Status{
					{Code: 201, Exchanges: 1203, Took: 1500 * time.Millisecond}, {Code: 401, Exchanges: 2, Took: time.Millisecond}, {Code: 408, Unreachable: slow},
				},
				Tests: []report.Test{{Name: "TestCreateThing", Exchanges: 1200, Took: 1499 * time.Millisecond}, {Name: "TestCredentials", Exchanges: 5}},
			},
			{
				ID: "getThing", Method: "GET", Path: "/things/{id}", Tag: "Things",
				Statuses: []report.Status{{Code: 200, Exchanges: 7}, {Code: 404, Exchanges: 1}, {Code: 410}},
				Tests: []report.Test{
					{Name: "TestGetThing/of_another", Exchanges: 1, Failed: true, Said: []string{
						"things_test.go:12: GET /things/1 is 200, not 404: {\"name\":\"<b>&'x'\"}", "    ]]> \x01\xff", "things_test.go:13: and more",
					}},
					{Name: "TestGetThing/that_is_silent", Exchanges: 1, Failed: true},
				},
			},
			{
				ID: "deleteThing", Method: "DELETE", Path: "/things/{id}", Tag: "Things",
				Statuses: []report.Status{{Code: 204, Exchanges: 3}, {Code: 200, Exchanges: 1, Undocumented: true}},
			},
			{
				ID: "getHealth", Method: "GET", Path: "/healthz", Tag: "Service",
				Statuses: []report.Status{{Code: 200}, {Code: 408, Unreachable: slow}},
			},
		},
		Rest: []report.Test{
			{Name: "TestUnknownPath/nobody_at_/", Failed: true, Said: []string{"http_test.go:5: GET / is 200, not 404"}},
			{Name: "TestTenantsApart", Skipped: "a second tenant"},
			{Name: "TestSlowBody", Skipped: slow},
		},
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]func(io.Writer) error{
		"whole.txt": sample(true).WriteText, "whole.xml": sample(true).WriteJUnit, "narrowed.txt": sample(false).WriteText, "narrowed.xml": sample(false).WriteJUnit,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got bytes.Buffer
			if err := write(&got); err != nil {
				t.Fatal(err)
			}
			path := "testdata/" + name
			if *update {
				if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("%s is written otherwise (-want +got; if that is meant: go test ./contract_test/report -update):\n%s", path, diff)
			}
		})
	}
}

// TestJUnitCounts promises that what a suite says of its cases is so, and that a reader of XML gets the messages back.
func TestJUnitCounts(t *testing.T) {
	t.Parallel()
	var text bytes.Buffer
	if err := sample(true).WriteJUnit(&text); err != nil {
		t.Fatal(err)
	}
	var read report.Suites
	if err := xml.Unmarshal(text.Bytes(), &read); err != nil {
		t.Fatal(err)
	}
	var counts [][4]int
	said := map[string]string{}
	for i, suite := range read.Suites {
		counts = append(counts, [4]int{suite.Tests, suite.Failures, suite.Skipped, suite.Errors})
		if suite.ID != i || suite.Tests != len(suite.Cases) {
			t.Errorf("suite %d has the id %d, says %d cases and has %d", i, suite.ID, suite.Tests, len(suite.Cases))
		}
		for _, c := range suite.Cases {
			if c.Failure != nil {
				said[c.Classname+" "+c.Name] = c.Failure.Text
			}
		}
	}
	want := [][4]int{{5, 0, 1, 0}, {5, 3, 0, 0}, {2, 1, 0, 0}, {2, 1, 1, 0}, {3, 1, 2, 0}}
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Errorf("tests, failures, skipped and errors (-want +got):\n%s", diff)
	}
	wantSaid := map[string]string{
		"Things.getThing 410": "410 is documented, and was met by no test",
		"Things.getThing TestGetThing/of_another": "things_test.go:12: GET /things/1 is 200, not 404: {\"name\":\"<b>&'x'\"}\n" +
			"    ]]> \ufffd\ufffd\nthings_test.go:13: and more",
		"Things.getThing TestGetThing/that_is_silent": "",
		"Things.deleteThing 200":                      "200 was answered, and is not documented",
		"Service.getHealth 200":                       "200 is documented, and was met by no test",
		"contract TestUnknownPath/nobody_at_/":        "http_test.go:5: GET / is 200, not 404",
	}
	if diff := cmp.Diff(wantSaid, said); diff != "" {
		t.Errorf("what failed (-want +got):\n%s", diff)
	}
}
