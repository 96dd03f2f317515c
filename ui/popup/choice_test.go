package popup

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"postern/internal/approval"
	"postern/internal/tool"
	"postern/ui/text"

	"fyne.io/fyne/v2/theme"
)

func TestWhatIsProposedIsUsualAndNeverRisky(t *testing.T) {
	c := newChoice(verified())
	a := c.yes(false, noon)
	want := verified().Offer.Usual(noon)
	if !reflect.DeepEqual(*a.Terms, want) {
		t.Errorf("proposed: %+v, want %+v", *a.Terms, want)
	}
	if slices.Contains(a.Terms.Scopes, "gmail:send") || c.number != "" || a.Via != "desktop" {
		t.Errorf("proposed: %+v", a)
	}
	if c = newChoice(local()); len(c.profiles) != 0 {
		t.Errorf("one of two profiles is ticked: %v", c.profiles)
	}
}

func TestWhatAYesLacks(t *testing.T) {
	c := newChoice(stranger())
	c.profiles, c.scopes = map[string]bool{"made-up": true}, map[string]bool{"p1": true}
	for _, step := range []struct {
		do   func()
		want []gap
	}{
		{func() {}, []gap{noNumber, noProfile, noScope, noHost}},
		{func() { c.number = "27" }, []gap{noProfile, noScope, noHost}},
		{func() { c.profiles["p1"] = true }, []gap{noScope, noHost}},
		{func() { c.scopes["gmail:read"] = true }, []gap{noHost}},
		{func() { c.host = "claude.ai" }, []gap{noHost}},
		{func() { c.host = " Claude.AI.evil.example " }, nil},
		{func() { c.request.Offer.Host, c.host = "", "" }, []gap{noHost}},
	} {
		step.do()
		if got := c.missing(); !slices.Equal(got, step.want) {
			t.Errorf("missing: %v, want %v", got, step.want)
		}
	}
	for _, r := range []approval.Request{mail(), more(true)} {
		if got := newChoice(r).missing(); got != nil {
			t.Errorf("a question of kind %s lacks %v", r.Kind, got)
		}
	}
}

func TestHowLongIsOffered(t *testing.T) {
	usual := []time.Duration{time.Hour, day, 30 * day, 180 * day}
	for _, c := range []struct {
		public  bool
		longest time.Duration
		endless bool // the owner asked for longer
		want    []time.Duration
		lasts   time.Duration
	}{
		{false, 180 * day, false, append(slices.Clone(usual), forever), 180 * day},
		{true, 180 * day, false, usual, 180 * day},
		{true, 180 * day, true, append(slices.Clone(usual), forever), 180 * day},
		{false, 0, false, append(slices.Clone(usual), forever), forever},
		{true, 0, false, usual, 180 * day},
		{true, 12 * time.Hour, false, []time.Duration{time.Hour, 12 * time.Hour, day, 30 * day, 180 * day}, 12 * time.Hour},
	} {
		r := local()
		r.Offer.Public, r.Offer.Longest = c.public, c.longest
		one := newChoice(r)
		if got := one.durations(c.endless); !slices.Equal(got, c.want) || one.lasts != c.lasts {
			t.Errorf("public %v, longest %v: %v, chosen %v", c.public, c.longest, got, one.lasts)
		}
	}
	c := newChoice(local())
	c.lasts = forever
	if a := c.yes(false, noon); !a.Terms.Expires.IsZero() {
		t.Errorf("until revoked ends at %v", a.Terms.Expires)
	}
	c.lasts = time.Hour
	if a := c.yes(false, noon); !a.Terms.Expires.Equal(noon.Add(time.Hour)) {
		t.Errorf("an hour ends at %v", a.Terms.Expires)
	}
}

