package gmail

import (
	"slices"

	api "google.golang.org/api/gmail/v1"

	"postern/internal/fakegoogle"
)

// draft returns the draft with that id.
func (c *call) draft(id string) (*draft, error) {
	for _, d := range c.box.drafts {
		if d.id == id {
			return d, nil
		}
	}
	return nil, fakegoogle.NotFound()
}

func (d *draft) brief() *api.Draft {
	m := d.message
	return &api.Draft{Id: d.id, Message: &api.Message{Id: hexID(m.id), ThreadId: hexID(m.thread.id), LabelIds: m.labels}}
}

func listDrafts(c *call) (any, error) {
	found, err := c.found()
	if err != nil {
		return nil, err
	}
	var drafts []*draft
	for _, m := range found {
		if i := slices.IndexFunc(c.box.drafts, func(d *draft) bool { return d.message == m }); i >= 0 {
			drafts = append(drafts, c.box.drafts[i])
		}
	}
	from, to, next, err := c.page(len(drafts))
	if err != nil {
		return nil, err
	}
	out := &api.ListDraftsResponse{NextPageToken: next, ResultSizeEstimate: int64(len(drafts)), ForceSendFields: []string{"ResultSizeEstimate"}}
	for _, d := range drafts[from:to] {
		out.Drafts = append(out.Drafts, &api.Draft{Id: d.id, Message: &api.Message{Id: hexID(d.message.id), ThreadId: hexID(d.message.thread.id)}})
	}
	return out, nil
}

func getDraft(c *call) (any, error) {
	d, err := c.draft(c.PathValue("id"))
	if err != nil {
		return nil, err
	}
	m, err := c.render(d.message, true)
	if err != nil {
		return nil, err
	}
	return &api.Draft{Id: d.id, Message: m}, nil
}

// written reads a draft from a request: its mail and the thread that it is to be in.
func (c *call) written() (in api.Draft, m *message, thread string, err error) {
	if err := c.body(&in); err != nil {
		return in, nil, "", err
	}
	if in.Message == nil {
		in.Message = &api.Message{}
	}
	id := c.PathValue("id")
	m, err = c.uploaded(in.Message)
	c.SetPathValue("id", id)
	return in, m, in.Message.ThreadId, err
}

func createDraft(c *call) (any, error) {
	_, m, thread, err := c.written()
	if err != nil {
		return nil, err
	}
	return c.box.saveDraft("", m, thread, c.server.now()).brief(), nil
}

func updateDraft(c *call) (any, error) {
	if _, err := c.draft(c.PathValue("id")); err != nil {
		return nil, err
	}
	_, m, thread, err := c.written()
	if err != nil {
		return nil, err
	}
	return c.box.saveDraft(c.PathValue("id"), m, thread, c.server.now()).brief(), nil
}

// sendDraft sends a draft as it is, or as the request has it, and deletes it.
func sendDraft(c *call) (any, error) {
	var in api.Draft
	if err := c.body(&in); err != nil {
		return nil, err
	}
	d, err := c.draft(in.Id)
	if err != nil {
		return nil, err
	}
	m := &message{raw: d.message.raw}
	if c.Media != nil || in.Message != nil && in.Message.Raw != "" {
		if m, err = c.uploaded(in.Message); err != nil {
			return nil, err
		}
	}
	thread := ""
	if len(d.message.thread.messages) > 1 {
		thread = hexID(d.message.thread.id)
	}
	if m, err = c.deliver(m, thread); err != nil {
		return nil, err
	}
	c.box.drop(d.message)
	c.box.drafts = slices.DeleteFunc(c.box.drafts, func(x *draft) bool { return x == d })
	return &api.Message{Id: hexID(m.id), ThreadId: hexID(m.thread.id), LabelIds: m.labels}, nil
}

func deleteDraft(c *call) (any, error) {
	d, err := c.draft(c.PathValue("id"))
	if err != nil {
		return nil, err
	}
	c.box.drop(d.message)
	c.box.drafts = slices.DeleteFunc(c.box.drafts, func(x *draft) bool { return x == d })
	return nil, nil
}
