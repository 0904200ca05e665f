// Command openapijson writes openapi.yaml as JSON, for the program to embed.
package main

import (
	"log"
	"os"

	"github.com/oasdiff/yaml"
)

func main() {
	document, err := os.ReadFile("openapi.yaml")
	if err != nil {
		log.Fatal(err)
	}
	document, err = yaml.YAMLToJSON(document)
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile("gen/openapi.json", append(document, '\n'), 0o644); err != nil {
		log.Fatal(err)
	}
}
