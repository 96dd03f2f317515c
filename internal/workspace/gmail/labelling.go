package gmail

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	api "google.golang.org/api/gmail/v1"

	"postern/internal/tool"
)

// change is the ids of labels to add and remove.
type change struct{ add, remove []string }

// changeOf resolves an action. Everything is checked before the first label is made.
func changeOf(ctx context.Context, svc *service, in modifyInput, out *modifyOutput) (change, error) {
	if s, ok := simple[in.Action]; ok {
		if len(in.Add)+len(in.Remove) > 0 {
			return change{}, tool.Errorf("invalid_argument", "add and remove go with action=label")
		}
		out.Undo = s.undo
		return change{s.add, s.remove}, nil
	}
	if len(in.Add)+len(in.Remove) == 0 {
		return change{}, tool.Errorf("invalid_argument", "action=label wants the names of labels in add or remove")
	}
	b, err := fetchLabels(ctx, svc)
	if err != nil {
		return change{}, err
	}
	var c change
	for _, name := range in.Remove {
		id, ok := b.id(name)
		if !ok {
			return c, tool.Errorf("not_found", "there is no label %q: gmail_list_labels shows them", clip(tool.CleanLine(name)))
		}
		c.remove = append(c.remove, id)
	}
	var missing []string
	for _, name := range in.Add {
		if id, ok := b.id(name); ok {
			c.add = append(c.add, id)
		} else if err := checkLabelName(name); err != nil {
			return c, err
		} else {
			missing = append(missing, name)
		}
	}
	for _, id := range slices.Concat(c.add, c.remove) {
		switch {
		case id == "SENT" || id == "DRAFT" || id == "CHAT":
			return c, tool.Errorf("invalid_argument", "Gmail keeps the label %s itself: it cannot be added or removed", id)
		case slices.Contains(c.add, id) && slices.Contains(c.remove, id):
			return c, tool.Errorf("invalid_argument", "the label %q stands in add and in remove", clip(tool.CleanLine(b.names[id])))
		}
	}
	for _, name := range missing {
		id, err := b.make(ctx, svc, name, out)
		if err != nil {
			return c, err
		}
		c.add = append(c.add, id)
	}
	out.Undo = "the same call with add and remove exchanged"
	return c, nil
}

// checkLabelName refuses what Gmail would.
func checkLabelName(name string) error {
	name = strings.TrimSpace(name)
	for element := range strings.SplitSeq(name, "/") {
		if strings.TrimSpace(element) == "" || tool.CleanLine(element) != strings.Join(strings.Fields(element), " ") {
			return tool.Errorf("invalid_argument", "%q is no name of a label: write Clients, or Clients/Acme for one below another", clip(tool.CleanLine(name)))
		}
	}
	return nil
}

// labelBook is the labels of a mailbox.
type labelBook struct {
	names map[string]string // by id
	ids   map[string]string // by name in lower case
}

func fetchLabels(ctx context.Context, svc *service) (*labelBook, error) {
	names, err := labelNames(ctx, svc)
	if err != nil {
		return nil, err
	}
	b := &labelBook{names: names, ids: make(map[string]string, len(names))}
	for id, name := range names {
		b.ids[strings.ToLower(name)] = id
	}
	return b, nil
}

// id returns the id of a label by its name in any case, or by its id.
func (b *labelBook) id(name string) (string, bool) {
	name = strings.TrimSpace(name)
	if _, ok := b.names[name]; ok {
		return name, true
	}
	id, ok := b.ids[strings.ToLower(name)]
	return id, ok
}

// make makes a label, and those above it that are missing: without them Gmail shows "Clients/Acme" as one flat name.
func (b *labelBook) make(ctx context.Context, svc *service, name string, out *modifyOutput) (string, error) {
	name = strings.TrimSpace(name)
	if id, ok := b.id(name); ok {
		return id, nil // named twice, or above another new one
	}
	if i := strings.LastIndex(name, "/"); i > 0 {
		if _, err := b.make(ctx, svc, name[:i], out); err != nil {
			return "", err
		}
	}
	l, err := svc.Users.Labels.Create(me, &api.Label{Name: name, LabelListVisibility: "labelShow", MessageListVisibility: "show"}).Context(ctx).Do()
	if googleCode(err) == http.StatusConflict { // somebody else made it just now
		again, listErr := fetchLabels(ctx, svc)
		if listErr != nil {
			return "", listErr
		}
		*b = *again
		if id, ok := b.id(name); ok {
			return id, nil
		}
	}
	if err != nil {
		return "", fmt.Errorf("making the label %q: %w", clip(tool.CleanLine(name)), err)
	}
	b.names[l.Id], b.ids[strings.ToLower(l.Name)] = l.Name, l.Id
	out.Created = append(out.Created, l.Name)
	return l.Id, nil
}
