package gmail

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	api "google.golang.org/api/gmail/v1"

	"postern/internal/tool"
)

type threadInput struct {
	ID     string `json:"thread_id" jsonschema:"From gmail_search, or a pasted Gmail address." maxLen:"2000"`
	Last   int    `json:"last,omitempty" jsonschema:"How many mails, the newest first." default:"5" min:"1" max:"50"`
	Quoted bool   `json:"include_quoted,omitempty" jsonschema:"Keep quoted history and signatures." default:"false"`
	tool.Paging
}

type threadOutput struct {
	ID       string        `json:"thread_id"`
	Total    int           `json:"total"`
	Messages []messageText `json:"messages"`
	Piece    string        `json:"text"`
	Note     string        `json:"note,omitempty"`
}

func readThread(ctx context.Context, svc *service, in threadInput) (threadOutput, error) {
	id, err := parseID("thread_id", in.ID)
	if err != nil {
		return threadOutput{}, err
	}
	t, err := getThread(ctx, svc, id)
	if err != nil {
		return threadOutput{}, notFound(err, "thread_id", in.ID)
	}
	names, err := labelNames(ctx, svc)
	if err := optional(err); err != nil {
		return threadOutput{}, err
	}
	slices.SortStableFunc(t.Messages, func(a, b *api.Message) int { return cmp.Compare(b.InternalDate, a.InternalDate) })
	out := threadOutput{ID: t.Id, Total: len(t.Messages), Messages: []messageText{}}
	shown := t.Messages[:min(cmp.Or(in.Last, 5), len(t.Messages))]
	var text strings.Builder
	for i, m := range shown {
		tool.From(ctx).Progress(i, len(shown), "reading mails")
		root, err := treeOf(ctx, svc, m)
		if err != nil {
			return threadOutput{}, err
		}
		one := textOf(ctx, m, root, names, in.Quoted)
		out.Messages = append(out.Messages, one)
		fmt.Fprintf(&text, "### Mail %d of %d, %s, id:%s\n%s\n\n", len(t.Messages)-i, len(t.Messages), one.Date, one.ID, one.text(one.Body))
	}
	out.Piece, out.Note, err = in.Cut(strings.TrimSpace(text.String()))
	return out, err
}

// getThread gets a thread. In the address of a page, and in people's hands, the id of any mail of it stands for it.
func getThread(ctx context.Context, svc *service, id string) (*api.Thread, error) {
	t, err := svc.Users.Threads.Get(me, id).Format("full").Context(ctx).Do()
	if googleCode(err) != 404 {
		return t, err
	}
	m, other := svc.Users.Messages.Get(me, id).Format("minimal").Fields("threadId").Context(ctx).Do()
	if other != nil || m.ThreadId == id {
		return nil, err
	}
	return svc.Users.Threads.Get(me, m.ThreadId).Format("full").Context(ctx).Do()
}

// Markdown writes the conversation, newest mail first.
func (o threadOutput) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "thread_id:%s, %d of %d mails, newest first", o.ID, len(o.Messages), o.Total)
	if len(o.Messages) < o.Total {
		fmt.Fprintf(&b, "; for older ones call again with last=%d", min(o.Total, 50))
	}
	b.WriteString("\n" + tool.Fence("a conversation", o.Piece))
	if o.Note != "" {
		b.WriteString("\n\n" + o.Note)
	}
	return b.String()
}
