package handlers

import (
	"context"

	"hallpass"
	"hallpass/gen"
)

// GetTenant answers GET /tenants/self.
func (s *Server) GetTenant(ctx context.Context, _ gen.GetTenantRequestObject) (gen.GetTenantResponseObject, error) {
	return gen.GetTenant200JSONResponse{Body: wireTenant(callerOf(ctx).Tenant)}, nil
}

// UpdateTenant answers PUT /tenants/self.
func (s *Server) UpdateTenant(ctx context.Context, r gen.UpdateTenantRequestObject) (gen.UpdateTenantResponseObject, error) {
	caller := callerOf(ctx)
	t := hallpass.Tenant{ID: caller.Tenant.ID, Name: r.Body.Name, ModifiedBy: caller.Application.ID, ModifiedAt: s.now()}
	if r.Body.Settings != nil {
		t.Settings = *r.Body.Settings
	}
	if err := hallpass.CheckTenantSettings(t.Settings); err != nil {
		return nil, err
	}
	updated, err := s.Store.UpdateTenant(ctx, &t)
	if err != nil {
		return nil, err
	}
	return gen.UpdateTenant200JSONResponse{Body: wireTenant(updated)}, nil
}

func wireTenant(t *hallpass.Tenant) gen.Tenant {
	settings := gen.TenantSettings(t.Settings)
	if settings == nil {
		settings = gen.TenantSettings{}
	}
	return gen.Tenant{
		ID: t.ID, OwnerID: unlessZero(t.OwnerID), Name: t.Name, Type: string(t.Type), Settings: settings,
		CreatedBy: unlessZero(t.OwnerID), CreatedAt: hallpass.FormatInstant(t.CreatedAt),
		ModifiedBy: unlessZero(t.ModifiedBy), ModifiedAt: wireInstant(t.ModifiedAt),
	}
}
