package gmail

import (
	"context"
	"fmt"
	"net/http"
	stdmail "net/mail"
	"strings"

	"postern/internal/compose"
	"postern/internal/tool"
)

// sender is an address that the owner may send as.
type sender struct {
	Address   stdmail.Address
	Signature string // HTML
	Default   bool
}

// sendersOf returns the addresses that the profile may send as. Where Google does not tell, it is the profile's own
// alone, and why says so.
func sendersOf(ctx context.Context, svc *service) (out []sender, why string, err error) {
	list, err := svc.Users.Settings.SendAs.List(me).Fields("sendAs(sendAsEmail,displayName,signature,isDefault,isPrimary,verificationStatus)").Context(ctx).Do()
	p := tool.From(ctx).Profile
	switch googleCode(err) {
	case 0:
		if err != nil {
			return nil, "", err
		}
	case http.StatusForbidden, http.StatusBadRequest:
		why = fmt.Sprintf("profile %q was not granted the Google scope gmail.settings.basic, so its other addresses and its signature are not known: the owner can add it with the command: postern profiles refresh %s", p.Name, p.Name)
	default:
		return nil, "", err
	}
	if list != nil {
		for _, a := range list.SendAs {
			if !a.IsPrimary && a.VerificationStatus != "" && a.VerificationStatus != "accepted" {
				continue
			}
			out = append(out, sender{stdmail.Address{Name: a.DisplayName, Address: a.SendAsEmail}, a.Signature, a.IsDefault})
		}
	}
	if len(out) == 0 {
		out = append(out, sender{Address: stdmail.Address{Address: p.Email}, Default: true})
	}
	return out, why, nil
}

// chooseSender sets From: what is asked for, else what the original mail was sent to, else the default.
func (l *letter) chooseSender(in letterInput, senders []sender, why string, o *original) (sender, error) {
	wanted := ""
	switch {
	case in.From != "":
		found, err := compose.Addresses("from", []string{in.From})
		if err != nil {
			return sender{}, invalid(err)
		}
		if len(found) != 1 {
			return sender{}, tool.Errorf("invalid_argument", "argument \"from\" takes one address")
		}
		wanted = found[0].Address
	case l.Mail.From.Address != "":
		wanted = l.Mail.From.Address
	case o != nil:
		wanted = o.sentTo(senders)
	}
	var have []string
	for _, s := range senders {
		have = append(have, s.Address.Address)
		if wanted == "" && s.Default || strings.EqualFold(s.Address.Address, wanted) {
			l.Mail.From = s.Address
			return s, nil
		}
	}
	if wanted == "" {
		l.Mail.From = senders[0].Address
		return senders[0], nil
	}
	if why != "" {
		return sender{}, tool.Errorf("missing_scope", "the mail would be from %q, but %s. Without it, only %s can be used", clip(wanted), why, strings.Join(have, ", "))
	}
	return sender{}, tool.Errorf("invalid_argument", "argument \"from\" is %q, which the owner cannot send as: take one of %s", clip(wanted), strings.Join(have, ", "))
}
