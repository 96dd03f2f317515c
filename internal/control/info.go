package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Info says where the running bridge is. It lies in the state directory and holds no secret.
type Info struct {
	PID     int       `json:"pid"` // Listen sets it
	Started time.Time `json:"started"`
	URL     string    `json:"url"` // where /mcp is served, "" if nowhere
	Version string    `json:"version"`
	Socket  string    `json:"socket"` // where the control socket is; Listen sets it
}

// RunningError says that another bridge has the state directory.
type RunningError struct {
	Info Info // zero for a bridge that is just starting or ending
}

// Error names the other bridge's process and URL.
func (e *RunningError) Error() string {
	if e.Info.PID == 0 {
		return "a bridge is just starting or ending in this state directory: try again"
	}
	where := "not serving over HTTP"
	if e.Info.URL != "" {
		where = "serving " + clip(e.Info.URL)
	}
	return fmt.Sprintf("a bridge runs in this state directory already: process %d, %s; stop it first, or choose another directory with POSTERN_HOME",
		e.Info.PID, where)
}

// maxInfo is far above what an Info takes, in bytes.
const maxInfo = 64 << 10

// readInfo returns what the bridge of a state directory wrote, which may be of one that was killed. It returns the zero
// Info if there is none, or nothing that can be read: then it is only not known where the bridge is.
func readInfo(dir string) Info {
	f, err := os.Open(filepath.Join(dir, infoName))
	if err != nil {
		return Info{}
	}
	defer f.Close()
	var info Info
	if json.NewDecoder(io.LimitReader(f, maxInfo)).Decode(&info) != nil {
		return Info{}
	}
	return info
}

// writeInfo replaces the file in one step, so that nobody reads half of it.
func writeInfo(dir string, info Info) error {
	b, err := json.MarshalIndent(info, "", "\t")
	if err != nil {
		return fmt.Errorf("writing where the bridge is: %w", err)
	}
	f, err := os.CreateTemp(dir, infoName+".*") // 0600
	if err != nil {
		return fmt.Errorf("writing where the bridge is: %w", err)
	}
	_, err = f.Write(append(b, '\n'))
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, infoName))
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("writing where the bridge is: %w", err)
	}
	return nil
}

func removeInfo(dir string) error {
	if err := os.Remove(filepath.Join(dir, infoName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing where the bridge is: %w", err)
	}
	return nil
}

// clip shortens what others wrote, for an error.
func clip(s string) string {
	const most = 300
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}
