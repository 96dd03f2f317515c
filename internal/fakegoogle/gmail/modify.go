package gmail

import (
	"slices"

	api "google.golang.org/api/gmail/v1"

	"postern/internal/fakegoogle"
)

// maxBatch is how many messages one batchModify may name.
const maxBatch = 1000

func modifyMessage(c *call) (any, error) {
	var in api.ModifyMessageRequest
	m, err := c.message(c.PathValue("id"))
	if err == nil {
		err = c.body(&in)
	}
	if err == nil {
		err = c.box.change([]*message{m}, in.AddLabelIds, in.RemoveLabelIds)
	}
	if err != nil {
		return nil, err
	}
	return &api.Message{Id: hexID(m.id), ThreadId: hexID(m.thread.id), LabelIds: m.labels}, nil
}

// batchModify passes over ids that it does not know, as Gmail does.
func batchModify(c *call) (any, error) {
	var in api.BatchModifyMessagesRequest
	if err := c.body(&in); err != nil {
		return nil, err
	}
	if len(in.Ids) == 0 {
		return nil, fakegoogle.Invalid("No message ids specified.")
	}
	if len(in.Ids) > maxBatch {
		return nil, fakegoogle.Invalid("Too many message ids specified. Maximum is 1000.")
	}
	var found []*message
	for _, id := range in.Ids {
		m, err := c.message(id)
		var f fakegoogle.Failure
		if err != nil {
			if f, _ = err.(fakegoogle.Failure); f.Code == 404 {
				continue
			}
			return nil, err
		}
		found = append(found, m)
	}
	return nil, c.box.change(found, in.AddLabelIds, in.RemoveLabelIds)
}

func modifyThread(c *call) (any, error) {
	var in api.ModifyThreadRequest
	t, err := c.thread()
	if err == nil {
		err = c.body(&in)
	}
	if err == nil {
		err = c.box.change(t.messages, in.AddLabelIds, in.RemoveLabelIds)
	}
	if err != nil {
		return nil, err
	}
	return t.brief(), nil
}

// brief is the thread as a change of it is answered: ids and labels alone.
func (t *thread) brief() *api.Thread {
	out := &api.Thread{Id: hexID(t.id)}
	for _, m := range t.messages {
		out.Messages = append(out.Messages, &api.Message{Id: hexID(m.id), ThreadId: hexID(t.id), LabelIds: m.labels})
	}
	return out
}

// trash moves messages there, or takes them out again. What comes out of the trash is not in the inbox.
func (b *mailbox) trash(in bool, messages ...*message) {
	for _, m := range messages {
		changed := false
		if in {
			changed = m.add("TRASH")
			changed = m.remove("INBOX", "SPAM") || changed
		} else {
			changed = m.remove("TRASH")
		}
		if changed {
			b.touch(m)
		}
	}
}

func (c *call) trashOne(in bool) (any, error) {
	m, err := c.message(c.PathValue("id"))
	if err != nil {
		return nil, err
	}
	c.box.trash(in, m)
	return &api.Message{Id: hexID(m.id), ThreadId: hexID(m.thread.id), LabelIds: m.labels}, nil
}

func (c *call) trashAll(in bool) (any, error) {
	t, err := c.thread()
	if err != nil {
		return nil, err
	}
	c.box.trash(in, t.messages...)
	return t.brief(), nil
}

func trashMessage(c *call) (any, error)   { return c.trashOne(true) }
func untrashMessage(c *call) (any, error) { return c.trashOne(false) }
func trashThread(c *call) (any, error)    { return c.trashAll(true) }
func untrashThread(c *call) (any, error)  { return c.trashAll(false) }

func deleteMessage(c *call) (any, error) {
	m, err := c.message(c.PathValue("id"))
	if err != nil {
		return nil, err
	}
	c.box.drop(m)
	c.box.drafts = slices.DeleteFunc(c.box.drafts, func(d *draft) bool { return d.message == m })
	return nil, nil
}
