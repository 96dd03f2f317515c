package gmail

import (
	"context"
	"slices"
	"strings"
	"time"

	api "google.golang.org/api/gmail/v1"

	"postern/internal/tool"
)

// header returns the first value of a field of a message that was fetched with its header.
func header(p *api.MessagePart, name string) string {
	if p == nil {
		return ""
	}
	for _, h := range p.Headers {
		if strings.EqualFold(h.Name, name) {
			return h.Value
		}
	}
	return ""
}

// moment writes a time for people, in the zone of the owner's computer.
func moment(ctx context.Context, ms int64) string {
	if ms == 0 {
		return ""
	}
	return time.UnixMilli(ms).In(tool.From(ctx).Now.Location()).Format("2006-01-02 15:04")
}

// shownLabels are the labels that say something to a reader, by name, the states first.
func shownLabels(ids []string, names map[string]string) []string {
	out := []string{}
	for _, id := range ids {
		switch id {
		case "CATEGORY_PERSONAL", "CHAT":
			continue
		}
		name := names[id]
		if name == "" {
			name = id
		}
		if strings.HasPrefix(id, "CATEGORY_") {
			name = "category:" + strings.ToLower(strings.TrimPrefix(id, "CATEGORY_"))
		}
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}
