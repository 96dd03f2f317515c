package ui

import (
	"context"
	"fmt"
	"image/color"
	"io"
	"net/url"
	"os"
	"sync"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"

	"postern/internal/activity"
	"postern/internal/approval"
	"postern/internal/bridge"
	"postern/internal/desk"
	"postern/ui/text"
)

// TestMain makes English the language of the tests, wherever they run.
func TestMain(m *testing.M) {
	for _, v := range []string{"LANGUAGE", "LC_ALL", "LANG"} {
		os.Setenv(v, "en_GB.UTF-8")
	}
	if err := text.Load(); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// now is when the tests are.
var now = time.Date(2026, 11, 26, 14, 0, 0, 0, time.UTC)

var _ Bridge = (*bridge.Bridge)(nil) // the real one

// fakeBridge notes what is asked of it, and answers what it is told to.
type fakeBridge struct {
	mu       sync.Mutex
	calls    []string
	err      error // of everything, if it is set
	snapshot desk.Snapshot
	changed  chan struct{}
	steps    []desk.Step
	hold     func(ctx context.Context) error // of a sign-in, before it ends
	remarks  []string
	shared   func(ctx context.Context, what string) error // nil: it goes well
	entries  []activity.Entry
	filters  []activity.Filter
	profiles []approval.Choice
	scopes   []approval.Choice
}

func (b *fakeBridge) note(format string, a ...any) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls = append(b.calls, fmt.Sprintf(format, a...))
	return b.err
}

// taken returns the calls since it was last asked.
func (b *fakeBridge) taken() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	calls := b.calls
	b.calls = nil
	return calls
}

func (b *fakeBridge) Snapshot(context.Context, string) (desk.Snapshot, error) {
	return b.snapshot, b.note("snapshot")
}
func (b *fakeBridge) Changed() <-chan struct{} { return b.changed }
func (b *fakeBridge) Pause() error             { return b.note("pause") }
func (b *fakeBridge) Resume() error            { return b.note("resume") }

// share is what switching it on or off comes to.
func (b *fakeBridge) share(ctx context.Context, what string) error {
	if err := b.note("%s", what); err != nil {
		return err
	}
	if b.shared != nil {
		return b.shared(ctx, what)
	}
	return nil
}
func (b *fakeBridge) ShareOn(ctx context.Context) error  { return b.share(ctx, "share on") }
func (b *fakeBridge) ShareOff(ctx context.Context) error { return b.share(ctx, "share off") }

func (b *fakeBridge) TunnelLogin(_ context.Context, authtoken, domain string) error {
	return b.note("tunnel login %s %s", authtoken, domain)
}

func (b *fakeBridge) Lockdown(context.Context) error { return b.note("lockdown") }
func (b *fakeBridge) Lift(context.Context) error     { return b.note("lift") }
func (b *fakeBridge) OpenPairing(context.Context) (time.Time, error) {
	return now.Add(10 * time.Minute), b.note("open pairing")
}
func (b *fakeBridge) ClosePairing(context.Context) error { return b.note("close pairing") }
func (b *fakeBridge) signIn(ctx context.Context, step func(desk.Step)) error {
	for _, s := range b.steps {
		step(s)
	}
	if b.hold != nil {
		return b.hold(ctx)
	}
	return nil
}
func (b *fakeBridge) AddProfile(ctx context.Context, want desk.SignIn, step func(desk.Step)) (desk.Profile, []string, error) {
	err := b.note("add %s %v %v", want.Name, want.Toolsets, want.ReadOnly)
	if held := b.signIn(ctx, step); err == nil {
		err = held
	}
	return desk.Profile{Name: want.Name, Email: "me@work.example"}, b.remarks, err
}
func (b *fakeBridge) SignInAgain(ctx context.Context, name string, step func(desk.Step)) (desk.Profile, []string, error) {
	err := b.note("again %s", name)
	if held := b.signIn(ctx, step); err == nil {
		err = held
	}
	return desk.Profile{Name: name, Email: "me@work.example"}, b.remarks, err
}
func (b *fakeBridge) RemoveProfile(_ context.Context, name string) (string, error) {
	return "Google could not be told: remove the access at myaccount.google.com", b.note("remove %s", name)
}
func (b *fakeBridge) RenameProfile(_ context.Context, from, to string) error {
	return b.note("rename %s to %s", from, to)
}
func (b *fakeBridge) UseProfile(_ context.Context, name string) error { return b.note("use %s", name) }
func (b *fakeBridge) ImportGoogleClient(_ context.Context, data []byte) (string, string, error) {
	return "42.apps.googleusercontent.com", "", b.note("import %s", data)
}
func (b *fakeBridge) ChangeGrant(_ context.Context, id string, t approval.Terms) error {
	return b.note("change %s: %v %v until %s", id, t.Profiles, t.Scopes, t.Expires.Format(time.DateOnly))
}
func (b *fakeBridge) GrantChoices(context.Context) ([]approval.Choice, []approval.Choice, error) {
	return b.profiles, b.scopes, nil
}
func (b *fakeBridge) Toolsets() []desk.Choice {
	return []desk.Choice{{ID: "gmail", Title: "Gmail"}, {ID: "calendar", Title: "Calendar"}, {ID: "drive", Title: "Drive"}}
}
func (b *fakeBridge) SetSetting(_ context.Context, name, value string) error {
	return b.note("set %s to %q", name, value)
}
func (b *fakeBridge) Activity(_ context.Context, f activity.Filter) ([]activity.Entry, error) {
	b.filters = append(b.filters, f)
	return b.entries, b.err
}
func (b *fakeBridge) ExportActivity(_ context.Context, w io.Writer, f activity.Filter, format string) error {
	fmt.Fprint(w, "exported")
	return b.note("export %s %q %d", format, f.Client, f.Limit)
}
func (b *fakeBridge) UseEncryptedFile(context.Context) error { return b.note("use an encrypted file") }
func (b *fakeBridge) ClearActivity(context.Context) error    { return b.note("clear") }
func (b *fakeBridge) RevokeClient(_ context.Context, id, reason string) (int, error) {
	return 2, b.note("revoke client %s: %s", id, reason)
}
func (b *fakeBridge) BlockClient(_ context.Context, id string) error { return b.note("block %s", id) }
func (b *fakeBridge) UnblockClient(_ context.Context, id string) error {
	return b.note("unblock %s", id)
}
func (b *fakeBridge) RevokeGrant(_ context.Context, id, reason string) error {
	return b.note("revoke %s: %s", id, reason)
}
func (b *fakeBridge) MakePairingCode(_ context.Context, profiles, scopes []string, expires time.Time) (desk.PairingCode, error) {
	return desk.PairingCode{Code: "ABCD-EFGH", Until: now.Add(10 * time.Minute)}, b.note("code %v %v until %s", profiles, scopes, expires.Format(time.DateOnly))
}
func (b *fakeBridge) Answer(_ context.Context, id string, a approval.Answer) error {
	return b.note("answer %s %v", id, a.Approved)
}

