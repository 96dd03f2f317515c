package fakegoogle

import (
	"encoding/json"
	"net/http"
	"strings"
)

// Failure is an error answer in the shape that Google's APIs give it. It is an error, too.
type Failure struct {
	// Code is the HTTP status.
	Code int
	// Status is Google's canonical code, such as "NOT_FOUND"; "" derives it from Code.
	Status string
	// Reason is the machine-readable reason of the errors list, such as "notFound" or "invalidArgument".
	Reason string
	// Message is for people.
	Message string
	// Domain is where the reason is defined; "" means "global".
	Domain string
	// Location and LocationType name the culprit, such as "If-Match" and "header"; "" leaves both out.
	Location, LocationType string
	// Details are google.rpc details, such as ErrorInfo; each must be a JSON object with an @type.
	Details []any
	// Header is sent with the answer, such as Retry-After.
	Header http.Header
}

// Error returns the message.
func (f Failure) Error() string { return f.Message }

// Fail answers with f.
func Fail(w http.ResponseWriter, f Failure) {
	type item struct {
		Message      string `json:"message"`
		Domain       string `json:"domain"`
		Reason       string `json:"reason"`
		Location     string `json:"location,omitempty"`
		LocationType string `json:"locationType,omitempty"`
	}
	var body struct {
		Error struct {
			Code    int    `json:"code"`
			Message string `json:"message"`
			Errors  []item `json:"errors"`
			Status  string `json:"status,omitempty"`
			Details []any  `json:"details,omitempty"`
		} `json:"error"`
	}
	if f.Domain == "" {
		f.Domain = "global"
	}
	if f.Status == "" {
		f.Status = canonical(f.Code)
	}
	body.Error.Code = f.Code
	body.Error.Message = f.Message
	body.Error.Errors = []item{{f.Message, f.Domain, f.Reason, f.Location, f.LocationType}}
	body.Error.Status = f.Status
	body.Error.Details = f.Details
	for k, v := range f.Header {
		w.Header()[k] = v
	}
	WriteJSON(w, f.Code, body)
}

// NotFound is the failure for an id that does not exist.
func NotFound() Failure {
	return Failure{Code: 404, Reason: "notFound", Message: "Requested entity was not found."}
}

// Invalid is the failure for a request that cannot be understood.
func Invalid(message string) Failure {
	return Failure{Code: 400, Reason: "invalidArgument", Message: message}
}

// WriteJSON answers with v as JSON, as Google does: indented, UTF-8, not cached.
func WriteJSON(w http.ResponseWriter, code int, v any) {
	var buf strings.Builder
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=UTF-8")
	h.Set("Cache-Control", "private")
	h.Set("Vary", "Origin, X-Origin, Referer")
	w.WriteHeader(code)
	_, _ = w.Write([]byte(buf.String()))
}

// canonical returns the google.rpc code that goes with an HTTP status.
func canonical(code int) string {
	switch code {
	case 400:
		return "INVALID_ARGUMENT"
	case 401:
		return "UNAUTHENTICATED"
	case 403:
		return "PERMISSION_DENIED"
	case 404:
		return "NOT_FOUND"
	case 409:
		return "ABORTED"
	case 412:
		return "FAILED_PRECONDITION"
	case 429:
		return "RESOURCE_EXHAUSTED"
	case 499:
		return "CANCELLED"
	case 500:
		return "INTERNAL"
	case 501:
		return "UNIMPLEMENTED"
	case 503:
		return "UNAVAILABLE"
	case 504:
		return "DEADLINE_EXCEEDED"
	}
	return "UNKNOWN"
}
