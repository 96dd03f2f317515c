package gmail

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	api "google.golang.org/api/gmail/v1"
	"google.golang.org/api/option"

	"postern/internal/tool"
)

// labelNames returns the name of every label by its id.
func labelNames(ctx context.Context, svc *service) (map[string]string, error) {
	list, err := svc.Users.Labels.List(me).Fields("labels(id,name)").Context(ctx).Do()
	if err != nil {
		return nil, err
	}
	names := make(map[string]string, len(list.Labels))
	for _, l := range list.Labels {
		names[l.Id] = l.Name
	}
	return names, nil
}

type labelsInput struct{}

type labelsOutput struct {
	Labels []labelRow `json:"labels"`
}

type labelRow struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Unread int64  `json:"unread"`
	Total  int64  `json:"total"`
	System bool   `json:"system,omitempty"`
}

// listLabels lists, then gets each label's numbers in a batch: Gmail gives those for single labels only.
func listLabels(ctx context.Context, svc *service, _ labelsInput) (labelsOutput, error) {
	list, err := svc.Users.Labels.List(me).Fields("labels(id,name,type)").Context(ctx).Do()
	if err != nil {
		return labelsOutput{}, err
	}
	labels := slices.DeleteFunc(list.Labels, func(l *api.Label) bool { return l.Id == "CHAT" })
	paths := make([]string, len(labels))
	counted := make([]*api.Label, len(labels))
	for i, l := range labels {
		paths[i] = "/gmail/v1/users/me/labels/" + url.PathEscape(l.Id) + "?fields=messagesTotal,messagesUnread&prettyPrint=false"
		counted[i] = &api.Label{}
	}
	if err := batchGet(ctx, svc, paths, func(i int) any { return counted[i] }, func(i int, _ error) { counted[i] = &api.Label{MessagesTotal: -1} }); err != nil {
		return labelsOutput{}, err
	}
	out := labelsOutput{Labels: []labelRow{}}
	for i, l := range labels {
		out.Labels = append(out.Labels, labelRow{l.Id, l.Name, counted[i].MessagesUnread, counted[i].MessagesTotal, l.Type == "system"})
	}
	slices.SortFunc(out.Labels, func(a, b labelRow) int {
		if a.System != b.System {
			if a.System {
				return -1
			}
			return 1
		}
		return cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	return out, nil
}

// Markdown lists the labels, one line each.
func (o labelsOutput) Markdown() string {
	var list strings.Builder
	for _, l := range o.Labels {
		fmt.Fprintf(&list, "- %s", tool.CleanLine(l.Name))
		if !l.System {
			fmt.Fprintf(&list, " (id:%s)", l.ID)
		}
		if l.Total >= 0 {
			fmt.Fprintf(&list, ": %d unread of %d", l.Unread, l.Total)
		}
		list.WriteByte('\n')
	}
	return tool.Fence("gmail labels", list.String())
}

// LabelNames returns the names of the labels of the mailbox that client acts for, sorted without regard to case.
func LabelNames(ctx context.Context, client *http.Client) ([]string, error) {
	svc, err := open(ctx, option.WithHTTPClient(client))
	if err != nil {
		return nil, err
	}
	byID, err := labelNames(ctx, svc)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(byID))
	for _, n := range byID {
		names = append(names, n)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Compare(strings.ToLower(a), strings.ToLower(b)) })
	return names, nil
}
