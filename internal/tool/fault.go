package tool

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"

	"google.golang.org/api/googleapi"
)

// Error is an error written for the model: what was wrong and the next call to make.
type Error struct {
	Code    string // short and machine-readable, kept in the activity: invalid_argument, not_found, …
	Message string
}

func (e *Error) Error() string { return e.Message }

// Errorf makes an Error.
func Errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// ArgumentError says which argument led to an error of Google's.
type ArgumentError struct {
	Argument string
	Value    string
	Err      error
}

func (e *ArgumentError) Error() string {
	return fmt.Sprintf("argument %q is %q: %v", e.Argument, e.Value, e.Err)
}

// Unwrap returns Google's error.
func (e *ArgumentError) Unwrap() error { return e.Err }

// ownerMust is implemented by an error that only the owner can end, with the command that does it.
type ownerMust interface {
	error
	OwnerMust() string
}

// explain turns any error of a call into one for the model. The profile is the one used, others those that the client
// might try instead.
func explain(err error, p Profile, others []Profile) *Error {
	var te *Error
	if errors.As(err, &te) {
		return te
	}
	var om ownerMust
	if errors.As(err, &om) {
		return Errorf("sign_in_again", "%s. Only the owner can end this, with the command: %s. Tell the owner so; calling again before that will fail the same way.%s",
			strings.TrimSuffix(om.Error(), "."), om.OwnerMust(), alternatives(others))
	}
	var ge *googleapi.Error
	if errors.As(err, &ge) {
		e := explainGoogle(ge, p, others)
		var ae *ArgumentError
		if errors.As(err, &ae) {
			e.Message = fmt.Sprintf("argument %q is %q: %s", ae.Argument, clip(CleanLine(ae.Value), 80), e.Message)
		}
		return e
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return Errorf("timeout", "Google did not answer in time: try again, or ask for less")
	}
	if errors.Is(err, context.Canceled) {
		return Errorf("cancelled", "the call was cancelled")
	}
	var ne net.Error
	var oe *net.OpError
	if errors.As(err, &oe) || errors.As(err, &ne) {
		return Errorf("network", "Google could not be reached from the owner's computer: check the network and try again")
	}
	return Errorf("failed", "%s", clip(err.Error(), 500))
}

func explainGoogle(ge *googleapi.Error, p Profile, others []Profile) *Error {
	reason := ""
	if len(ge.Errors) > 0 {
		reason = ge.Errors[0].Reason
	}
	message := clip(CleanLine(ge.Message), 300)
	switch {
	case ge.Code == http.StatusTooManyRequests || reason == "rateLimitExceeded" || reason == "userRateLimitExceeded" || reason == "quotaExceeded" || reason == "dailyLimitExceeded":
		wait := "in a minute"
		if s := ge.Header.Get("Retry-After"); s != "" {
			wait = "in " + s + " seconds"
		}
		return Errorf("rate_limited", "Google limits the calls of profile %q for now: try again %s", p.Name, wait)
	case reason == "insufficientPermissions" || reason == "ACCESS_TOKEN_SCOPE_INSUFFICIENT":
		return Errorf("missing_scope", "profile %q was not granted the Google scope that this call needs: the owner can add it with the command: postern profiles refresh %s.%s", p.Name, p.Name, alternatives(others))
	case reason == "accessNotConfigured" || reason == "SERVICE_DISABLED":
		return Errorf("api_disabled", "this Google API is not switched on in the owner's Google Cloud project: %s", message)
	case ge.Code == http.StatusForbidden:
		return Errorf("forbidden", "Google refused this to profile %q: %s.%s", p.Name, strings.TrimSuffix(message, "."), alternatives(others))
	case ge.Code == http.StatusNotFound:
		return Errorf("not_found", "profile %q has nothing with that id: %s.%s", p.Name, strings.TrimSuffix(message, "."), alternatives(others))
	case ge.Code == http.StatusUnauthorized:
		return Errorf("sign_in_again", "Google no longer accepts the sign-in of profile %q: the owner must run: postern profiles refresh %s", p.Name, p.Name)
	case ge.Code >= 500:
		return Errorf("google_unavailable", "Google answered %d after several tries: try again in a minute", ge.Code)
	case ge.Code == http.StatusPreconditionFailed || ge.Code == http.StatusConflict:
		return Errorf("changed", "it was changed meanwhile: read it again and repeat the call (%s)", message)
	}
	return Errorf("google_"+fmt.Sprint(ge.Code), "Google refused the call: %s", message)
}

func alternatives(others []Profile) string {
	if len(others) == 0 {
		return ""
	}
	names := make([]string, 0, len(others))
	for _, o := range others {
		names = append(names, fmt.Sprintf("%q", o.Name))
	}
	slices.Sort(names)
	return " Other profiles that could be tried: " + strings.Join(names, ", ") + "."
}
