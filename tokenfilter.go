package hallpass

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
)

// maxFilterIDs is how many ids one list of the first generation may name.
const maxFilterIDs = 100

// ParseTokenFilter reads the query parameters of a list of tokens: container, type, fingerprint and metadata, for V1 also
// id, repeated. In V2 each stands at most once and only container goes with another; in V1 everything combines and of a
// repeated parameter the first counts. Parameters of other names are left to others. Refusals name the parameters.
func ParseTokenFilter(parameters map[string][]string, g Generation) (TokenQuery, error) {
	var f Fields
	for name, values := range parameters {
		if !storable(name) || slices.ContainsFunc(values, func(value string) bool { return !storable(value) }) {
			f.Add(printable(name), problemNUL)
		}
	}
	first := func(name string) string {
		values := parameters[name]
		if len(values) > 1 && g == V2 {
			f.Add(name, problemTwice)
		}
		if len(values) == 0 {
			return ""
		}
		return values[0]
	}
	q := TokenQuery{Type: TokenType(first("type")), Fingerprint: first("fingerprint")}
	if container := first("container"); container != "" {
		if problem := q.within(container); problem != "" {
			f.Add("container", "must be a container such as /pci/high/")
		}
	}
	metadata, err := ParseMetadataFilter(parameters, g)
	if err := mergeFields(&f, err); err != nil {
		return TokenQuery{}, err
	}
	q.Metadata = metadata
	if g == V1 {
		q.IDs = slices.Concat(parameters["id"], parameters["id[]"])
		if len(q.IDs) > maxFilterIDs {
			f.Add("id", "must be given at most 100 times")
		}
	} else if q.terms() > 1 {
		f.Add("query", "only container can be combined with another parameter")
	}
	if err := f.Err(); err != nil {
		return TokenQuery{}, err
	}
	return q, nil
}

const problemTwice = "must be given at most once"

// ParseMetadataFilter reads the metadata among the query parameters of a list in the three spellings that clients send:
// metadata.key=value, metadata[key]=value and metadata={"key":"value"}. A key that is given twice is refused in V2; in V1
// the first counts. It returns nil where there is none.
func ParseMetadataFilter(parameters map[string][]string, g Generation) (map[string]string, error) {
	var f Fields
	metadata := map[string]string{}
	add := func(key, value string) {
		_, twice := metadata[key]
		switch {
		case key == "":
			f.Add("metadata", "must name a key")
		case twice && g == V2:
			f.Add(member("metadata", printable(key)), problemTwice)
		case !twice:
			metadata[key] = value
		}
	}
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		if name == "metadata" {
			for _, value := range parameters[name] {
				addObject(&f, value, add)
			}
		} else if key, ok := metadataKey(name); ok {
			for _, value := range parameters[name] {
				add(key, value)
			}
		}
	}
	if len(metadata) == 0 {
		metadata = nil
	}
	return metadata, f.Err()
}

// metadataKey returns the key that the name of a parameter asks for.
func metadataKey(name string) (string, bool) {
	if key, ok := strings.CutPrefix(name, "metadata."); ok {
		return key, true
	}
	if key, ok := strings.CutPrefix(name, "metadata["); ok {
		return strings.CutSuffix(key, "]")
	}
	return "", false
}

// addObject adds the members of a JSON object of strings.
func addObject(f *Fields, text string, add func(key, value string)) {
	var object map[string]*string
	if json.Unmarshal([]byte(text), &object) != nil {
		f.Add("metadata", "must be a JSON object of strings, or be spelled metadata.key=value")
		return
	}
	for _, key := range slices.Sorted(maps.Keys(object)) {
		if value := object[key]; value != nil {
			add(key, *value)
		}
	}
}

// mergeFields adds the problems of a refusal to others. What is no refusal it returns.
func mergeFields(f *Fields, err error) error {
	var refused *Error
	if !errors.As(err, &refused) {
		return err
	}
	for path, problems := range refused.Fields {
		for _, problem := range problems {
			f.Add(path, problem)
		}
	}
	return nil
}
