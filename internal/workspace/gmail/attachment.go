package gmail

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"postern/internal/exchange"
	"postern/internal/extract"
	"postern/internal/mail"
	"postern/internal/tool"
)

// maxImage is the most bytes of an image that is put into an answer.
const maxImage = 4 << 20

type attachmentInput struct {
	ID         string `json:"message_id" jsonschema:"Mail that has it; from gmail_search." maxLen:"2000"`
	Attachment string `json:"attachment" jsonschema:"Its number (#1) or name, from gmail_read_message." maxLen:"500"`
	As         string `json:"as,omitempty" jsonschema:"text, a file handle for other tools and the owner's folder, or image." enum:"text,handle,image" default:"text"`
	tool.Paging
}

type attachmentOutput struct {
	Name  string         `json:"name"`
	MIME  string         `json:"mime"`
	Size  int            `json:"size"`
	Piece string         `json:"text,omitempty"`
	Note  string         `json:"note,omitempty"`
	File  *exchange.File `json:"file,omitempty"`
	Image []byte         `json:"-"`
	local bool
}

func getAttachment(ctx context.Context, svc *service, in attachmentInput) (attachmentOutput, error) {
	id, err := parseID("message_id", in.ID)
	if err != nil {
		return attachmentOutput{}, err
	}
	_, root, err := fetch(ctx, svc, id)
	if err != nil {
		return attachmentOutput{}, notFound(err, "message_id", in.ID)
	}
	a, err := choose(mail.Read(root, mail.Options{}).Attachments, in.Attachment)
	if err != nil {
		return attachmentOutput{}, err
	}
	data := a.Data
	if data == nil && a.ID != "" {
		tool.From(ctx).Progress(0, 1, "fetching "+a.Name)
		if data, err = attachmentData(ctx, svc, id, a.ID); err != nil {
			return attachmentOutput{}, err
		}
	}
	out := attachmentOutput{Name: a.Name, MIME: a.MIME, Size: len(data), local: tool.From(ctx).Client.Local}
	switch in.As {
	case "handle":
		f, err := tool.From(ctx).PutFile(ctx, a.Name, a.MIME, bytes.NewReader(data))
		out.File = &f
		return out, err
	case "image":
		return out, out.asImage(data)
	}
	text, err := tool.From(ctx).Text(ctx, a.Name, a.MIME, data)
	if errors.Is(err, extract.ErrUnsupported) {
		other := "handle"
		if strings.HasPrefix(http.DetectContentType(data), "image/") {
			other = "image"
		}
		return attachmentOutput{}, tool.Errorf("no_text", "no text can be read from %q (%s): call again with as=%s", clip(tool.CleanLine(a.Name)), tool.CleanLine(a.MIME), other)
	}
	if err != nil {
		return attachmentOutput{}, tool.Errorf("unreadable", "reading %q: %s; call again with as=handle to give the owner the file", clip(tool.CleanLine(a.Name)), tool.CleanLine(err.Error()))
	}
	out.Piece, out.Note, err = in.Cut(text)
	return out, err
}

// asImage puts the data into the answer, if it is an image that a model can see.
func (o *attachmentOutput) asImage(data []byte) error {
	kind := http.DetectContentType(data)
	if !slices.Contains([]string{"image/png", "image/jpeg", "image/gif", "image/webp"}, kind) {
		return tool.Errorf("no_image", "%q is no PNG, JPEG, GIF or WebP image: call again with as=text or as=handle", clip(tool.CleanLine(o.Name)))
	}
	if len(data) > maxImage {
		return tool.Errorf("too_large", "the image has %s, the most that is shown is %s: call again with as=handle", bytesText(len(data)), bytesText(maxImage))
	}
	o.MIME, o.Image = kind, data
	return nil
}

// choose finds an attachment by number or name.
func choose(all []mail.Attachment, which string) (mail.Attachment, error) {
	w := strings.TrimSpace(which)
	if n, err := strconv.Atoi(strings.TrimPrefix(w, "#")); err == nil && n >= 1 && n <= len(all) {
		return all[n-1], nil
	}
	for _, a := range all {
		if strings.EqualFold(tool.CleanLine(a.Name), w) || a.Name == which {
			return a, nil
		}
	}
	var has []string
	for _, a := range all {
		has = append(has, fmt.Sprintf("#%d", a.Number))
	}
	if len(has) == 0 {
		return mail.Attachment{}, tool.Errorf("not_found", "this mail has no attachments")
	}
	return mail.Attachment{}, tool.Errorf("not_found", "argument \"attachment\" is %q; the mail has %s: gmail_read_message lists them with their names", clip(tool.CleanLine(which)), strings.Join(has, ", "))
}

// attachmentData fetches what Gmail hands out by attachment id.
func attachmentData(ctx context.Context, svc *service, messageID, attachmentID string) ([]byte, error) {
	body, err := svc.Users.Messages.Attachments.Get(me, messageID, attachmentID).Context(ctx).Do()
	if err != nil {
		return nil, err
	}
	data, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(body.Data, "="))
	if err != nil {
		return nil, fmt.Errorf("decoding an attachment: %w", err)
	}
	return data, nil
}

// Markdown says what the attachment is, and its text.
func (o attachmentOutput) Markdown() string {
	var b strings.Builder
	switch {
	case o.File != nil:
		fmt.Fprintf(&b, "%s (%s, %s)\nhandle: %s\n", tool.Fence("a file name", o.File.Name), tool.CleanLine(o.MIME), bytesText(o.Size), o.File.Handle)
		if o.local {
			fmt.Fprintf(&b, "path: %s\n", o.File.Path)
		}
		return b.String()
	case o.Image != nil:
		return fmt.Sprintf("image, %s, %s", o.MIME, bytesText(o.Size))
	}
	b.WriteString(tool.Fence("an attachment", tool.CleanLine(o.Name)+"\n\n"+o.Piece))
	if o.Note != "" {
		b.WriteString("\n\n" + o.Note)
	}
	return b.String()
}

// Contents is the image, or the file as a resource.
func (o attachmentOutput) Contents() []tool.Content {
	switch {
	case o.Image != nil:
		return []tool.Content{{Image: o.Image, MIME: o.MIME, Name: o.Name}}
	case o.File != nil:
		return []tool.Content{{File: o.File.Handle, MIME: o.MIME, Name: o.File.Name}}
	}
	return nil
}
