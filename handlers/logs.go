package handlers

import (
	"context"
	"strconv"
	"time"

	"hallpass"
	"hallpass/gen"
	"hallpass/store"
)

// ListLogs answers GET /logs.
func (s *Server) ListLogs(ctx context.Context, r gen.ListLogsRequestObject) (gen.ListLogsResponseObject, error) {
	at, err := pageAt(r.Params.Page, r.Params.Start, r.Params.Size)
	if err != nil {
		return nil, err
	}
	var f hallpass.Fields
	filter := store.LogFilter{
		EntityType: given(r.Params.EntityType), EntityID: given(r.Params.EntityID), Offset: at.offset, Limit: at.size,
		From: moment(&f, "start_date", r.Params.StartDate), Until: moment(&f, "end_date", r.Params.EndDate),
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	list, total, err := s.Store.Logs(ctx, callerOf(ctx).Tenant.ID, filter)
	if err != nil {
		return nil, err
	}
	p := at.pagination(total)
	page := gen.LogPage{
		Pagination: gen.LogPagination{
			TotalItems: p.TotalItems, PageNumber: p.PageNumber, PageSize: p.PageSize, TotalPages: p.TotalPages, Next: p.After,
		},
		Data: make([]gen.Log, 0, len(list)),
	}
	for i := range list {
		page.Data = append(page.Data, wireLog(&list[i]))
	}
	return gen.ListLogs200JSONResponse{Body: page}, nil
}

// moment reads a date or ISO 8601 moment, the zero time where there is none.
func moment(f *hallpass.Fields, name string, text *string) time.Time {
	if given(text) == "" {
		return time.Time{}
	}
	t, ok := hallpass.ParseExpiry(*text)
	if !ok {
		f.Add(name, "must be a date or an ISO 8601 date and time")
	}
	return t
}

func wireLog(l *hallpass.Log) gen.Log {
	entry := gen.Log{
		ID: strconv.FormatInt(int64(l.ID), 10), TenantID: l.TenantID, EntityType: l.EntityType, EntityID: l.EntityID,
		Operation: l.Operation, Message: l.Message(), CreatedAt: hallpass.FormatInstant(l.CreatedAt()),
	}
	if l.ActorID != "" {
		actor := "application"
		entry.ActorID, entry.ActorType = &l.ActorID, &actor
	}
	return entry
}

// ListLogEntityTypes answers GET /logs/entity-types.
func (*Server) ListLogEntityTypes(context.Context, gen.ListLogEntityTypesRequestObject) (gen.ListLogEntityTypesResponseObject, error) {
	list := gen.LogEntityTypeList{}
	for _, t := range hallpass.EntityTypes() {
		list = append(list, gen.LogEntityType{DisplayName: t.DisplayName, Value: t.Value})
	}
	return gen.ListLogEntityTypes200JSONResponse{Body: list}, nil
}

// recordRead records that the caller is about to be shown the resources of those ids.
func (s *Server) recordRead(ctx context.Context, entityType string, ids ...string) error {
	return s.record(ctx, entityType, hallpass.OperationRead, ids...)
}

// record records what the caller does to the resources of those ids.
func (s *Server) record(ctx context.Context, entityType, operation string, ids ...string) error {
	caller := callerOf(ctx)
	entries := make([]hallpass.Log, 0, len(ids))
	for _, id := range ids {
		entries = append(entries, hallpass.Log{
			TenantID: caller.Tenant.ID, ActorID: caller.Application.ID, EntityType: entityType, EntityID: id, Operation: operation,
		})
	}
	return s.Store.Record(ctx, s.now(), entries...)
}
