package approval

import (
	"encoding/json"
	"strings"
)

// Preview is the real thing as other people would see it. Every string may hold text from a client or from outside; a
// face shows it as plain text.
type Preview struct {
	Title    string   `json:"title"`              // one sentence: what will happen
	Says     Text     `json:"says,omitzero"`      // Title, for faces that speak other languages; zero: it is as it is. See Titled
	Fields   []Field  `json:"fields,omitempty"`   // in the order to show them; those of one name that follow each other are a list
	Body     string   `json:"body,omitempty"`     // plain text
	Warnings []Text   `json:"warnings,omitempty"` // what deserves a second look, e.g. an address never written to before
	Changes  []Change `json:"changes,omitempty"`  // what is other than it was asked, or than it is now
	Edits    []Edit   `json:"edits,omitempty"`    // what the owner may change before a yes, see Queue.Revise
	Instead  []Choice `json:"instead,omitempty"`  // what may be done instead, e.g. to keep a mail as a draft: see Answer.Instead
}

// Titled sets the title.
func (p *Preview) Titled(t Text) { p.Title, p.Says = t.English, t }

// Field is one line of a preview, e.g. To: anna@example.com.
type Field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	Alarm bool   `json:"alarm,omitempty"` // it is shown in red: the owner should look twice, e.g. at "anyone with the link"
	Marks []Text `json:"marks,omitempty"` // a few words each on why, e.g. "first time"
}

// Edit is one thing of an action that the owner may change before it is done.
type Edit struct {
	Name  string `json:"name"`            // its key in Queue.Revise
	Title string `json:"title"`           // for people
	Value string `json:"value"`           // as it is now
	Long  bool   `json:"long,omitempty"`  // it has several lines
	Plain bool   `json:"plain,omitempty"` // its formatting is lost if it is changed
}

// Text is a sentence for the owner. Who makes it writes English; a face that has words of its own for Key says those, with
// the values put in. A value is never a key, and what is made of one is cleaned as everything else.
type Text struct {
	English string            `json:"english"`
	Key     string            `json:"key,omitempty"`
	Values  map[string]string `json:"values,omitempty"`
}

// Say returns the sentence of a key. In english a value stands as {name}; values are names and what they stand for in
// turn.
func Say(key, english string, values ...string) Text {
	t := Text{Key: key}
	var pairs []string
	for i := 0; i+1 < len(values); i += 2 {
		if t.Values == nil {
			t.Values = map[string]string{}
		}
		t.Values[values[i]] = values[i+1]
		pairs = append(pairs, "{"+values[i]+"}", values[i+1])
	}
	t.English = strings.NewReplacer(pairs...).Replace(english) // in one go: nothing is put into a value
	return t
}

// String returns the sentence in English.
func (t Text) String() string { return t.English }

// UnmarshalJSON also reads a bare string, as questions of before have them.
func (t *Text) UnmarshalJSON(b []byte) error {
	*t = Text{}
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &t.English)
	}
	type plain Text
	return json.Unmarshal(b, (*plain)(t))
}
