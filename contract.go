package hallpass

import _ "embed" // for the contract

// Contract is openapi.yaml as it was written: what the server is generated from, checked against, and serves.
//
//go:embed openapi.yaml
var Contract []byte
