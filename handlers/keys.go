package handlers

import (
	"context"
	"slices"
	"strings"

	"hallpass"
	"hallpass/gen"
)

// keyVersion is the version of the format that keys have.
const keyVersion = "1"

// ListApplicationKeys answers GET /applications/{id}/keys.
func (s *Server) ListApplicationKeys(ctx context.Context, r gen.ListApplicationKeysRequestObject) (gen.ListApplicationKeysResponseObject, error) {
	a, err := s.application(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	list, ids := make(gen.ApplicationKeyList, 0, len(a.Keys)), make([]string, 0, len(a.Keys))
	for i := range a.Keys {
		list = append(list, wireKey(&a.Keys[i], a.TenantID))
		ids = append(ids, a.Keys[i].ID)
	}
	return gen.ListApplicationKeys200JSONResponse{Body: list}, s.recordRead(ctx, hallpass.EntityApplicationKey, ids...)
}

// CreateApplicationKey answers POST /applications/{id}/keys.
func (s *Server) CreateApplicationKey(ctx context.Context, r gen.CreateApplicationKeyRequestObject) (gen.CreateApplicationKeyResponseObject, error) {
	a, err := s.application(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	var k hallpass.Key
	err = mint(func() (err error) {
		if k, err = s.mintKey(callerOf(ctx), a); err != nil {
			return err
		}
		return s.Store.CreateKey(ctx, a.TenantID, &k)
	})
	if err != nil {
		return nil, err
	}
	location := "/applications/" + a.ID + "/keys/" + k.ID
	return gen.CreateApplicationKey201JSONResponse{
		Body: wireKey(&k, a.TenantID), Headers: gen.CreateApplicationKey201ResponseHeaders{Location: &location},
	}, nil
}

// GetApplicationKey answers GET /applications/{id}/keys/{keyId}.
func (s *Server) GetApplicationKey(ctx context.Context, r gen.GetApplicationKeyRequestObject) (gen.GetApplicationKeyResponseObject, error) {
	a, err := s.application(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(a.Keys, func(k hallpass.Key) bool { return strings.EqualFold(k.ID, r.KeyID) })
	if i < 0 {
		return nil, hallpass.ErrNotFound
	}
	return gen.GetApplicationKey200JSONResponse{Body: wireKey(&a.Keys[i], a.TenantID)},
		s.recordRead(ctx, hallpass.EntityApplicationKey, a.Keys[i].ID)
}

// DeleteApplicationKey answers DELETE /applications/{id}/keys/{keyId}.
func (s *Server) DeleteApplicationKey(ctx context.Context, r gen.DeleteApplicationKeyRequestObject) (gen.DeleteApplicationKeyResponseObject, error) {
	err := s.Store.DeleteKey(ctx, callerOf(ctx).Tenant.ID, strings.ToLower(r.ID), strings.ToLower(r.KeyID), callerOf(ctx).Application.ID)
	if err != nil {
		return nil, err
	}
	return gen.DeleteApplicationKey204Response{}, nil
}

// mintKey makes a key for the application, in the caller's name.
func (s *Server) mintKey(caller *hallpass.Caller, a *hallpass.Application) (hallpass.Key, error) {
	k, err := hallpass.MintKey(s.newID(), hallpass.KeyPrefix(caller.Tenant.Type, a.Type), s.now(), s.Random)
	k.ApplicationID, k.CreatedBy = a.ID, caller.Application.ID
	return k, err
}

func wireKey(k *hallpass.Key, tenantID string) gen.ApplicationKey {
	version := keyVersion
	return gen.ApplicationKey{
		ID: k.ID, TenantID: &tenantID, Key: unlessZero(k.Text.Reveal()), Version: &version,
		CreatedBy: unlessZero(k.CreatedBy), CreatedAt: hallpass.FormatInstant(k.CreatedAt),
	}
}
