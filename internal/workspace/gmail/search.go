package gmail

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"html"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	api "google.golang.org/api/gmail/v1"
	"google.golang.org/api/googleapi"

	"postern/internal/tool"
)

type searchInput struct {
	Query   string `json:"query" jsonschema:"As typed into Gmail: from:ada is:unread newer_than:7d has:attachment subject:(a b) OR. Empty for all." maxLen:"2000"`
	Max     int    `json:"max,omitempty" jsonschema:"Most mails to return." default:"10" min:"1" max:"50"`
	Cursor  string `json:"cursor,omitempty" jsonschema:"From an earlier answer, to continue it."`
	Snippet *bool  `json:"include_snippet,omitempty" jsonschema:"Show how each mail begins." default:"true"`
}

type searchOutput struct {
	Query    string      `json:"query"`
	Rows     []searchRow `json:"messages"`
	Estimate int64       `json:"about_total"`
	Cursor   string      `json:"cursor,omitempty"`
	Failed   int         `json:"unreadable,omitempty"`
}

type searchRow struct {
	ID         string   `json:"id"`
	ThreadID   string   `json:"thread_id"`
	DraftID    string   `json:"draft_id,omitempty"`
	Profile    string   `json:"profile,omitempty"` // of a search over all
	Date       string   `json:"date"`
	From       string   `json:"from"`
	To         string   `json:"to"`
	Subject    string   `json:"subject"`
	Snippet    string   `json:"snippet,omitempty"`
	Labels     []string `json:"labels"`
	Attachment bool     `json:"has_attachment,omitempty"`

	at        int64
	messageID string
}

// attachmentScan is how many of the newest mails with attachments a search compares its rows with.
const attachmentScan = 500

// search lists and then fetches all rows in one batch: two round trips. What else a row shows (attachments, drafts,
// label names) is asked for beside the list.
func search(ctx context.Context, svc *service, in searchInput) (searchOutput, error) {
	var list *api.ListMessagesResponse
	var attached *api.ListMessagesResponse
	var drafts *api.ListDraftsResponse
	var names map[string]string
	query, most := strings.TrimSpace(in.Query), int64(cmp.Or(in.Max, 10))
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		call := svc.Users.Messages.List(me).Q(query).MaxResults(most).Fields("messages(id,threadId)", "nextPageToken", "resultSizeEstimate").Context(gctx)
		if in.Cursor != "" {
			call.PageToken(in.Cursor)
		}
		list, err = call.Do()
		if in.Cursor != "" && googleCode(err) == 400 {
			return tool.Errorf("invalid_argument", "argument \"cursor\" is not from an earlier answer to this query")
		}
		return err
	})
	g.Go(func() (err error) {
		q := "has:attachment"
		if query != "" {
			q = "(" + query + ") " + q
		}
		attached, err = svc.Users.Messages.List(me).Q(q).MaxResults(attachmentScan).Fields("messages/id").Context(gctx).Do()
		return optional(err)
	})
	g.Go(func() (err error) {
		drafts, err = svc.Users.Drafts.List(me).Q(query).MaxResults(100).Fields("drafts(id,message/id)").Context(gctx).Do()
		return optional(err)
	})
	g.Go(func() (err error) {
		names, err = labelNames(gctx, svc)
		return optional(err)
	})
	if err := g.Wait(); err != nil {
		return searchOutput{}, err
	}
	out := searchOutput{Query: query, Rows: []searchRow{}, Estimate: list.ResultSizeEstimate, Cursor: list.NextPageToken}
	messages, failed, err := metadata(ctx, svc, list.Messages)
	if err != nil {
		return searchOutput{}, err
	}
	out.Failed = failed
	has, draftOf := map[string]bool{}, map[string]string{}
	if attached != nil {
		for _, m := range attached.Messages {
			has[m.Id] = true
		}
	}
	if drafts != nil {
		for _, d := range drafts.Drafts {
			draftOf[d.Message.Id] = d.Id
		}
	}
	full := attached != nil && len(attached.Messages) == attachmentScan
	for _, m := range messages {
		row := rowOf(ctx, m, names)
		row.DraftID = draftOf[m.Id]
		row.Attachment = has[m.Id] || full && m.Payload != nil && m.Payload.MimeType == "multipart/mixed"
		if in.Snippet != nil && !*in.Snippet {
			row.Snippet = ""
		}
		out.Rows = append(out.Rows, row)
	}
	return out, nil
}

// optional passes over an answer that is only an addition, unless the whole call is over.
func optional(err error) error {
	if err != nil && googleCode(err) == 0 {
		return err
	}
	return nil
}

// googleCode returns the HTTP status of an error of Google's, 0 for any other.
func googleCode(err error) int {
	var ge *googleapi.Error
	if errors.As(err, &ge) {
		return ge.Code
	}
	return 0
}

