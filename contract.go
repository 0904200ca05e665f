package hallpass

import _ "embed" // for the contract

// ContractDocument is an OpenAPI document in both its renditions.
type ContractDocument struct{ YAML, JSON []byte }

// Contract is openapi.yaml as it was written: what the server is generated from, checked against, and serves. Its JSON is
// made with the generated code, because it takes a tenth of the time to load.
var Contract = ContractDocument{YAML: contractYAML, JSON: contractJSON}

//go:embed openapi.yaml
var contractYAML []byte

//go:embed gen/openapi.json
var contractJSON []byte
