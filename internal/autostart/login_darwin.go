package autostart

import "path/filepath"

func (l Login) path() (string, error) {
	home, err := l.home()
	return filepath.Join(home, "Library", "LaunchAgents", ID+".plist"), err
}

func (l Login) write(program string) error {
	path, err := l.path()
	if err != nil {
		return err
	}
	return writeFile(path, launchAgent(program))
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
	return entry == launchAgent(program), err
}
