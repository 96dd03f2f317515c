package gmail

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	api "google.golang.org/api/gmail/v1"

	"postern/internal/tool"
)

// maxIDs is how many mails one call changes: as many as one batchModify takes.
const maxIDs = 1000

type modifyInput struct {
	MessageIDs []string `json:"message_ids,omitempty" jsonschema:"Mails, at most 1000." maxItems:"1000" maxLen:"2000"`
	ThreadIDs  []string `json:"thread_ids,omitempty" jsonschema:"Whole conversations instead." maxItems:"1000" maxLen:"2000"`
	Action     string   `json:"action" enum:"archive,read,unread,star,trash,untrash,spam,label"`
	Add        []string `json:"add,omitempty" jsonschema:"With action=label: names of labels; new ones are made." maxItems:"20" maxLen:"225"`
	Remove     []string `json:"remove,omitempty" jsonschema:"With action=label: names of labels." maxItems:"20" maxLen:"225"`
}

type modifyOutput struct {
	Action  string   `json:"action"`
	Changed int      `json:"changed"`
	Unit    string   `json:"unit"`
	Created []string `json:"created_labels"`
	Failed  []string `json:"failed"`
	Note    string   `json:"note,omitempty"`
	Undo    string   `json:"undo,omitempty"`
}

// Markdown says how many were changed, and which were not.
func (o modifyOutput) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d %s changed.", o.Action, o.Changed, o.Unit)
	if len(o.Created) > 0 {
		fmt.Fprintf(&b, " New labels: %s.", tool.CleanLine(strings.Join(o.Created, ", ")))
	}
	if len(o.Failed) > 0 {
		fmt.Fprintf(&b, " Not changed: %s.", tool.CleanLine(strings.Join(o.Failed, "; ")))
	}
	if o.Note != "" {
		b.WriteString(" " + o.Note)
	}
	if o.Undo != "" {
		fmt.Fprintf(&b, " To undo: %s.", o.Undo)
	}
	return b.String()
}

// simple is what the actions without names do, and how they are undone.
var simple = map[string]struct {
	add, remove []string
	undo        string
}{
	"archive": {nil, []string{"INBOX"}, "action=label add=[INBOX]"},
	"read":    {nil, []string{"UNREAD"}, "action=unread"},
	"unread":  {[]string{"UNREAD"}, nil, "action=read"},
	"star":    {[]string{"STARRED"}, nil, "action=label remove=[STARRED]"},
	"trash":   {[]string{"TRASH"}, []string{"INBOX"}, "action=untrash, and action=label add=[INBOX] for what was in the inbox; Gmail deletes for good after 30 days"},
	"untrash": {nil, []string{"TRASH"}, "action=trash"},
	"spam":    {[]string{"SPAM"}, []string{"INBOX"}, "action=label add=[INBOX] remove=[SPAM]"},
}

func modify(ctx context.Context, svc *service, in modifyInput) (modifyOutput, error) {
	out := modifyOutput{Action: in.Action, Created: []string{}, Failed: []string{}, Unit: "mails"}
	argument, values := "message_ids", in.MessageIDs
	if len(in.ThreadIDs) > 0 {
		argument, values, out.Unit = "thread_ids", in.ThreadIDs, "conversations"
	}
	switch {
	case len(in.MessageIDs) > 0 && len(in.ThreadIDs) > 0:
		return out, tool.Errorf("invalid_argument", "pass message_ids or thread_ids, not both")
	case len(values) == 0:
		return out, tool.Errorf("invalid_argument", "pass message_ids or thread_ids: gmail_search gives them")
	case len(values) > maxIDs:
		return out, tool.Errorf("invalid_argument", "argument %q has %d items, the most is %d: split the call", argument, len(values), maxIDs)
	}
	ids := make([]string, 0, len(values))
	for _, v := range values {
		id, err := parseID(argument, v)
		if err != nil {
			return out, err
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	change, err := changeOf(ctx, svc, in, &out)
	if err != nil {
		return out, err
	}
	if argument == "message_ids" {
		return out, modifyMessages(ctx, svc, ids, change, &out)
	}
	return out, modifyThreads(ctx, svc, ids, change, &out)
}

// modifyMessages changes all in one call. Gmail does not say which it passed over, so the call's count is of those asked.
func modifyMessages(ctx context.Context, svc *service, ids []string, c change, out *modifyOutput) error {
	missing, err := missingOf(ctx, svc, ids)
	if err != nil {
		return err
	}
	out.Failed = append(out.Failed, missing...)
	ids = slices.DeleteFunc(ids, func(id string) bool { return slices.Contains(missing, id) })
	if len(ids) == 0 {
		return tool.Errorf("not_found", "none of the mails exists in this profile: take ids from gmail_search")
	}
	if err := svc.Users.Messages.BatchModify(me, &api.BatchModifyMessagesRequest{Ids: ids, AddLabelIds: c.add, RemoveLabelIds: c.remove}).Context(ctx).Do(); err != nil {
		return err
	}
	out.Changed = len(ids)
	if len(ids) > checkedIDs {
		out.Note = "Gmail passes over ids that name no mail, and so many are not looked up one by one."
	}
	return nil
}

// checkedIDs is how many ids are looked up before a change; more are passed to Gmail as they are.
const checkedIDs = 100

// missingOf returns the ids that name no mail: Gmail passes over them without a word.
func missingOf(ctx context.Context, svc *service, ids []string) ([]string, error) {
	if len(ids) > checkedIDs {
		return nil, nil
	}
	paths := make([]string, len(ids))
	for i, id := range ids {
		paths[i] = "/gmail/v1/users/me/messages/" + id + "?format=minimal&fields=id&prettyPrint=false"
	}
	var missing []string
	err := batchGet(ctx, svc, paths, func(int) any { return new(api.Message) }, func(i int, err error) {
		if googleCode(err) == 404 || googleCode(err) == 400 {
			missing = append(missing, ids[i])
		}
	})
	return missing, err
}

// modifyThreads changes conversations side by side, few at a time for the sake of the user's quota.
func modifyThreads(ctx context.Context, svc *service, ids []string, c change, out *modifyOutput) error {
	var mu sync.Mutex
	var last error
	done := 0
	var g errgroup.Group
	g.SetLimit(8)
	for _, id := range ids {
		g.Go(func() error {
			_, err := svc.Users.Threads.Modify(me, id, &api.ModifyThreadRequest{AddLabelIds: c.add, RemoveLabelIds: c.remove}).Fields("id").Context(ctx).Do()
			mu.Lock()
			defer mu.Unlock()
			if done++; err != nil {
				last = err
				out.Failed = append(out.Failed, id)
			} else {
				out.Changed++
			}
			tool.From(ctx).Progress(done, len(ids), "changing conversations")
			return nil
		})
	}
	_ = g.Wait() // no function returns an error
	slices.Sort(out.Failed)
	if out.Changed == 0 {
		return last
	}
	return nil
}
