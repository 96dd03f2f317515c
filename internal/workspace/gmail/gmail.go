// Package gmail is the tools over Gmail: searching, reading, labelling, drafting and sending mail.
package gmail

import (
	"context"
	"net/http"

	api "google.golang.org/api/gmail/v1"
	"google.golang.org/api/option"
	htransport "google.golang.org/api/transport/http"

	"postern/internal/tool"
)

// Tools are rows 5 to 12 of the catalogue.
var Tools = tool.Set{Name: "gmail", Title: "Gmail", Tools: []tool.Tool{
	tool.Read(open, "gmail_search", "Search the mailbox with Gmail's query language, newest first.", search, reads, tool.Across(mergeSearch), tool.Titled("Search mail")),
	tool.Read(open, "gmail_read_message", "Read one mail: headers, text as Markdown, list of attachments.", readMessage, reads, tool.Titled("Read a mail")),
	tool.Read(open, "gmail_read_thread", "Read a conversation, newest mail first, quotations left out.", readThread, reads, tool.Titled("Read a conversation")),
	tool.Read(open, "gmail_list_labels", "List the labels with their numbers of unread and all mails.", listLabels, reads, tool.Titled("List labels")),
	tool.Read(open, "gmail_get_attachment", "Get an attachment: as text (pdf, docx, xlsx, pptx, csv, html, eml), as a file handle, or as an image.", getAttachment, reads, tool.Titled("Get an attachment")),
	tool.Write(open, "gmail_save_draft", "Write a draft, a reply or a forward, or change a draft. Sends nothing.", saveDraft, tool.Needs(api.GmailModifyScope, api.GmailComposeScope+" "+api.GmailReadonlyScope), tool.Titled("Save a draft")),
	tool.Outward(open, "gmail_send", "Send a mail or a draft after the owner's approval. Takes draft_id, or what gmail_save_draft takes.", prepareSend, send, tool.Needs(api.GmailModifyScope, api.GmailSendScope+" "+api.GmailReadonlyScope), tool.Titled("Send a mail"), tool.Revised(reviseSend), tool.Instead(insteadDraft, keepInstead)),
	tool.Write(open, "gmail_modify", "Archive, mark, star, trash or label mails or conversations.", modify, tool.Needs(api.GmailModifyScope), tool.Titled("Label or file mails")),
}}

// reads is what reading needs, the narrowest first.
var reads = tool.Needs(api.GmailReadonlyScope, api.GmailModifyScope)

// Scopes returns the Google scopes that a sign-in asks for: those of reading alone, or all that the tools use.
func Scopes(readOnly bool) []string {
	if readOnly {
		return []string{api.GmailReadonlyScope}
	}
	return []string{api.GmailModifyScope, api.GmailSettingsBasicScope}
}

// me is the mailbox of the token.
const me = "me"

// service is Google's client with the HTTP client below it, which the batch endpoint and uploads need.
type service struct {
	*api.Service
	http *http.Client
}

func open(ctx context.Context, opts ...option.ClientOption) (*service, error) {
	svc, err := api.NewService(ctx, opts...)
	if err != nil {
		return nil, err
	}
	client, _, err := htransport.NewClient(ctx, opts...)
	if err != nil {
		return nil, err
	}
	return &service{svc, client}, nil
}
