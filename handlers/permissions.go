package handlers

import (
	"context"

	"hallpass"
	"hallpass/gen"
)

// ListPermissions answers GET /permissions.
func (s *Server) ListPermissions(_ context.Context, r gen.ListPermissionsRequestObject) (gen.ListPermissionsResponseObject, error) {
	definitions := hallpass.Permissions(hallpass.ApplicationType(given(r.Params.ApplicationType)))
	list := make(gen.PermissionList, 0, len(definitions))
	for _, d := range definitions {
		types := make([]string, 0, len(d.Types))
		for _, t := range d.Types {
			types = append(types, string(t))
		}
		list = append(list, gen.Permission{Type: string(d.Name), Description: d.Description, ApplicationTypes: types})
	}
	return gen.ListPermissions200JSONResponse{Body: list}, nil
}
