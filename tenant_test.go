package hallpass_test

import (
	"errors"
	"fmt"
	"testing"

	"hallpass"
)

func TestCheckTenantSettings(t *testing.T) {
	t.Parallel()
	for promise, c := range map[string]struct {
		settings map[string]string
		want     problems
	}{
		"no settings are fine":       {nil, nil},
		"free ones are fine":         {map[string]string{"colour": "any", "": ""}, nil},
		"known values are fine":      {map[string]string{"strict_session_grants": "true", "token_deduplication_behavior": "update_existing"}, nil},
		"so are they off":            {map[string]string{"strict_session_grants": "false", "fingerprint_tokens": "false", "deduplicate_tokens": "false", "disable_ephemeral_proxy": "true"}, nil},
		"another value is refused":   {map[string]string{"strict_session_grants": "yes"}, problems{"settings.strict_session_grants": {"must be one of: true, false"}}},
		"letter for letter":          {map[string]string{"fingerprint_tokens": "True"}, problems{"settings.fingerprint_tokens": {"must be one of: true, false"}}},
		"an empty one too":           {map[string]string{"deduplicate_tokens": ""}, problems{"settings.deduplicate_tokens": {"must be one of: true, false"}}},
		"each is named":              {map[string]string{"disable_ephemeral_proxy": "1", "token_deduplication_behavior": "true"}, problems{"settings.disable_ephemeral_proxy": {"must be one of: true, false"}, "settings.token_deduplication_behavior": {"must be one of: read_existing, update_existing"}}},
		"the name is letter by name": {map[string]string{"STRICT_SESSION_GRANTS": "maybe"}, nil},
	} {
		err := hallpass.CheckTenantSettings(c.settings)
		if c.want == nil {
			if err != nil {
				t.Errorf("%s: %v", promise, err)
			}
			continue
		}
		wantSame(t, promise, theRefusal(t, err, hallpass.KindInvalid).Fields, c.want)
	}
}

func TestASettingIsOnWhenItSaysTrue(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]bool{"true": true, "false": false, "": false, "TRUE": false, "1": false} {
		tenant := hallpass.Tenant{Settings: map[string]string{"x": value}}
		wantSame(t, value, tenant.On("x"), want)
	}
	if new(hallpass.Tenant).On("x") {
		t.Error("a setting that is absent is on")
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	cause := errors.New("the disk is full")
	for _, c := range []struct {
		err  *hallpass.Error
		want string
	}{
		{hallpass.Refuse(hallpass.KindConflict, "Taken."), "Taken."},
		{&hallpass.Error{Cause: cause}, "the disk is full"},
		{&hallpass.Error{Detail: "Try again.", Cause: cause}, "Try again.: the disk is full"},
		{hallpass.Invalid("name", "is required"), "The inputs supplied to the API are invalid"},
	} {
		wantSame(t, "text", c.err.Error(), c.want)
		wantSame(t, "is its cause", errors.Is(fmt.Errorf("wrapped: %w", c.err), cause), c.err.Cause != nil)
	}
	if kind := new(hallpass.Error).Kind; kind != hallpass.KindInternal {
		t.Errorf("an error that nobody classified is of kind %d", kind)
	}

	var fields hallpass.Fields
	if err := fields.Err(); err != nil {
		t.Errorf("nothing wrong is %v", err)
	}
	fields.Add("a", "one")
	early := fields.Err()
	fields.Add("a", "two")
	fields.Add("b", "three")
	wantSame(t, "all", theRefusal(t, fields.Err(), hallpass.KindInvalid).Fields, problems{"a": {"one", "two"}, "b": {"three"}})
	wantSame(t, "an error taken before", theRefusal(t, early, hallpass.KindInvalid).Fields, problems{"a": {"one"}})
}
