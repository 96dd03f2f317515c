//go:build e2e

package e2e

import (
	"encoding/json"
	"sync"

	"postern/assets"
)

// mail makes the text of mails known.
func (r *record) mail(texts ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range texts {
		r.private.addText("mail text", s)
	}
}

// written makes the text known of a mail that a client writes by a call.
func (r *record) written(args any) {
	if args, ok := args.(map[string]any); ok {
		for _, name := range []string{"subject", "body_md"} {
			if s, ok := args[name].(string); ok {
				r.mail(s)
			}
		}
	}
}

// sampleMail is every text of the sample mailbox.
var sampleMail = sync.OnceValue(func() (texts []string) {
	var walk func(key string, v any)
	walk = func(key string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, v := range v {
				walk(k, v)
			}
		case []any:
			for _, v := range v {
				walk(key, v)
			}
		case string:
			if key == "subject" || key == "text" {
				texts = append(texts, v)
			}
		}
	}
	var box any
	if err := json.Unmarshal(assets.DemoMailbox, &box); err != nil {
		panic(err)
	}
	walk("", box)
	return texts
})
