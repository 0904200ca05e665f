// Package jsonpath selects values out of a JSON tree with a JSONPath query (RFC 9535), at a price the caller bounds.
//
// It exists because a query is written by a client and runs over stored data: a handful of characters such as
// $..*..*..* can cost more steps than a server has time for, so every node a query touches is paid for through the
// [Spend] function of the caller, and the query stops where the caller says so. Values are the ones encoding/json makes
// with UseNumber (map[string]any, []any, string, json.Number, bool, nil); what is selected is the value itself, never a
// copy, so that a number keeps its digits.
//
// All of RFC 9535 is read: names, indexes, slices, wildcards, descendants, unions and filters with length, count,
// match, search and value. Three things differ on purpose. A shorthand name may also hold digits first and dashes
// ($.3ds.merchant-id), as the older dialects allow. The pattern of match and search is a literal of at most 256 bytes.
// And regular expressions are those of package regexp, whose time is linear in the text.
package jsonpath
