package gmail

import (
	"fmt"
	"slices"
	"strings"

	api "google.golang.org/api/gmail/v1"

	"postern/internal/fakegoogle"
)

func listLabels(c *call) (any, error) {
	return &api.ListLabelsResponse{Labels: c.box.labels}, nil
}

func (c *call) label() (*api.Label, error) {
	if l := c.box.label(c.PathValue("id")); l != nil {
		return l, nil
	}
	return nil, fakegoogle.NotFound()
}

func getLabel(c *call) (any, error) {
	l, err := c.label()
	if err != nil {
		return nil, err
	}
	return c.box.counted(l), nil
}

func createLabel(c *call) (any, error) {
	var in api.Label
	if err := c.body(&in); err != nil {
		return nil, err
	}
	if err := c.box.checkLabelName(in.Name, nil); err != nil {
		return nil, err
	}
	l := c.box.newLabel(in.Name)
	if in.LabelListVisibility != "" {
		l.LabelListVisibility = in.LabelListVisibility
	}
	if in.MessageListVisibility != "" {
		l.MessageListVisibility = in.MessageListVisibility
	}
	l.Color = in.Color
	return l, nil
}

func updateLabel(c *call) (any, error) {
	l, err := c.label()
	if err != nil {
		return nil, err
	}
	if l.Type == "system" {
		return nil, fakegoogle.Invalid("Invalid update request")
	}
	var in api.Label
	if err := c.body(&in); err != nil {
		return nil, err
	}
	if in.Name != "" {
		if err := c.box.checkLabelName(in.Name, l); err != nil {
			return nil, err
		}
		l.Name = in.Name
	}
	if in.LabelListVisibility != "" {
		l.LabelListVisibility = in.LabelListVisibility
	}
	return l, nil
}

func deleteLabel(c *call) (any, error) {
	l, err := c.label()
	if err != nil {
		return nil, err
	}
	if l.Type == "system" {
		return nil, fakegoogle.Invalid("Invalid delete request")
	}
	c.box.labels = slices.DeleteFunc(c.box.labels, func(x *api.Label) bool { return x == l })
	for _, m := range c.box.messages {
		if m.remove(l.Id) {
			c.box.touch(m)
		}
	}
	return nil, nil
}

func listSendAs(c *call) (any, error) { return &api.ListSendAsResponse{SendAs: c.box.sendAs}, nil }

func getSendAs(c *call) (any, error) {
	for _, a := range c.box.sendAs {
		if strings.EqualFold(a.SendAsEmail, c.PathValue("sendAsEmail")) {
			return a, nil
		}
	}
	return nil, fakegoogle.NotFound()
}

func listFilters(c *call) (any, error) { return &api.ListFiltersResponse{Filter: c.box.filters}, nil }

func createFilter(c *call) (any, error) {
	var in api.Filter
	if err := c.body(&in); err != nil {
		return nil, err
	}
	if in.Criteria == nil || in.Action == nil {
		return nil, fakegoogle.Invalid("Filter doesn't have any criteria or action")
	}
	in.Id = fmt.Sprintf("ANe1Bm%d", c.box.number())
	c.box.filters = append(c.box.filters, &in)
	return &in, nil
}

func deleteFilter(c *call) (any, error) {
	before := len(c.box.filters)
	c.box.filters = slices.DeleteFunc(c.box.filters, func(f *api.Filter) bool { return f.Id == c.PathValue("id") })
	if len(c.box.filters) == before {
		return nil, fakegoogle.NotFound()
	}
	return nil, nil
}

func getVacation(c *call) (any, error) { return &c.box.vacation, nil }

func updateVacation(c *call) (any, error) {
	var in api.VacationSettings
	if err := c.body(&in); err != nil {
		return nil, err
	}
	c.box.vacation = in
	return &in, nil
}