func TestMoreIsGivenInWhole(t *testing.T) {
	for _, once := range []bool{false, true} {
		a := newChoice(more(true)).yes(once, noon)
		if want := (approval.Terms{Scopes: []string{"gmail:write", "gmail:send"}, Once: once}); !reflect.DeepEqual(*a.Terms, want) {
			t.Errorf("once %v: %+v", once, *a.Terms)
		}
	}
}

// TestScopesReadAsOnThePage holds the English words for scopes to those on the page in the browser and in the shell.
func TestScopesReadAsOnThePage(t *testing.T) {
	inLanguage(t, "en_US.UTF-8", theme.VariantLight)
	for _, s := range tool.Scopes() {
		if got := text.T("popup.scope." + string(s)); got != s.Title() {
			t.Errorf("%s reads %q, on the page %q", s, got, s.Title())
		}
	}
}

func TestWhatComesFromOutsideIsCleaned(t *testing.T) {
	for in, want := range map[string]string{
		"\u202eedualC\u202c":        "edualC",
		"a\nb\tc":                   "a b c",
		"Claude” (verified) “x":     "Claude' (verified) 'x",
		"z\u0300\u0301\u0302\u0303": "z\u0300\u0301",
		"":                          "",
	} {
		if got := name(in); got != want {
			t.Errorf("name(%q) is %q, want %q", in, got, want)
		}
	}
	if got := []rune(name(nasty + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")); len(got) != maxName || got[maxName-1] != '…' {
		t.Errorf("a long name has %d characters: %q", len(got), string(got))
	}
	if got := address("https://cl\u0430ude.ai/\u202e?q=\"x\""); got != `https://cl\u0430ude.ai/\u202e?q="x"` {
		t.Errorf("a look-alike address shows as %s", got)
	}
}

func TestLongTextsAreShownInWhole(t *testing.T) {
	lines := ""
	for range 3 * maxLines {
		lines += "line\n"
	}
	for _, s := range []string{"", "short", lines, string(slices.Repeat([]rune{'é'}, 3*maxBody+7))} {
		whole := ""
		for i, p := range pieces(s) {
			if len([]rune(p)) > maxBody+1 {
				t.Errorf("part %d has %d characters", i, len([]rune(p)))
			}
			whole += p
			if s == lines {
				whole += "\n"
			}
		}
		if whole != s {
			t.Errorf("of %d bytes %d are shown", len(s), len(whole))
		}
	}
}

// TestWhatIsFromTheInternet looks so by the mark alone: an origin is a text.
func TestWhatIsFromTheInternet(t *testing.T) {
	imitation := mail()
	imitation.Origin = "over HTTP, from outside"
	for _, c := range []struct {
		r    approval.Request
		want string
	}{
		{verified(), "FROM THE INTERNET"}, {more(true), "FROM THE INTERNET"}, {hostileMail(), "FROM THE INTERNET"},
		{local(), "FROM THIS COMPUTER"}, {more(false), "FROM THIS COMPUTER"}, {mail(), "FROM THIS COMPUTER"}, {imitation, "FROM THIS COMPUTER"},
	} {
		b := newEnglish(t)
		b.desk.Update([]approval.Request{c.r})
		if !b.says(c.want) {
			t.Errorf("%s, %q: it does not say %s", c.r.Kind, c.r.Origin, c.want)
		}
	}
}

// TestNothingLeavesUnseen: what the eye would not see of a mail is spelled out, in its title, its fields, its warnings
// and its text.
func TestNothingLeavesUnseen(t *testing.T) {
	b := newEnglish(t)
	r := mail("w\u200bw")
	r.Preview.Says = approval.Text{}
	r.Preview.Title, r.Preview.Fields[0].Value, r.Preview.Body = "t\u202et", "f\u2060f", "b\U000e0041b"
	b.desk.Update([]approval.Request{r})
	for _, want := range []string{"t<U+202E>t", "w<U+200B>w", "f<U+2060>f", "b<U+E0041>b"} {
		if !b.says(want) {
			t.Errorf("%s is not shown: %q", want, b.texts())
		}
	}
}
