package ui

import (
	"context"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"postern/internal/activity"
	"postern/internal/desk"
	"postern/ui/text"
)

// longestRecord is how many entries the page shows; an export has all.
const longestRecord = 500

// activityView is the page of what clients did, live and by what the owner looks for.
type activityView struct {
	w                 *window
	bridge            Records
	root              fyne.CanvasObject
	client, tool      *widget.SelectEntry
	profile, outcome  *widget.Select
	list              *widget.List
	empty             *widget.Label
	records           []record
	newest            int64 // of the snapshot that was last looked at
	asked             int   // how often was looked; an answer that comes late counts for nothing
	looked            bool  // at least once
	profiles, clients []string
}

func newActivity(w *window) *activityView {
	v := &activityView{w: w, bridge: w.app.config.Bridge, empty: paragraph("")}
	v.empty.Alignment, v.empty.Importance = fyne.TextAlignCenter, widget.LowImportance
	v.list = widget.NewList(func() int { return len(v.records) }, func() fyne.CanvasObject { return newRecordRow() }, func(i widget.ListItemID, o fyne.CanvasObject) {
		o.(*recordRow).line.set(v.records[i])
	})
	v.list.OnSelected = func(i widget.ListItemID) { v.list.Unselect(i) }
	look := func(string) { v.look() }
	v.client, v.tool = widget.NewSelectEntry(nil), widget.NewSelectEntry(nil)
	v.client.SetPlaceHolder(text.T("activity.any_client"))
	v.tool.SetPlaceHolder(text.T("activity.any_tool"))
	v.profile = widget.NewSelect([]string{text.T("activity.any_profile")}, nil)
	v.outcome = widget.NewSelect(append([]string{text.T("activity.any_outcome")}, outcomes()...), nil)
	v.profile.SetSelectedIndex(0)
	v.outcome.SetSelectedIndex(0)
	v.client.OnChanged, v.tool.OnChanged, v.profile.OnChanged, v.outcome.OnChanged = look, look, look, look
	filter := container.NewGridWithColumns(4, v.client, v.profile, v.tool, v.outcome)
	what := line(text.T("activity.what"))
	what.Importance = widget.LowImportance
	actions := container.NewHBox(newButton(text.T("activity.export"), theme.DocumentSaveIcon(), v.export), newButton(text.T("activity.clear"), theme.DeleteIcon(), v.clear))
	v.root = container.NewBorder(container.NewPadded(container.NewVBox(container.NewBorder(nil, nil, nil, middle(actions), heading(text.T("window.activity"))),
		what, filter)), nil, nil, nil, container.NewStack(v.list, container.NewPadded(container.NewVBox(v.empty))))
	return v
}

// order is that of the outcomes in the filter.
var order = []activity.Outcome{activity.OK, activity.Failed, activity.Denied, activity.Pending, activity.Expired, activity.Cancelled}

func outcomes() []string {
	words := make([]string, len(order))
	for i, o := range order {
		words[i] = outcomeWord(o)
	}
	return words
}

func (v *activityView) content() fyne.CanvasObject { return v.root }

func (v *activityView) update(s desk.Snapshot) {
	profiles := []string{text.T("activity.any_profile")}
	for _, p := range s.Profiles {
		profiles = append(profiles, name(p.Name))
	}
	if !slices.Equal(profiles, v.profiles) {
		v.profiles = profiles
		v.profile.SetOptions(profiles)
	}
	var clients []string
	for _, c := range s.Clients {
		if n := name(c.Name); !slices.Contains(clients, n) {
			clients = append(clients, n)
		}
	}
	if !slices.Equal(clients, v.clients) {
		v.clients = clients
		v.client.SetOptions(clients)
	}
	newest := int64(-1)
	if len(s.Recent) > 0 {
		newest = s.Recent[0].Seq
	}
	if newest != v.newest || !v.looked {
		v.newest = newest
		v.look()
	}
}

// filter is what the owner looks for.
func (v *activityView) filter() activity.Filter {
	f := activity.Filter{Client: v.client.Text, Tool: v.tool.Text, Limit: longestRecord}
	if i := v.profile.SelectedIndex(); i > 0 {
		f.Profile = v.profile.Selected
	}
	if i := v.outcome.SelectedIndex(); i > 0 {
		f.Outcome = order[i-1]
	}
	return f
}

// look reads the record anew.
func (v *activityView) look() {
	f := v.filter()
	v.looked = true
	v.asked++
	mine := v.asked
	var entries []activity.Entry
	v.w.app.work.run(text.T("activity.reading"), func(ctx context.Context) (err error) {
		entries, err = v.bridge.Activity(ctx, f)
		return err
	}, func() {
		if mine == v.asked {
			v.showRecords(entries, f)
		}
	})
}

func (v *activityView) showRecords(entries []activity.Entry, f activity.Filter) {
	now := v.w.app.config.Now()
	v.records = v.records[:0]
	tools := []string{}
	for _, e := range entries {
		v.records = append(v.records, recordOf(e, now))
		if t := plain(e.Tool, longestName); t != "" && !slices.Contains(tools, t) {
			tools = append(tools, t)
		}
	}
	if f.Tool == "" {
		slices.Sort(tools)
		v.tool.SetOptions(tools)
	}
	f.Limit = 0
	switch {
	case len(entries) > 0:
		v.empty.SetText("")
	case f == activity.Filter{}:
		v.empty.SetText(text.T("window.no_recent"))
	default:
		v.empty.SetText(text.T("activity.nothing_found"))
	}
	v.list.Refresh()
}

// export writes what is looked for into a file.
func (v *activityView) export() {
	d := dialog.NewFileSave(func(out fyne.URIWriteCloser, err error) {
		switch {
		case err != nil:
			v.w.app.work.fail(text.T("activity.exporting"), err)
		case out != nil:
			v.exportTo(out)
		}
	}, v.w)
	d.SetFileName("postern-activity.csv")
	d.Show() // first: until then Fyne's dialog has no size to look at, and panics
	d.Resize(v.w.Canvas().Size())
}

func (v *activityView) exportTo(out fyne.URIWriteCloser) {
	f, format := v.filter(), "csv"
	f.Limit = 0
	if out.URI().Extension() == ".json" {
		format = "json"
	}
	v.w.app.work.run(text.T("activity.exporting"), func(ctx context.Context) error {
		err := v.bridge.ExportActivity(ctx, out, f, format)
		if closing := out.Close(); err == nil {
			err = closing
		}
		return err
	}, func() { v.w.app.work.news(text.T("activity.exported"), plain(out.URI().Path(), longestLine)) })
}

// clear forgets the record, once the owner has confirmed it.
func (v *activityView) clear() {
	confirm(v.w, text.T("activity.clear_title"), text.T("activity.clear_text"), text.T("activity.clear_do"), func() {
		v.w.app.work.run(text.T("activity.clearing"), v.bridge.ClearActivity, v.look)
	})
}

// recordRow is a record in the list.
type recordRow struct {
	widget.BaseWidget
	line *recordLine
}

func newRecordRow() *recordRow {
	r := &recordRow{line: newRecordLine()}
	r.ExtendBaseWidget(r)
	return r
}

// CreateRenderer is for Fyne.
func (r *recordRow) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(r.line.box) }
