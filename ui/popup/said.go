package popup

import (
	"slices"

	"postern/internal/approval"
	"postern/internal/tool"
	"postern/ui/text"
)

// What tools and the server say, for which the window has words of its own. A key that is not here is not looked up: it
// may be a newer tool's, and what is said then is its English.
var (
	sentences = []string{
		"mail.send", "mail.send.many", "mail.alike", "mail.alike.own", "mail.alphabets", "mail.punycode", "mail.alias",
		"mail.outside", "mail.first", "mail.unchecked", "mail.list", "mail.many", "mail.all", "mail.bcc",
		"mail.no_attachment", "mail.pictures", "mail.picture", "mail.no_subject", "mail.partly", "mail.no_signature", "draft.unchecked",
		"draft.hidden", "draft.partly", "draft.twofold", "mark.first", "mark.outside", "mark.alike", "writes",
		"connect.lookalike", "connect.loopback", "connect.unknown", "connect.dynamic",
	}
	names     = []string{"Tried", "With", "From", "To", "Cc", "Bcc", "Subject", "Attachment"} // of fields
	otherwise = []string{"draft"}                                                             // what may be done instead
)

// scopeTitle is what a scope allows, in plain words.
func scopeTitle(s approval.Choice) string {
	if slices.Contains(tool.Scopes(), tool.Scope(s.ID)) {
		return text.T("popup.scope." + s.ID)
	}
	return line(s.Title, maxName)
}

// insteadTitle is what may be done instead, in plain words.
func insteadTitle(one approval.Choice) string {
	if slices.Contains(otherwise, one.ID) {
		return text.T("popup.instead." + one.ID)
	}
	return line(one.Title, 40)
}

// title is what would happen, in one sentence.
func title(r approval.Request) string {
	if r.Preview.Says.English != "" {
		return said(r.Preview.Says)
	}
	return r.Preview.Title
}

// said is a sentence in the owner's language, if the window has words for it, and else in English. The values are as they
// came: what is made of them is still to be cleaned.
func said(t approval.Text) string {
	if !slices.Contains(sentences, t.Key) {
		return t.English
	}
	values := text.Values{}
	for name, v := range t.Values {
		values[name] = v
	}
	return text.T("popup.said."+t.Key, values)
}

// fieldTitle names a line of a preview.
func fieldTitle(name string) string {
	if slices.Contains(names, name) {
		return text.T("popup.field." + name)
	}
	return line(name, maxName)
}
