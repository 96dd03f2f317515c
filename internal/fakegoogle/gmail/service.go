package gmail

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	api "google.golang.org/api/gmail/v1"

	"postern/internal/fakegoogle"
)

// The scopes of the methods, as their discovery documents have them.
var (
	reading  = []string{api.MailGoogleComScope, api.GmailModifyScope, api.GmailReadonlyScope}
	heading  = append([]string{api.GmailMetadataScope}, reading...)
	changing = []string{api.MailGoogleComScope, api.GmailModifyScope}
	drafting = []string{api.MailGoogleComScope, api.GmailComposeScope, api.GmailModifyScope}
	seeing   = append([]string{api.GmailComposeScope}, reading...)
	sending  = []string{api.MailGoogleComScope, api.GmailComposeScope, api.GmailModifyScope, api.GmailSendScope}
	adding   = []string{api.MailGoogleComScope, api.GmailInsertScope, api.GmailModifyScope}
	labeling = []string{api.MailGoogleComScope, api.GmailLabelsScope, api.GmailModifyScope}
	listing  = append([]string{api.GmailLabelsScope, api.GmailMetadataScope}, reading...)
	settings = append([]string{api.GmailSettingsBasicScope}, reading...)
	basics   = []string{api.GmailSettingsBasicScope}
	anything = append([]string{api.GmailComposeScope, api.GmailMetadataScope}, reading...)
)

// call is a request with the mailbox that it is about. The handler runs under the server's lock.
type call struct {
	*http.Request
	fakegoogle.Call
	server *Server
	box    *mailbox
}

type handler func(c *call) (any, error)

// Service returns the API to register with a fake Google.
func (s *Server) Service() fakegoogle.Service {
	const me = "gmail/v1/users/{userId}/"
	svc := fakegoogle.Service{Name: "gmail:v1", Hosts: []string{"gmail.googleapis.com", "www.googleapis.com"}}
	add := func(id, verb, path string, scopes []string, h handler, upload ...bool) {
		svc.Methods = append(svc.Methods, fakegoogle.Method{
			ID: "gmail.users." + id, Verb: verb, Path: me + path, Scopes: scopes, Upload: len(upload) > 0,
			Serve: func(w http.ResponseWriter, r *http.Request, c fakegoogle.Call) { s.serve(w, r, c, h) },
		})
	}
	add("getProfile", "GET", "profile", anything, getProfile)
	add("messages.list", "GET", "messages", heading, listMessages)
	add("messages.get", "GET", "messages/{id}", heading, getMessage)
	add("messages.send", "POST", "messages/send", sending, sendMessage, true)
	add("messages.insert", "POST", "messages", adding, insertMessage, true)
	add("messages.import", "POST", "messages/import", adding, insertMessage, true)
	add("messages.modify", "POST", "messages/{id}/modify", changing, modifyMessage)
	add("messages.batchModify", "POST", "messages/batchModify", changing, batchModify)
	add("messages.trash", "POST", "messages/{id}/trash", changing, trashMessage)
	add("messages.untrash", "POST", "messages/{id}/untrash", changing, untrashMessage)
	add("messages.delete", "DELETE", "messages/{id}", []string{api.MailGoogleComScope}, deleteMessage)
	add("messages.attachments.get", "GET", "messages/{messageId}/attachments/{id}", reading, getAttachment)
	add("threads.list", "GET", "threads", heading, listThreads)
	add("threads.get", "GET", "threads/{id}", heading, getThread)
	add("threads.modify", "POST", "threads/{id}/modify", changing, modifyThread)
	add("threads.trash", "POST", "threads/{id}/trash", changing, trashThread)
	add("threads.untrash", "POST", "threads/{id}/untrash", changing, untrashThread)
	add("drafts.list", "GET", "drafts", seeing, listDrafts)
	add("drafts.get", "GET", "drafts/{id}", seeing, getDraft)
	add("drafts.create", "POST", "drafts", drafting, createDraft, true)
	add("drafts.update", "PUT", "drafts/{id}", drafting, updateDraft, true)
	add("drafts.send", "POST", "drafts/send", drafting, sendDraft, true)
	add("drafts.delete", "DELETE", "drafts/{id}", drafting, deleteDraft)
	add("labels.list", "GET", "labels", listing, listLabels)
	add("labels.get", "GET", "labels/{id}", listing, getLabel)
	add("labels.create", "POST", "labels", labeling, createLabel)
	add("labels.patch", "PATCH", "labels/{id}", labeling, updateLabel)
	add("labels.update", "PUT", "labels/{id}", labeling, updateLabel)
	add("labels.delete", "DELETE", "labels/{id}", labeling, deleteLabel)
	add("settings.sendAs.list", "GET", "settings/sendAs", settings, listSendAs)
	add("settings.sendAs.get", "GET", "settings/sendAs/{sendAsEmail}", settings, getSendAs)
	add("settings.filters.list", "GET", "settings/filters", settings, listFilters)
	add("settings.filters.create", "POST", "settings/filters", basics, createFilter)
	add("settings.filters.delete", "DELETE", "settings/filters/{id}", basics, deleteFilter)
	add("settings.getVacation", "GET", "settings/vacation", settings, getVacation)
	add("settings.updateVacation", "PUT", "settings/vacation", basics, updateVacation)
	return svc
}

