// Package report tells what a run of the contract suite found, operation by operation: as text to read, and as JUnit XML
// for a CI system to show.
package report

import "time"

// Report is what a run found.
type Report struct {
	Contract   string        // the document's title and version
	Server     string        // where the server is, or whose it was
	Began      time.Time     // when the first test began
	Took       time.Duration // until the last ended
	Whole      bool          // no test was left out on purpose, so every documented answer was due
	Operations []Operation   // in the order in which they are told
	Rest       []Test        // failed or skipped without being about an operation
}

// Operation is what was seen of one operation of the contract.
type Operation struct {
	ID, Method, Path, Tag string
	Statuses              []Status // by code
	Tests                 []Test   // those that exercised it: tests by name, and where one failed, what failed of it
}

// Status is one answer of an operation.
type Status struct {
	Code         int
	Exchanges    int           // how often it was met
	Took         time.Duration // by those exchanges
	Undocumented bool          // it was met, though the contract does not have it
	Unreachable  string        // what it would have taken to provoke it; empty where the suite can
}

// Test is what one test has to say of an operation.
type Test struct {
	Name      string
	Exchanges int           // with the operation
	Took      time.Duration // by those exchanges
	Failed    bool
	Said      []string // the lines of its messages, where it failed
	Skipped   string   // what it would have needed, where it was skipped
}

// verdict is how an operation, a status or a test came off.
type verdict int

const (
	met     verdict = iota
	failed          // as in: a promise was broken, or an answer that was due did not come
	skipped         // nobody can tell from here
	untried         // left out on purpose
)

// verdict says how a documented answer came off in a run that was meant to be whole, or was not.
func (s Status) verdict(whole bool) verdict {
	switch {
	case s.Undocumented:
		return failed
	case s.Exchanges > 0:
		return met
	case s.Unreachable != "":
		return skipped
	case whole:
		return failed
	}
	return untried
}

func (t Test) verdict() verdict {
	switch {
	case t.Failed:
		return failed
	case t.Skipped != "":
		return skipped
	}
	return met
}

// verdict says that an operation holds where nothing about it failed.
func (o Operation) verdict(whole bool) verdict {
	all := untried
	for _, s := range o.Statuses {
		switch s.verdict(whole) {
		case failed:
			return failed
		case met:
			all = met
		}
	}
	for _, t := range o.Tests {
		if t.Failed {
			return failed
		}
	}
	return all
}

// exchanges counts the operation's exchanges, and how long they took.
func (o Operation) exchanges() (count int, took time.Duration) {
	for _, s := range o.Statuses {
		count, took = count+s.Exchanges, took+s.Took
	}
	return count, took
}
