package hallpass

import _ "embed" // for the contract

// ContractDocument is an OpenAPI document in its renditions.
type ContractDocument struct {
	YAML         []byte // as it was written
	JSON         []byte
	Dereferenced []byte // JSON without references, gzipped
	Checked      []byte // JSON without what is for readers alone: what requests and replies are held against
}

// Contract is openapi.yaml: what the server is generated from, checked against, and serves. The other renditions are made
// with the generated code; the one that is loaded at each start takes a twentieth of the time that the YAML would.
var Contract = ContractDocument{YAML: contractYAML, JSON: contractJSON, Dereferenced: contractDereferenced, Checked: contractChecked}

//go:embed openapi.yaml
var contractYAML []byte

//go:embed gen/openapi.json
var contractJSON []byte

//go:embed gen/openapi.checked.json
var contractChecked []byte

//go:embed gen/openapi.dereferenced.json.gz
var contractDereferenced []byte
