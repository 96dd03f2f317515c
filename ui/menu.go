package ui

import (
	"cmp"
	"slices"

	"fyne.io/fyne/v2"

	"postern/internal/desk"
	"postern/tunnel"
	"postern/ui/text"
)

// State is what the tray icon tells.
type State int

// The states, from the least to the most that the owner must know.
const (
	Idle    State = iota
	Shared        // clients from the internet can reach Postern
	Trouble       // something does not work, or all is locked down
	Waiting       // a request waits for the owner, or the vault for its passphrase
)

// intent is what an entry of the menu is for.
type intent int

const (
	nothing intent = iota
	review
	openWindow
	copyLocal
	copyPublic
	useProfile
	addProfile
	share
	pause
	lockdown
	lift
	openSettings
	quit
)

// entry is one line of the tray menu, in plain data, so that two menus can be compared.
type entry struct {
	Label     string
	Intent    intent
	Arg       string
	Disabled  bool
	Checked   bool
	Separator bool
	Sub       []entry
}

// state is what the icon tells of a snapshot.
func state(s desk.Snapshot) State {
	if len(s.Loud()) > 0 || s.Vault.Asked {
		return Waiting
	}
	return standingState(s)
}

// standingState is how it stands beside what waits.
func standingState(s desk.Snapshot) State {
	switch {
	case s.LockedDown, s.Trouble != "", vaultStops(s), s.Tunnel.Troubled(), slices.ContainsFunc(s.Profiles, mustSignIn):
		return Trouble
	case s.Public != "" && !s.Paused:
		return Shared
	}
	return Idle
}

// vaultStops reports whether clients get no answer for want of the vault. The sample account needs none.
func vaultStops(s desk.Snapshot) bool {
	return s.Vault.Trouble != "" && !(s.Serving && (s.Vault.None || s.Vault.Refused))
}

func mustSignIn(p desk.Profile) bool { return p.State == "must sign in again" }

// stateLine says in one line how the bridge stands.
func stateLine(s desk.Snapshot) string {
	again := slices.IndexFunc(s.Profiles, mustSignIn)
	clients := 0
	for _, c := range s.Clients {
		if !c.Blocked && len(c.Grants) > 0 {
			clients++
		}
	}
	switch {
	case s.LockedDown:
		return text.T("tray.locked_down")
	case s.Trouble != "":
		return text.T("tray.trouble")
	case vaultStops(s) && s.Vault.Refused:
		return text.T("tray.vault_locked")
	case vaultStops(s) && s.Vault.None:
		return text.T("tray.vault_none")
	case vaultStops(s):
		return text.T("tray.vault_trouble")
	case s.Vault.Asked && !s.Serving:
		return text.T("tray.vault_asked")
	case s.Paused:
		return text.T("tray.paused")
	case s.Tunnel.Troubled() && s.Tunnel.Up():
		return text.T("tray.tunnel_unreached")
	case s.Tunnel.Troubled() && s.Tunnel.State != tunnel.Failed:
		return text.T("tray.tunnel_still")
	case s.Tunnel.Troubled():
		return text.T("tray.tunnel_trouble")
	case again >= 0:
		return text.T("tray.sign_in_again", text.Values{"Profile": plain(s.Profiles[again].Name, 30)})
	case !s.Serving:
		return text.T("tray.starting")
	case s.Tunnel.State == tunnel.Connecting:
		return text.T("tray.connecting")
	case s.Tunnel.State == tunnel.Reconnecting:
		return text.T("tray.reconnecting")
	case s.Public != "" && s.Tunnel.NearLimit():
		return text.T("tray.near_limit")
	case s.Public != "" && clients == 0:
		return text.T("tray.shared_none")
	case s.Public != "":
		return text.N("tray.shared", clients)
	case clients == 0:
		return text.T("tray.ready_none")
	}
	return text.N("tray.ready", clients)
}

// menu is the tray menu of a snapshot. It has no counters that run: each change redraws it under the owner's hand.
func menu(s desk.Snapshot) []entry {
	line := entry{Separator: true}
	all := []entry{{Label: stateLine(s), Disabled: true}}
	if n := len(s.Waiting); n > 0 {
		all = append(all, entry{Label: text.N("tray.review", n), Intent: review})
	}
	all = append(all, line, entry{Label: text.T("tray.open"), Intent: openWindow})
	if s.Local != "" {
		all = append(all, entry{Label: text.T("tray.copy_local"), Intent: copyLocal, Arg: s.Local})
	}
	all = append(all, entry{Label: text.T("tray.profiles"), Sub: profilesMenu(s)},
		entry{Label: text.T("tray.share"), Intent: share, Checked: s.Tunnel.On(), Arg: shareArg(s)})
	if s.Public != "" {
		all = append(all, entry{Label: text.T("tray.copy_public"), Intent: copyPublic, Arg: s.Public})
	}
	if s.LockedDown {
		all = append(all, entry{Label: text.T("tray.lift"), Intent: lift})
	} else {
		all = append(all, entry{Label: text.T("tray.pause"), Intent: pause, Checked: s.Paused, Arg: map[bool]string{true: "resume"}[s.Paused]},
			entry{Label: text.T("tray.lockdown"), Intent: lockdown})
	}
	return append(all, line, entry{Label: text.T("tray.settings"), Intent: openSettings}, entry{Label: text.T("tray.quit"), Intent: quit})
}

// shareArg is what the entry of the menu does: "on", "off", or "" to show the page, since something must be done first.
func shareArg(s desk.Snapshot) string {
	switch t := s.Tunnel; {
	case t.On():
		return "off"
	case t.State == "" || t.Needs != "" || s.LockedDown:
		return ""
	}
	return "on"
}

func profilesMenu(s desk.Snapshot) []entry {
	var all []entry
	for _, p := range s.Profiles {
		label := text.T("tray.profile", text.Values{"Name": plain(p.Name, 30), "Email": plain(p.Email, 40)})
		all = append(all, entry{Label: label, Intent: useProfile, Arg: p.Name, Checked: p.Default})
	}
	if len(all) > 0 {
		all = append(all, entry{Separator: true})
	}
	return append(all, entry{Label: text.T("tray.add_profile"), Intent: addProfile})
}

// fyneMenu makes the entries into Fyne's, each of which hands itself to choose.
func fyneMenu(all []entry, choose func(entry)) []*fyne.MenuItem {
	items := make([]*fyne.MenuItem, 0, len(all))
	for _, e := range all {
		if e.Separator {
			items = append(items, fyne.NewMenuItemSeparator())
			continue
		}
		item := fyne.NewMenuItem(e.Label, func() { choose(e) })
		item.Disabled, item.Checked, item.IsQuit = e.Disabled, e.Checked, e.Intent == quit
		if e.Sub != nil {
			item.ChildMenu = fyne.NewMenu("", fyneMenu(e.Sub, choose)...)
		}
		items = append(items, item)
	}
	return items
}

// of returns the picture of a state; an icon that is missing is stood in for by that of Idle.
func (i Icons) of(s State) fyne.Resource {
	return cmp.Or(map[State]fyne.Resource{Shared: i.Shared, Trouble: i.Trouble, Waiting: i.Waiting}[s], i.Idle)
}
