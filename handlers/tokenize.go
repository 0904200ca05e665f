package handlers

import (
	"context"
	"net/http"
	"strconv"

	"hallpass"
	"hallpass/expression"
	"hallpass/gen"
)

// anyValue is any JSON as the answer to tokenize and detokenize.
type anyValue struct{ value any }

// VisitTokenizeResponse implements the generated response interface, as does the one below.
func (v anyValue) VisitTokenizeResponse(w http.ResponseWriter) error {
	return writeJSON(w, http.StatusOK, v.value)
}

// VisitDetokenizeResponse implements the generated response interface.
func (v anyValue) VisitDetokenizeResponse(w http.ResponseWriter) error {
	return writeJSON(w, http.StatusOK, v.value)
}

// Tokenize answers POST /tokenize.
func (s *Server) Tokenize(ctx context.Context, _ gen.TokenizeRequestObject) (gen.TokenizeResponseObject, error) {
	plan, err := hallpass.PlanTokenize(callOf(ctx).body(), s.TokenizeQuota)
	if err != nil {
		return nil, err
	}
	views, err := s.createTokens(ctx, plan.Requests)
	if err != nil {
		return nil, err
	}
	return anyValue{plan.Substitute(views)}, nil
}

// Detokenize answers POST /detokenize.
func (s *Server) Detokenize(ctx context.Context, _ gen.DetokenizeRequestObject) (gen.DetokenizeResponseObject, error) {
	tree := callOf(ctx).body()
	if expression.Count(tree) > s.DetokenizeQuota {
		return nil, hallpass.Refuse(hallpass.KindInvalid,
			"A detokenize request may hold at most "+strconv.Itoa(s.DetokenizeQuota)+" expressions.")
	}
	references, err := s.expressions.References(tree)
	if err != nil {
		return nil, err
	}
	views := map[string]*hallpass.TokenView{}
	var read []string
	for _, reference := range references {
		if reference.Kind == expression.ReferenceIntent {
			return nil, hallpass.Refuse(hallpass.KindInvalid, "Token intents are not supported.")
		}
		if views[reference.ID] != nil {
			continue
		}
		view, err := s.referenced(ctx, reference)
		if err != nil {
			return nil, err
		}
		views[reference.ID], read = view, append(read, view.ID)
	}
	value, err := s.expressions.Substitute(tree, func(r expression.Reference) (any, error) {
		if r.Kind == expression.ReferenceToken {
			return views[r.ID].Tree()
		}
		return views[r.ID].Data, nil
	})
	if err != nil {
		return nil, err
	}
	return anyValue{value}, s.recordRead(ctx, hallpass.EntityToken, read...)
}

// referenced returns what the caller may see of the token that an expression names. One that is not there is 400 here: the
// request is wrong, not its path.
func (s *Server) referenced(ctx context.Context, r expression.Reference) (*hallpass.TokenView, error) {
	now := s.now()
	t, decision, err := s.token(ctx, hallpass.TokenRead, r.ID, now)
	if err == hallpass.ErrNotFound { //nolint:errorlint // one value
		err = hallpass.Refuse(hallpass.KindInvalid, "A token that an expression names does not exist.")
	}
	if err != nil {
		return nil, err
	}
	return t.At(now).View(decision.Transform, s.expressions)
}