// serve runs a handler for the account of the token; no other can be named.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, c fakegoogle.Call, h handler) {
	if user := r.PathValue("userId"); user != "me" && !strings.EqualFold(user, c.Account) {
		fakegoogle.Fail(w, fakegoogle.Failure{Code: 403, Reason: "forbidden", Message: "Delegation denied for " + c.Account})
		return
	}
	s.mu.Lock()
	out, err := h(&call{r, c, s, s.box(c.Account)})
	s.mu.Unlock()
	var f fakegoogle.Failure
	switch {
	case errors.As(err, &f):
		fakegoogle.Fail(w, f)
	case err != nil:
		fakegoogle.Fail(w, fakegoogle.Failure{Code: 500, Reason: "backendError", Message: err.Error()})
	case out == nil:
		w.WriteHeader(http.StatusNoContent)
	default:
		fakegoogle.WriteJSON(w, 200, out)
	}
}

// body decodes the request's JSON.
func (c *call) body(v any) error {
	b, err := io.ReadAll(c.Body)
	if err != nil {
		return err
	}
	if len(b) == 0 {
		return nil
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fakegoogle.Failure{Code: 400, Reason: "parseError", Message: "Invalid JSON payload received. " + err.Error()}
	}
	return nil
}

// message returns the message that a path names.
func (c *call) message(id string) (*message, error) {
	n, err := strconv.ParseUint(id, 16, 64)
	if err != nil {
		return nil, fakegoogle.Invalid("Invalid id value")
	}
	if m := c.box.messages[n]; m != nil {
		return m, nil
	}
	return nil, fakegoogle.NotFound()
}

func (c *call) thread() (*thread, error) {
	n, err := strconv.ParseUint(c.PathValue("id"), 16, 64)
	if err != nil {
		return nil, fakegoogle.Invalid("Invalid id value")
	}
	if t := c.box.threads[n]; t != nil {
		return t, nil
	}
	return nil, fakegoogle.NotFound()
}

// page cuts n items at the request's pageToken and maxResults, and returns the span and the next token.
func (c *call) page(n int) (from, to int, next string, err error) {
	size := 100
	if v := c.FormValue("maxResults"); v != "" {
		if size, err = strconv.Atoi(v); err != nil || size < 1 {
			return 0, 0, "", fakegoogle.Invalid("Invalid maxResults")
		}
		size = min(size, 500)
	}
	if v := c.FormValue("pageToken"); v != "" {
		if from, err = strconv.Atoi(strings.TrimPrefix(v, "p")); err != nil || from < 0 || from > n {
			return 0, 0, "", fakegoogle.Invalid("Invalid pageToken")
		}
	}
	to = min(from+size, n)
	if to < n {
		next = "p" + strconv.Itoa(to)
	}
	return from, to, next, nil
}

func getProfile(c *call) (any, error) {
	return &api.Profile{EmailAddress: c.Account, MessagesTotal: int64(len(c.box.messages)), ThreadsTotal: int64(len(c.box.threads)), HistoryId: c.box.history}, nil
}
