//go:build !darwin && !windows

package autostart

import "path/filepath"

// path is the entry's, below the user's own configuration.
func (l Login) path() (string, error) {
	config := l.getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(config) { // the specification wants a relative one ignored
		home, err := l.home()
		if err != nil {
			return "", err
		}
		config = filepath.Join(home, ".config")
	}
	return filepath.Join(config, "autostart", ID+".desktop"), nil
}

func (l Login) write(program string) error {
	path, err := l.path()
	if err != nil {
		return err
	}
	return writeFile(path, desktopEntry(program))
}

func (l Login) remove() error {
	path, err := l.path()
	if err != nil {
		return err
	}
	return removeFile(path)
}

func (l Login) written(program string) (bool, error) {
	path, err := l.path()
	if err != nil {
		return false, err
	}
	entry, err := readFile(path)
	return enabled(entry, program), err
}