func (b *fakeBridge) Revise(_ context.Context, id string, changes map[string]string) error {
	return b.note("revise %s %v", id, changes)
}

// fakeQuestions notes what is put to the owner.
type fakeQuestions struct {
	loud, reviewed []approval.Request
	closed         bool
}

func (q *fakeQuestions) Update(loud []approval.Request) { q.loud = loud }
func (q *fakeQuestions) Review(all []approval.Request)  { q.reviewed = all }
func (q *fakeQuestions) Close()                         { q.closed = true }

// fakeApps are apps on a computer.
type fakeApps struct {
	all   []desk.App
	err   error // of Apps
	fail  map[string]error
	calls []string
}

func (f *fakeApps) Apps(context.Context) ([]desk.App, error) {
	return append([]desk.App{}, f.all...), f.err
}
func (f *fakeApps) ConnectApp(_ context.Context, id string, replace bool) error {
	f.calls = append(f.calls, fmt.Sprintf("connect %s %v", id, replace))
	return f.set(id, true)
}
func (f *fakeApps) DisconnectApp(_ context.Context, id string) error {
	f.calls = append(f.calls, "disconnect "+id)
	return f.set(id, false)
}
func (f *fakeApps) set(id string, connected bool) error {
	for i := range f.all {
		if f.all[i].ID == id && f.fail[id] == nil {
			f.all[i].Connected, f.all[i].Old = connected, ""
		}
	}
	return f.fail[id]
}

// fakeAutostart is a desktop that starts apps.
type fakeAutostart struct {
	on  bool
	err error
}

func (a *fakeAutostart) Autostart() (bool, error) { return a.on, nil }
func (a *fakeAutostart) SetAutostart(on bool) error {
	if a.err == nil {
		a.on = on
	}
	return a.err
}

// variant is the app's look, light or dark whatever the desktop is. The font, if it is not nil, is used for everything: a
// picture then needs none of the machine's.
type variant struct {
	fyne.Theme
	of   fyne.ThemeVariant
	font fyne.Resource
}

func (v variant) Font(s fyne.TextStyle) fyne.Resource {
	if v.font != nil {
		return v.font
	}
	return v.Theme.Font(s)
}

func (v variant) Color(n fyne.ThemeColorName, _ fyne.ThemeVariant) color.Color {
	return v.Theme.Color(n, v.of)
}

// stage is an app under test: nothing of it runs by itself.
type stage struct {
	*App
	bridge    *fakeBridge
	questions *fakeQuestions
	autostart *fakeAutostart
	apps      *fakeApps
	opened    []string
	quitted   bool
	retried   int
	late      []func() // what would happen after a while
}

func newStage(t *testing.T, s desk.Snapshot) *stage {
	t.Helper()
	return newStageIn(t, s, variant{Look(), theme.VariantLight, nil})
}

// newStageIn is newStage in a look.
func newStageIn(t *testing.T, s desk.Snapshot, look fyne.Theme) *stage {
	t.Helper()
	fyneApp := test.NewTempApp(t)
	st := &stage{bridge: &fakeBridge{snapshot: s, changed: make(chan struct{})}, questions: &fakeQuestions{}, autostart: &fakeAutostart{}, apps: &fakeApps{all: installed()}}
	st.App = New(Config{
		Fyne: fyneApp, Bridge: st.bridge, Questions: st.questions, Autostart: st.autostart, Apps: st.apps, Version: "0.1.0", TrayHost: true,
		Command: "/usr/bin/postern",
		Icons:   Icons{Idle: theme.HomeIcon(), Shared: theme.UploadIcon(), Waiting: theme.QuestionIcon(), Trouble: theme.ErrorIcon()},
		OpenURL: func(u *url.URL) error { st.opened = append(st.opened, u.String()); return nil },
		Quit:    func() { st.quitted = true },
		Retry:   func() { st.retried++ },
		Now:     func() time.Time { return now },
		Do:      func(f func()) { f() },
	})
	fyneApp.Settings().SetTheme(look) // New follows the desktop
	st.work.spawn = func(f func()) { f() }
	st.work.after = func(_ time.Duration, f func()) { st.late = append(st.late, f) }
	st.draw(s)
	t.Cleanup(st.win().Close)
	return st
}
