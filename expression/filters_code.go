package expression

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"strings"

	"hallpass/expression/jsonpath"
)

// codeFilters encode a value or look into it.
//
// Source: docs/expressions/filters.
var codeFilters = map[string]filter{
	"json":           {1, jsonPath},
	"stringify":      {0, stringify},
	"json_stringify": {0, stringify},
	"to_base64":      {0, toBase64},
	"to_base16":      {0, toBase16},
	"hmac":           {2, sign},
}

// jsonPath evaluates a JSONPath: null when it selects nothing, the value when it selects one, an error for several.
func jsonPath(c *call) (any, error) {
	text := c.argText(0, "json_path_expression", "")
	if c.err != nil {
		return nil, c.err
	}
	path, err := c.engine.path(text)
	if err != nil {
		return nil, c.refuse("json_path_expression is not a valid JSONPath")
	}
	found, err := path.Select(c.in, func(cost int) error { return c.spend(16 * cost) })
	switch {
	case err != nil:
		return nil, err
	case len(found) == 0:
		return nil, nil
	case len(found) > 1:
		return nil, c.refuseInput("the path selects several values")
	}
	return found[0], nil
}

// path parses a JSONPath, or finds it parsed.
func (e *Engine) path(text string) (*jsonpath.Path, error) {
	if p, ok := e.paths.Get(text); ok {
		return p, nil
	}
	if len(text) > MaxExpression {
		return nil, refuse(tooLarge)
	}
	p, err := jsonpath.Parse(text)
	if err == nil && len(text) <= cacheable {
		e.paths.Add(text, p)
	}
	return p, err
}

// stringify writes objects and arrays as JSON; what is no object has its text already.
func stringify(c *call) (any, error) {
	if c.in == nil {
		return nil, nil
	}
	text := c.textOf(c.in)
	c.grow(len(text))
	return text, c.err
}

// bytes returns the bytes that hmac made, or those of a text.
func (c *call) bytes() []byte {
	switch in := c.in.(type) {
	case nil:
		c.keep(c.refuseInput("its input is null"))
	case []byte:
		return in
	}
	return []byte(c.text())
}

func toBase64(c *call) (any, error) {
	b := c.bytes()
	if c.err != nil {
		return nil, c.err
	}
	return base64.StdEncoding.EncodeToString(b), nil
}

func toBase16(c *call) (any, error) {
	b := c.bytes()
	if c.err != nil {
		return nil, c.err
	}
	return strings.ToUpper(hex.EncodeToString(b)), nil
}

var algorithms = map[string]func() hash.Hash{"sha-1": sha1.New, "sha-256": sha256.New, "sha-512": sha512.New}

// sign computes the HMAC of a text as bytes, to be encoded by to_base64 or to_base16.
func sign(c *call) (any, error) {
	algorithm := c.argText(0, "algorithm", "sha-256")
	digest, ok := algorithms[strings.ToLower(algorithm)]
	if !ok {
		c.keep(c.refuse("algorithm must be sha-1, sha-256 or sha-512"))
	}
	key := c.argText(1, "key", "")
	if key == "" {
		c.keep(c.refuse("key must not be empty"))
	}
	if c.in == nil {
		return nil, c.err
	}
	message := c.bytes()
	if c.err != nil {
		return nil, c.err
	}
	mac := hmac.New(digest, []byte(key))
	mac.Write(message)
	return mac.Sum(nil), nil
}