// metadataFields is what a row shows, and no more.
const metadataFields = "id,threadId,labelIds,snippet,internalDate,payload(mimeType,headers)"

// metadata fetches the headers of messages in one batch, in their order. Those that are gone meanwhile are left out.
func metadata(ctx context.Context, svc *service, list []*api.Message) (found []*api.Message, failed int, err error) {
	q := url.Values{"format": {"metadata"}, "metadataHeaders": {"From", "To", "Subject", "Message-ID"}, "fields": {metadataFields}, "prettyPrint": {"false"}}
	paths := make([]string, len(list))
	all := make([]*api.Message, len(list))
	for i, m := range list {
		paths[i] = "/gmail/v1/users/me/messages/" + url.PathEscape(m.Id) + "?" + q.Encode()
		all[i] = &api.Message{}
	}
	var last error
	err = batchGet(ctx, svc, paths, func(i int) any { return all[i] }, func(i int, err error) {
		all[i] = nil
		if googleCode(err) != 404 {
			failed++
			last = err
		}
	})
	if err != nil {
		return nil, 0, err
	}
	found = slices.DeleteFunc(all, func(m *api.Message) bool { return m == nil })
	if len(found) == 0 && last != nil {
		return nil, 0, last
	}
	return found, failed, nil
}

func rowOf(ctx context.Context, m *api.Message, names map[string]string) searchRow {
	return searchRow{
		ID: m.Id, ThreadID: m.ThreadId, Date: moment(ctx, m.InternalDate), From: header(m.Payload, "From"), To: header(m.Payload, "To"), Subject: header(m.Payload, "Subject"),
		Snippet: html.UnescapeString(m.Snippet), Labels: shownLabels(m.LabelIds, names), at: m.InternalDate, messageID: header(m.Payload, "Message-ID"),
	}
}

// mergeSearch joins the answers of several profiles, newest first. A mail that several have is shown once.
func mergeSearch(parts []tool.Part[searchOutput]) searchOutput {
	merged := searchOutput{Rows: []searchRow{}}
	cursors, at := map[string]string{}, map[string]int{}
	for _, p := range parts {
		if p.Err != nil {
			continue
		}
		merged.Query = p.Out.Query
		merged.Estimate += p.Out.Estimate
		merged.Failed += p.Out.Failed
		cursors[p.Profile.ID] = p.Out.Cursor
		for _, row := range p.Out.Rows {
			row.Profile = p.Profile.Name
			if i, ok := at[row.messageID]; ok && row.messageID != "" {
				merged.Rows[i].Profile += ", " + row.Profile
				continue
			}
			at[row.messageID] = len(merged.Rows)
			merged.Rows = append(merged.Rows, row)
		}
	}
	slices.SortStableFunc(merged.Rows, func(a, b searchRow) int { return cmp.Compare(b.at, a.at) })
	merged.Cursor = tool.JoinCursors(cursors)
	return merged
}

// Markdown lists the rows, three lines each.
func (o searchOutput) Markdown() string {
	if len(o.Rows) == 0 {
		return fmt.Sprintf("No mail matches %q. Spam and trash are searched only with in:anywhere.", tool.CleanLine(o.Query))
	}
	var list strings.Builder
	for _, r := range o.Rows {
		r.write(&list)
	}
	var b strings.Builder
	b.WriteString(tool.Fence("gmail", list.String()))
	fmt.Fprintf(&b, "\n\n%d of about %d", len(o.Rows), max(o.Estimate, int64(len(o.Rows))))
	if o.Cursor != "" {
		fmt.Fprintf(&b, "; for more call again with cursor=%q", o.Cursor)
	}
	if o.Failed > 0 {
		fmt.Fprintf(&b, "; %d could not be read now: search again in a minute", o.Failed)
	}
	b.WriteByte('\n')
	return b.String()
}

func (r searchRow) write(b *strings.Builder) {
	subject := tool.CleanLine(r.Subject)
	if subject == "" {
		subject = "(no subject)"
	}
	fmt.Fprintf(b, "- %s | %s | %s", r.Date, tool.CleanLine(r.From), subject)
	if r.Attachment {
		b.WriteString(" [attachment]")
	}
	fmt.Fprintf(b, "\n  id:%s thread_id:%s", r.ID, r.ThreadID)
	if r.DraftID != "" {
		fmt.Fprintf(b, " draft_id:%s", r.DraftID)
	}
	if r.Profile != "" {
		fmt.Fprintf(b, " profile:%s", r.Profile)
	}
	if r.To != "" {
		fmt.Fprintf(b, " to:%s", clip(tool.CleanLine(r.To)))
	}
	if len(r.Labels) > 0 {
		fmt.Fprintf(b, " labels:%s", tool.CleanLine(strings.Join(r.Labels, ", ")))
	}
	b.WriteByte('\n')
	if s := tool.CleanLine(r.Snippet); s != "" {
		fmt.Fprintf(b, "  %s\n", s)
	}
}
