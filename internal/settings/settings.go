// Package settings is what the owner can set: the keys, their defaults, and what each may be.
package settings

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Store keeps what was set.
type Store interface {
	Setting(ctx context.Context, key string) (value string, ok bool, err error)
	Settings(ctx context.Context) (map[string]string, error)
	SetSetting(ctx context.Context, key, value string) error
	DeleteSetting(ctx context.Context, key string) error
}

// Key is one setting.
type Key struct {
	Name    string
	Default string
	Doc     string             // one sentence
	Values  []string           // what it may be; empty if Check decides
	Check   func(string) error // nil if Values decides
	Guards  bool               // it says what the owner is asked about: see approval.MayLoosen
}

var (
	rules = []string{"ask", "allow", "deny"}
	bools = []string{"false", "true"}
)

// Keys returns all settings, by name.
func Keys() []Key {
	return append([]Key{
		{Name: "activity.keep_days", Default: "90", Doc: "Days that the record of calls is kept.", Check: days},
		{Name: "approvals.cli", Default: "false", Doc: "Whether \"postern approvals approve\" works without a terminal.", Values: bools, Guards: true},
		{Name: "approvals.cli_beside_desktop", Default: "false", Doc: "Whether \"postern approvals approve\" works while the desktop app runs. Only its window can switch that on.", Values: bools, Guards: true},
		{Name: "approvals.destructive", Default: "ask", Doc: "What happens to calls that cannot be undone.", Values: rules, Guards: true},
		{Name: "approvals.elicitation", Default: "false", Doc: "Whether local clients may put the question in their own window.", Values: bools, Guards: true},
		{Name: "approvals.outward", Default: "ask", Doc: "What happens to calls that other people see the effect of.", Values: rules, Guards: true},
		{Name: "approvals.write", Default: "allow", Doc: "What happens to calls that change only your own things, reversibly.", Values: []string{"allow", "deny"}, Guards: true},
		{Name: "exchange.folder", Doc: "Folder through which files come in and go out; empty for \"files\" in the state directory.", Check: folder, Guards: true},
		{Name: "http.origins", Doc: "Web pages that may call Postern from a browser, e.g. http://localhost:6274 for the MCP Inspector, separated by commas.", Check: origins, Guards: true},
		{Name: "http.port", Default: "7878", Doc: "Port on this computer where clients over HTTP find Postern, 1024 to 65535. \"postern serve\" takes it at its next start.", Check: port, Guards: true},
		{Name: "log.level", Default: "info", Doc: "What the log on stderr holds.", Values: []string{"debug", "info", "warn", "error"}},
		{Name: "oauth.access", Doc: "How long clients over HTTP get access for at a time, 5m to 24h; empty for 1h, and 12h from outside.", Check: or("", span(5*time.Minute, day)), Guards: true},
		{Name: "oauth.grant", Default: "180d", Doc: "How long a client that is let in may come back, if you do not say: 1d to 3650d, or never for no end.", Check: or(never, span(day, 3650*day)), Guards: true},
		{Name: "oauth.refresh", Default: "30d", Doc: "How long a client over HTTP may stay away before it must be let in anew, 1d to 365d.", Check: span(day, 365*day), Guards: true},
		{Name: "read_only", Default: "false", Doc: "Whether clients are shown only tools that change nothing.", Values: bools, Guards: true},
		{Name: "tier", Default: "core", Doc: "How many tools clients are shown.", Values: []string{"core", "extended", "complete"}},
		{Name: "toolsets", Doc: "Toolsets that clients are shown, separated by commas; empty for all.", Check: toolsets},
	}, tunnelKeys()...)
}

func days(v string) error {
	if n, err := strconv.Atoi(v); err != nil || n < 1 || n > 3650 {
		return fmt.Errorf("want a number of days from 1 to 3650")
	}
	return nil
}

// port is one that a program of the owner's may listen at, and that clients find again: so none that the system would choose.
func port(v string) error {
	if n, err := strconv.Atoi(v); err != nil || n < 1024 || n > 65535 {
		return fmt.Errorf("want a port from 1024 to 65535")
	}
	return nil
}

// folder refuses what would give clients more than files to exchange: above all Postern's own state, with the vault.
func folder(v string) error {
	if v == "" {
		return nil
	}
	if !filepath.IsAbs(v) {
		return fmt.Errorf("want an absolute path, or nothing")
	}
	state := os.Getenv("POSTERN_HOME")
	if config, err := os.UserConfigDir(); err == nil && state == "" {
		state = filepath.Join(config, "postern")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		home = state
	}
	for _, private := range []string{home, state} {
		if abs, err := filepath.Abs(private); err == nil {
			private = abs
		}
		if rel, err := filepath.Rel(v, private); err == nil && filepath.IsLocal(rel) {
			return fmt.Errorf("everything in it could be read and sent by clients, also %s: want a folder for this alone", private)
		}
	}
	if v == filepath.Dir(v) {
		return fmt.Errorf("the whole disk cannot be the exchange folder")
	}
	return nil
}

