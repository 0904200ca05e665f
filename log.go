package hallpass

import "time"

// Log is one entry of the audit log: who did what to which resource, without the data.
type Log struct {
	ID         Selector
	TenantID   string
	ActorID    string // id of an application; empty for the operator's commands
	EntityType string
	EntityID   string
	Operation  string
}

// The types of resource that the audit log knows.
const (
	EntityApplication    = "application"
	EntityApplicationKey = "application_key"
	EntitySession        = "session"
	EntityTenant         = "tenant"
	EntityToken          = "token"
	EntityTransaction    = "transaction"
)

// The operations that the audit log knows.
const (
	OperationCreate    = "create"
	OperationRead      = "read"
	OperationUpdate    = "update"
	OperationDelete    = "delete"
	OperationAuthorize = "authorize"
)

// EntityType is a type of resource as people and as entries have it.
type EntityType struct{ DisplayName, Value string }

// EntityTypes returns the types of resource in the audit log, by name.
func EntityTypes() []EntityType {
	return []EntityType{
		{"Application", EntityApplication}, {"Application Key", EntityApplicationKey}, {"Session", EntitySession},
		{"Tenant", EntityTenant}, {"Token", EntityToken}, {"Transaction", EntityTransaction},
	}
}

// Message says in words what was done, such as "Token retrieved".
func (l *Log) Message() string {
	done := map[string]string{
		OperationCreate: "created", OperationRead: "retrieved", OperationUpdate: "updated", OperationDelete: "deleted",
		OperationAuthorize: "authorized",
	}[l.Operation]
	for _, t := range EntityTypes() {
		if t.Value == l.EntityType {
			return t.DisplayName + " " + done
		}
	}
	return l.EntityType + " " + done
}

// CreatedAt is when it was done; an entry's id tells.
func (l *Log) CreatedAt() time.Time { return l.ID.Time() }
