package hallpass

import _ "embed" // for the contract

// ContractDocument is an OpenAPI document in its renditions: YAML as it was written, JSON, and JSON without references,
// gzipped.
type ContractDocument struct{ YAML, JSON, Dereferenced []byte }

// Contract is openapi.yaml as it was written: what the server is generated from, checked against, and serves. Its JSON is
// made with the generated code, because it takes a tenth of the time to load.
var Contract = ContractDocument{YAML: contractYAML, JSON: contractJSON, Dereferenced: contractDereferenced}

//go:embed openapi.yaml
var contractYAML []byte

//go:embed gen/openapi.json
var contractJSON []byte

//go:embed gen/openapi.dereferenced.json.gz
var contractDereferenced []byte