func toolsets(v string) error {
	for _, name := range SplitList(v) {
		if strings.ContainsFunc(name, func(r rune) bool { return r < 'a' || r > 'z' }) {
			return fmt.Errorf("want names such as gmail,calendar")
		}
	}
	return nil
}

// SplitList splits a list at commas and spaces.
func SplitList(v string) []string {
	return strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == ' ' })
}

// Settings are the values in force.
type Settings struct {
	KeepActivity  time.Duration
	CLI           bool   // approvals.cli
	BesideDesktop bool   // approvals.cli_beside_desktop
	Destructive   string // ask, allow or deny
	Elicitation   bool
	Outward       string
	Write         string
	Origins       []string      // http.origins
	Folder        string        // exchange.folder; "" for the default
	Access        time.Duration // oauth.access; 0 for the default
	Grant         time.Duration // oauth.grant; less than zero for no end
	Refresh       time.Duration // oauth.refresh
	Level         slog.Level
	Port          int // http.port
	ReadOnly      bool
	Tier          string
	Toolsets      []string      // nil for all
	OffAfter      time.Duration // tunnel.off_after; less than zero for never
	Tunnel        Tunnel
}

// Values returns the values in force, by name. A value that is no longer allowed counts as the default.
func Values(ctx context.Context, s Store) (map[string]string, error) {
	set, err := s.Settings(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the settings: %w", err)
	}
	v := map[string]string{}
	for _, k := range Keys() {
		v[k.Name] = k.Default
		if value, ok := set[k.Name]; ok && k.allows(value) == nil {
			v[k.Name] = value
		}
	}
	return v, nil
}

// Load reads the settings.
func Load(ctx context.Context, s Store) (Settings, error) {
	v, err := Values(ctx, s)
	if err != nil {
		return Settings{}, err
	}
	keep, err := strconv.Atoi(v["activity.keep_days"])
	if err != nil {
		return Settings{}, fmt.Errorf("reading activity.keep_days: %w", err)
	}
	port, err := strconv.Atoi(v["http.port"])
	if err != nil {
		return Settings{}, fmt.Errorf("reading http.port: %w", err)
	}
	out := Settings{
		Port:          port,
		OffAfter:      lasting(v["tunnel.off_after"]),
		Tunnel:        tunnelOf(v),
		KeepActivity:  time.Duration(keep) * 24 * time.Hour,
		CLI:           v["approvals.cli"] == "true",
		BesideDesktop: v["approvals.cli_beside_desktop"] == "true",
		Destructive:   v["approvals.destructive"],
		Elicitation:   v["approvals.elicitation"] == "true",
		Outward:       v["approvals.outward"],
		Write:         v["approvals.write"],
		Folder:        v["exchange.folder"],
		Origins:       SplitList(v["http.origins"]),
		Access:        lasting(v["oauth.access"]),
		Grant:         lasting(v["oauth.grant"]),
		Refresh:       lasting(v["oauth.refresh"]),
		ReadOnly:      v["read_only"] == "true",
		Tier:          v["tier"],
	}
	if list := SplitList(v["toolsets"]); len(list) > 0 {
		out.Toolsets = list
	}
	return out, out.Level.UnmarshalText([]byte(v["log.level"]))
}

// Get returns the value in force of a key, and whether it was set. An unknown key is an error that names the nearest.
func Get(ctx context.Context, s Store, name string) (value string, set bool, err error) {
	k, err := Find(name)
	if err != nil {
		return "", false, err
	}
	value, set, err = s.Setting(ctx, k.Name)
	if err == nil && !set {
		value = k.Default
	}
	return value, set, err
}

// Set gives a key a value, after checking both.
func Set(ctx context.Context, s Store, name, value string) error {
	k, err := Find(name)
	if err != nil {
		return err
	}
	value = strings.TrimSpace(value)
	if err := k.allows(value); err != nil {
		return fmt.Errorf("setting %s to %q: %w", k.Name, value, err)
	}
	return s.SetSetting(ctx, k.Name, value)
}

// Find returns the key of that name. The error for an unknown one names those that look like it.
func Find(name string) (Key, error) {
	for _, k := range Keys() {
		if k.Name == name {
			return k, nil
		}
	}
	var near []string
	for _, k := range Keys() {
		_, last, _ := strings.Cut(k.Name, ".")
		if distance(name, k.Name) <= 3 || last != "" && (strings.Contains(name, last) || strings.Contains(last, name)) {
			near = append(near, k.Name)
		}
	}
	if len(near) == 0 || name == "" {
		return Key{}, fmt.Errorf("there is no setting %q: \"postern settings list\" shows them", name)
	}
	return Key{}, fmt.Errorf("there is no setting %q: did you mean %s?", name, strings.Join(near, " or "))
}

func (k Key) allows(value string) error {
	if k.Check != nil {
		return k.Check(value)
	}
	if !slices.Contains(k.Values, value) {
		return fmt.Errorf("want %s", strings.Join(k.Values, ", "))
	}
	return nil
}

// distance is how many letters must be changed, added or taken away to make b of a (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(row[j+1]+1, row[j]+1, cost)
		}
	}
	return row[len(b)]
}
