package hallpass

import (
	"slices"
	"strings"
)

// Permission names something that a caller may be allowed to do, such as token:read.
type Permission string

// The permissions that decide over tokens. Each is also the name of the operation that it allows.
const (
	TokenCreate Permission = "token:create"
	TokenRead   Permission = "token:read"
	TokenUpdate Permission = "token:update"
	TokenDelete Permission = "token:delete"
	TokenSearch Permission = "token:search"
	TokenUse    Permission = "token:use"
)

// TransactionCreate is the permission that entitles a private application to the scope tenant_access.
const TransactionCreate Permission = "transaction:create"

// ForToken reports whether the permission is one over tokens, the only kind that a session may hold.
func (p Permission) ForToken() bool {
	return strings.HasPrefix(string(p), "token:") && p.definition() != nil
}

// ForTransaction reports whether the permission is one over transactions.
func (p Permission) ForTransaction() bool {
	return strings.HasPrefix(string(p), "transaction:") && p.definition() != nil
}

// ApplicationType is what kind of caller an application is.
type ApplicationType string

// The types of application.
const (
	Public     ApplicationType = "public"
	Private    ApplicationType = "private"
	Management ApplicationType = "management"
)

// Valid reports whether the type is one of the three.
func (t ApplicationType) Valid() bool { return t == Public || t == Private || t == Management }

// PermissionDefinition describes one permission and the application types that may hold it.
type PermissionDefinition struct {
	Name        Permission
	Description string
	Types       []ApplicationType
}

// permissions is the vendor's documented table (developers.basistheory.com, API > Applications > Permissions), with the
// three transaction permissions added.
var permissions = []PermissionDefinition{
	{TokenCreate, "Create Tokens", []ApplicationType{Public, Private}},
	{TokenUpdate, "Update Tokens", []ApplicationType{Public, Private}},
	{TokenRead, "Read Tokens", []ApplicationType{Private}},
	{TokenSearch, "Search Tokens", []ApplicationType{Private}},
	{TokenDelete, "Delete Tokens", []ApplicationType{Private}},
	{TokenUse, "Use Tokens in Basis Theory Services (e.g., Proxy, Reactors)", []ApplicationType{Private}},
	{TransactionCreate, "Create Transactions and their Session Creation Tokens", []ApplicationType{Private}},
	{"transaction:read", "Read Transactions", []ApplicationType{Private}},
	{"transaction:update", "Cancel and complete Transactions", []ApplicationType{Private}},
	{"tenant:read", "Read Tenants", []ApplicationType{Management}},
	{"tenant:update", "Update Tenants", []ApplicationType{Management}},
	{"tenant:delete", "Delete Tenants", []ApplicationType{Management}},
	{"application:read", "Read Applications", []ApplicationType{Management}},
	{"application:create", "Create Applications", []ApplicationType{Management}},
	{"application:update", "Update and regenerate API keys for Applications", []ApplicationType{Management}},
	{"application:delete", "Delete Applications", []ApplicationType{Management}},
	{"log:read", "Read audit logs", []ApplicationType{Management}},
	{"reactor:read", "Read Reactors", []ApplicationType{Management}},
	{"reactor:create", "Create Reactors", []ApplicationType{Management}},
	{"reactor:update", "Update Reactors", []ApplicationType{Management}},
	{"reactor:delete", "Delete Reactors", []ApplicationType{Management}},
	{"reactor:invoke", "Invoke Reactors", []ApplicationType{Private}},
	{"proxy:read", "Read Proxies", []ApplicationType{Management}},
	{"proxy:create", "Create Proxies", []ApplicationType{Management}},
	{"proxy:update", "Update Proxies", []ApplicationType{Management}},
	{"proxy:delete", "Delete Proxies", []ApplicationType{Management}},
	{"proxy:invoke", "Invoke Proxies", []ApplicationType{Private}},
	{"tenant:member:read", "Read Tenant Members", []ApplicationType{Management}},
	{"tenant:member:update", "Update Tenant Members", []ApplicationType{Management}},
	{"tenant:member:delete", "Remove Tenant Members", []ApplicationType{Management}},
	{"tenant:invitation:create", "Create Tenant Invitations", []ApplicationType{Management}},
	{"tenant:invitation:read", "Read Tenant Invitations", []ApplicationType{Management}},
	{"tenant:invitation:update", "Resend Tenant Invitations", []ApplicationType{Management}},
	{"tenant:invitation:delete", "Revoke Tenant Invitations", []ApplicationType{Management}},
	{"report:read", "Read reports", []ApplicationType{Management}},
}

// Permissions returns every permission, or those that applications of type t may hold where t is not empty.
func Permissions(t ApplicationType) []PermissionDefinition {
	if t == "" {
		return slices.Clone(permissions)
	}
	return slices.DeleteFunc(slices.Clone(permissions), func(d PermissionDefinition) bool {
		return !slices.Contains(d.Types, t)
	})
}

func (p Permission) definition() *PermissionDefinition {
	for i := range permissions {
		if permissions[i].Name == p {
			return &permissions[i]
		}
	}
	return nil
}

// holder says what kind of holder a list of permissions is for, and which of them it may hold.
type holder struct {
	name  string // as a refusal names it
	holds func(Permission) bool
}

func applicationHolder(t ApplicationType) holder {
	return holder{"a " + string(t) + " application", func(p Permission) bool {
		d := p.definition()
		return d != nil && slices.Contains(d.Types, t)
	}}
}

var sessionHolder = holder{"a session", Permission.ForToken}

// check notes, under path, every permission that does not exist or that the holder may not hold.
func (h holder) check(f *Fields, path string, list []Permission) {
	for i, p := range list {
		switch {
		case p.definition() == nil:
			f.Add(at(path, i), "is not a permission")
		case !h.holds(p):
			f.Add(at(path, i), "is not a permission that "+h.name+" may hold")
		}
	}
}
