// Command renditions writes openapi.yaml in the renditions that the program embeds: as JSON; as JSON without what is for
// readers alone; and as JSON in which every reference is replaced by what it refers to, gzipped.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"slices"
	"strings"

	"github.com/oasdiff/yaml"
)

func main() {
	text, err := os.ReadFile("openapi.yaml")
	if err != nil {
		log.Fatal(err)
	}
	if text, err = yaml.YAMLToJSON(text); err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile("gen/openapi.json", append(text, '\n'), 0o644); err != nil {
		log.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var document map[string]any
	if err := decoder.Decode(&document); err != nil {
		log.Fatal(err)
	}
	if text, err = json.Marshal(checked(document, "")); err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile("gen/openapi.checked.json", append(text, '\n'), 0o644); err != nil {
		log.Fatal(err)
	}
	if text, err = dereferenced(document); err != nil {
		log.Fatal(err)
	}
	if err := pack(text); err != nil {
		log.Fatal(err)
	}
}

// Members of the document's objects.
var (
	forReaders = []string{"description", "summary", "example", "examples", "externalDocs", "links"}
	asTheyAre  = []string{"default", "enum"} // values, which may be objects with members of any name
	named      = []string{                   // whose own members have names that the document makes up
		"callbacks", "content", "encoding", "headers", "mapping", "parameters", "paths", "properties", "requestBodies", "responses",
		"schemas", "scopes", "securitySchemes", "variables",
	}
)

// checked returns a part of the document, the member of that name, without what is for readers alone. A response must have a
// description; it gets an empty one.
func checked(part any, name string) any {
	switch part := part.(type) {
	case map[string]any:
		members := make(map[string]any, len(part))
		for key, member := range part {
			switch {
			case slices.Contains(named, name):
				one := checked(member, "")
				if object, ok := one.(map[string]any); ok && name == "responses" && object["$ref"] == nil {
					object["description"] = ""
				}
				members[key] = one
			case slices.Contains(asTheyAre, key):
				members[key] = member
			case !slices.Contains(forReaders, key):
				members[key] = checked(member, key)
			}
		}
		return members
	case []any:
		items := make([]any, len(part))
		for i, item := range part {
			items[i] = checked(item, "")
		}
		return items
	}
	return part
}

// dereferenced returns the document with every reference replaced. Of the components only the security schemes are left,
// which operations name rather than refer to.
func dereferenced(document map[string]any) ([]byte, error) {
	whole := map[string]any{}
	for name, part := range document {
		if name == "components" {
			part = map[string]any{"securitySchemes": find(document, "#/components/securitySchemes")}
		}
		var err error
		if whole[name], err = replaced(document, part, nil); err != nil {
			return nil, err
		}
	}
	plain, err := json.Marshal(whole)
	return append(plain, '\n'), err
}

// replaced returns a part of the document with every reference in it replaced. The references that led to it stand in via.
func replaced(document, part any, via []string) (any, error) {
	switch part := part.(type) {
	case map[string]any:
		if ref, ok := part["$ref"].(string); ok {
			target := find(document, ref)
			if target == nil || slices.Contains(via, ref) {
				return nil, fmt.Errorf("%s leads nowhere, or back to itself", ref)
			}
			return replaced(document, target, append(slices.Clone(via), ref))
		}
		members := make(map[string]any, len(part))
		for name, member := range part {
			var err error
			if members[name], err = replaced(document, member, via); err != nil {
				return nil, err
			}
		}
		return members, nil
	case []any:
		items := make([]any, len(part))
		for i, item := range part {
			var err error
			if items[i], err = replaced(document, item, via); err != nil {
				return nil, err
			}
		}
		return items, nil
	}
	return part, nil
}

// find returns what a reference within the document refers to, or nil.
func find(document any, ref string) any {
	path, ok := strings.CutPrefix(ref, "#/")
	if !ok {
		return nil
	}
	for _, name := range strings.Split(path, "/") {
		members, _ := document.(map[string]any)
		document = members[name]
	}
	return document
}

// pack writes the text gzipped, unless that is what the file holds already: another version of the compressor is no change.
func pack(text []byte) error {
	const path = "gen/openapi.dereferenced.json.gz"
	if packed, err := os.ReadFile(path); err == nil {
		if r, err := gzip.NewReader(bytes.NewReader(packed)); err == nil {
			if held, err := io.ReadAll(r); err == nil && bytes.Equal(held, text) {
				return nil
			}
		}
	}
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := w.Write(text); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return os.WriteFile(path, packed.Bytes(), 0o644)
}
