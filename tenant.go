package hallpass

import (
	"slices"
	"time"
)

// TenantType is what a tenant's keys are for.
type TenantType string

// The types of tenant.
const (
	TestTenant       TenantType = "test"
	ProductionTenant TenantType = "production"
)

// Tenant is an isolated set of applications, sessions and transactions. Nothing of one is visible to another.
type Tenant struct {
	ID         string // UUID v4
	OwnerID    string // UUID v4
	Name       string
	Type       TenantType
	Settings   map[string]string
	CreatedAt  time.Time
	ModifiedBy string // id of an application; empty until the first change
	ModifiedAt time.Time
}

// The tenant settings with a meaning.
const (
	SettingStrictSessionGrants = "strict_session_grants"        // "true": a session may hold no more than its authorizer
	SettingFingerprintTokens   = "fingerprint_tokens"           // "true": fingerprint by the type's default expression
	SettingDeduplicateTokens   = "deduplicate_tokens"           // "true": equal fingerprints share one token
	SettingDeduplication       = "token_deduplication_behavior" // read_existing or update_existing
	SettingEphemeralProxyOff   = "disable_ephemeral_proxy"      // kept for the vendor's clients; no effect
)

var settingValues = map[string][]string{
	SettingStrictSessionGrants: {"true", "false"},
	SettingFingerprintTokens:   {"true", "false"},
	SettingDeduplicateTokens:   {"true", "false"},
	SettingEphemeralProxyOff:   {"true", "false"},
	SettingDeduplication:       {"read_existing", "update_existing"},
}

// CheckTenantSettings refuses a value that a setting with a meaning does not know. Other settings are free.
func CheckTenantSettings(settings map[string]string) error {
	var f Fields
	for name, values := range settingValues {
		if value, given := settings[name]; given && !slices.Contains(values, value) {
			f.Add("settings."+name, "must be one of: "+values[0]+", "+values[1])
		}
	}
	return f.Err()
}

// On reports whether the setting is "true".
func (t *Tenant) On(setting string) bool { return t.Settings[setting] == "true" }
