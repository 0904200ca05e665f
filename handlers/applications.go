package handlers

import (
	"context"
	"strings"

	"hallpass"
	"hallpass/gen"
	"hallpass/store"
)

// ListApplications answers GET /applications.
func (s *Server) ListApplications(ctx context.Context, r gen.ListApplicationsRequestObject) (gen.ListApplicationsResponseObject, error) {
	at, err := pageAt(r.Params.Page, r.Params.Start, r.Params.Size)
	if err != nil {
		return nil, err
	}
	filter := store.ApplicationFilter{Types: given(r.Params.Type), Offset: at.offset, Limit: at.size}
	for _, id := range given(r.Params.ID) {
		filter.IDs = append(filter.IDs, strings.ToLower(id))
	}
	list, total, err := s.Store.Applications(ctx, callerOf(ctx).Tenant.ID, filter)
	if err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(list))
	for _, a := range list {
		ids = append(ids, a.ID)
	}
	if err := s.recordRead(ctx, hallpass.EntityApplication, ids...); err != nil {
		return nil, err
	}
	page := gen.ApplicationPage{Data: make([]gen.Application, 0, len(list)), Pagination: at.pagination(total)}
	for _, a := range list {
		page.Data = append(page.Data, wireApplication(a))
	}
	return gen.ListApplications200JSONResponse{Body: page}, nil
}

// CreateApplication answers POST /applications.
func (s *Server) CreateApplication(ctx context.Context, r gen.CreateApplicationRequestObject) (gen.CreateApplicationResponseObject, error) {
	caller, now := callerOf(ctx), s.now()
	a := &hallpass.Application{
		ID: s.newID(), TenantID: caller.Tenant.ID, Name: r.Body.Name, Type: hallpass.ApplicationType(r.Body.Type),
		CreatedBy: caller.Application.ID, CreatedAt: now,
	}
	var err error
	if a.Grant, err = applicationGrant(a.Type, r.Body.Permissions, r.Body.Rules); err != nil {
		return nil, err
	}
	if a.ExpiresAt, err = hallpass.CheckExpiry(r.Body.ExpiresAt, now); err != nil {
		return nil, err
	}
	err = mint(func() error {
		if r.Body.CreateKey == nil || *r.Body.CreateKey {
			k, err := s.mintKey(caller, a)
			if err != nil {
				return err
			}
			a.Keys = []hallpass.Key{k}
		}
		return s.Store.CreateApplication(ctx, a)
	})
	if err != nil {
		return nil, err
	}
	location := "/applications/" + a.ID
	return gen.CreateApplication201JSONResponse{
		Body: wireApplication(a), Headers: gen.CreateApplication201ResponseHeaders{Location: &location},
	}, nil
}

// GetApplicationByKey answers GET /applications/key.
func (s *Server) GetApplicationByKey(ctx context.Context, _ gen.GetApplicationByKeyRequestObject) (gen.GetApplicationByKeyResponseObject, error) {
	caller := callerOf(ctx)
	a := *caller.Application
	if caller.Session != nil {
		a.Grant, a.ExpiresAt = caller.Session.Grant, caller.Session.ExpiresAt
	}
	return gen.GetApplicationByKey200JSONResponse{Body: wireApplication(&a)}, nil
}

// GetApplication answers GET /applications/{id}.
func (s *Server) GetApplication(ctx context.Context, r gen.GetApplicationRequestObject) (gen.GetApplicationResponseObject, error) {
	a, err := s.application(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	return gen.GetApplication200JSONResponse{Body: wireApplication(a)}, s.recordRead(ctx, hallpass.EntityApplication, a.ID)
}

// UpdateApplication answers PUT /applications/{id}.
func (s *Server) UpdateApplication(ctx context.Context, r gen.UpdateApplicationRequestObject) (gen.UpdateApplicationResponseObject, error) {
	a, err := s.application(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	if a.Grant, err = applicationGrant(a.Type, r.Body.Permissions, r.Body.Rules); err != nil {
		return nil, err
	}
	a.Name, a.ModifiedBy, a.ModifiedAt = r.Body.Name, callerOf(ctx).Application.ID, s.now()
	if err := s.Store.UpdateApplication(ctx, a); err != nil {
		return nil, err
	}
	return gen.UpdateApplication200JSONResponse{Body: wireApplication(a)}, nil
}

// DeleteApplication answers DELETE /applications/{id}.
func (s *Server) DeleteApplication(ctx context.Context, r gen.DeleteApplicationRequestObject) (gen.DeleteApplicationResponseObject, error) {
	err := s.Store.DeleteApplication(ctx, callerOf(ctx).Tenant.ID, strings.ToLower(r.ID), callerOf(ctx).Application.ID)
	if err != nil {
		return nil, err
	}
	return gen.DeleteApplication204Response{}, nil
}

// RegenerateApplicationKey answers POST /applications/{id}/regenerate.
func (s *Server) RegenerateApplicationKey(ctx context.Context, r gen.RegenerateApplicationKeyRequestObject) (gen.RegenerateApplicationKeyResponseObject, error) {
	a, err := s.application(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	err = mint(func() error {
		k, err := s.mintKey(callerOf(ctx), a)
		if err != nil {
			return err
		}
		a.Keys = []hallpass.Key{k}
		return s.Store.ReplaceKeys(ctx, a.TenantID, &k)
	})
	if err != nil {
		return nil, err
	}
	return gen.RegenerateApplicationKey200JSONResponse{Body: wireApplication(a)}, nil
}

// application returns the caller's tenant's application of that id.
func (s *Server) application(ctx context.Context, id string) (*hallpass.Application, error) {
	return s.Store.Application(ctx, callerOf(ctx).Tenant.ID, strings.ToLower(id))
}

// applicationGrant reads what an application of type t is to hold, and refuses what it may not.
func applicationGrant(t hallpass.ApplicationType, permissions *[]string, rules *[]gen.AccessRule) (hallpass.Grant, error) {
	p, r := permissionsOf(permissions), rulesOf(rules)
	var f hallpass.Fields
	hallpass.CheckApplicationGrant(&f, t, p, r)
	return hallpass.NewGrant(p, r), f.Err()
}

func wireApplication(a *hallpass.Application) gen.Application {
	wire := gen.Application{
		ID: a.ID, TenantID: a.TenantID, Name: a.Name, Type: string(a.Type),
		CreatedBy: unlessZero(a.CreatedBy), CreatedAt: hallpass.FormatInstant(a.CreatedAt),
		ModifiedBy: unlessZero(a.ModifiedBy), ModifiedAt: wireInstant(a.ModifiedAt), ExpiresAt: wireInstant(a.ExpiresAt),
		Permissions: wirePermissions(a.Grant.Permissions), Rules: wireRules(a.Grant.Rules),
	}
	if len(a.Keys) > 0 {
		keys := make([]gen.ApplicationKey, 0, len(a.Keys))
		for i := range a.Keys {
			keys = append(keys, wireKey(&a.Keys[i], a.TenantID))
		}
		wire.Keys, wire.Key = &keys, keys[len(keys)-1].Key
	}
	return wire
}
