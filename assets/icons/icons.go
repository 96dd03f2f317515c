// Package icons holds Postern's own artwork: a postern, that is a small side door in a wall, ajar. It is drawn as SVG;
// the PNG files are made from that by scripts/icons.
package icons

import (
	"embed"
	"fmt"
	"runtime"
)

// State is what the icon in the tray says. The badges differ in shape, not only in colour.
type State string

// The states.
const (
	Idle    State = "idle"
	Shared  State = "shared"  // an arrow: reachable from the internet
	Waiting State = "waiting" // a disc with a question mark: someone waits for the owner
	Trouble State = "trouble" // a triangle: something is wrong
)

// States are all of them.
func States() []State { return []State{Idle, Shared, Waiting, Trouble} }

//go:embed app-256.png tray-*-32.png tray-*-48.png template-*.svg
var files embed.FS

// App returns the icon of the app and its windows, a PNG of 256 pixels.
func App() []byte { return read("app-256.png") }

// Tray returns the icon for the tray of this operating system as a PNG: in two tones, for light and dark panels. A host
// gets one picture and scales it: 48 pixels give a sharp 24, and are enough where everything is twice as large.
func Tray(s State) []byte {
	if runtime.GOOS == "windows" {
		return read(fmt.Sprintf("tray-%s-32.png", s))
	}
	return read(fmt.Sprintf("tray-%s-48.png", s))
}

// Template returns the icon for macOS, which colours it itself, as an SVG in black.
func Template(s State) []byte { return read(fmt.Sprintf("template-%s.svg", s)) }

// read panics where a file is not embedded, which a test would have found.
func read(name string) []byte {
	b, err := files.ReadFile(name)
	if err != nil {
		panic(err)
	}
	return b
}
