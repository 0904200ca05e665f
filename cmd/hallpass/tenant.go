package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"

	"hallpass"
	"hallpass/store"
)

// initCommand makes a database.
type initCommand struct {
	database
	Tenant string `required:"" env:"HALLPASS_TENANT" help:"Name of the first tenant."`
	Type   string `enum:"test,production" default:"production" env:"HALLPASS_TENANT_TYPE" help:"What the tenant's keys are for: test or production."`
	JSON   bool   `name:"json" env:"HALLPASS_JSON" help:"Print JSON."`
}

// Run makes the database, the data key, a tenant and its management key, and prints the key this once.
func (c *initCommand) Run(ctx context.Context, env environment) (err error) {
	if c.DB == "" {
		return errors.New("no database; say where to make it with --db FILE")
	}
	if !store.IsPostgres(c.DB) {
		if _, err := os.Stat(c.DB); err == nil {
			return fmt.Errorf("%s exists; add a tenant with: hallpass tenant create NAME --db %s", c.DB, c.DB)
		}
	}
	if err := checkTenantName(c.Tenant); err != nil {
		return err
	}
	keys, path, err := c.newDataKey(env.random)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil && path != "" { // nothing was sealed with it
			err = errors.Join(err, os.Remove(path))
		}
	}()
	db, err := store.Create(ctx, c.config(keys, env))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	made, err := newTenant(ctx, db, env, c.Tenant, hallpass.TenantType(c.Type))
	if err != nil {
		return err
	}
	made.DataKeyFile = path
	return made.print(env, c.JSON)
}

// tenantCommands are the commands about tenants.
type tenantCommands struct {
	Create tenantCreateCommand `cmd:"" help:"Add a tenant and print its first management key."`
}

// tenantCreateCommand adds a tenant.
type tenantCreateCommand struct {
	database
	Name string `arg:"" help:"Name of the tenant."`
	Type string `enum:"test,production" default:"production" env:"HALLPASS_TENANT_TYPE" help:"What the tenant's keys are for: test or production."`
	JSON bool   `name:"json" env:"HALLPASS_JSON" help:"Print JSON."`
}

// Run adds the tenant and prints its management key this once.
func (c *tenantCreateCommand) Run(ctx context.Context, env environment) (err error) {
	db, err := c.open(ctx, env)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	made, err := newTenant(ctx, db, env, c.Name, hallpass.TenantType(c.Type))
	if err != nil {
		return err
	}
	return made.print(env, c.JSON)
}

// madeTenant is what is printed of a new tenant.
type madeTenant struct {
	TenantID      string `json:"tenant_id"`
	ApplicationID string `json:"application_id"`
	ManagementKey string `json:"management_key"`
	DataKeyFile   string `json:"data_key_file,omitempty"`
}

func (m *madeTenant) print(env environment, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(env.out).Encode(m)
	}
	fmt.Fprintf(env.out, "tenant          %s\nmanagement key  %s   (shown this once)\n", m.TenantID, m.ManagementKey)
	if m.DataKeyFile != "" {
		fmt.Fprintf(env.out, "data key        %s   (keep a copy apart from the database; without it the database is unreadable)\n", m.DataKeyFile)
	}
	return nil
}

// newTenant stores a tenant with one management application that holds every management permission, and one key.
func newTenant(ctx context.Context, db *store.DB, env environment, name string, kind hallpass.TenantType) (*madeTenant, error) {
	if err := checkTenantName(name); err != nil {
		return nil, err
	}
	now := env.now().UTC().Truncate(hallpass.Precision)
	ids := [4]string{}
	for i := range ids {
		id, err := uuid.NewRandomFromReader(env.random)
		if err != nil {
			return nil, err
		}
		ids[i] = id.String()
	}
	tenant := &hallpass.Tenant{ID: ids[0], OwnerID: ids[1], Name: name, Type: kind, Settings: map[string]string{}, CreatedAt: now}
	key, err := hallpass.MintKey(ids[3], hallpass.KeyPrefix(kind, hallpass.Management), now, env.random)
	if err != nil {
		return nil, err
	}
	key.ApplicationID = ids[2]
	application := newApplication(tenant, ids[2], "Management", hallpass.Management, key, now)
	if err := db.CreateTenant(ctx, tenant); err != nil {
		return nil, err
	}
	if err := db.CreateApplication(ctx, application); err != nil {
		return nil, err
	}
	return &madeTenant{TenantID: tenant.ID, ApplicationID: application.ID, ManagementKey: key.Text.Reveal()}, nil
}

func checkTenantName(name string) error {
	if name == "" || len(name) > 200 || strings.ContainsRune(name, 0) {
		return errors.New("a tenant's name has 1 to 200 bytes, none of them NUL")
	}
	return nil
}

// newApplication is an application with every permission that its type may hold and one key.
func newApplication(t *hallpass.Tenant, id, name string, kind hallpass.ApplicationType, key hallpass.Key, now time.Time) *hallpass.Application {
	var permissions []hallpass.Permission
	for _, d := range hallpass.Permissions(kind) {
		permissions = append(permissions, d.Name)
	}
	return &hallpass.Application{
		ID: id, TenantID: t.ID, Name: name, Type: kind, Grant: hallpass.NewGrant(permissions, nil), CreatedAt: now, Keys: []hallpass.Key{key},
	}
}
