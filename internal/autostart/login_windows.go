package autostart

import (
	"errors"

	"golang.org/x/sys/windows/registry"
)

// run is the key with what starts when the user logs in, value the name of ours in it.
const (
	run   = `Software\Microsoft\Windows\CurrentVersion\Run`
	value = "Postern"
)

func (l Login) write(program string) error {
	key, _, err := registry.CreateKey(registry.CURRENT_USER, run, registry.SET_VALUE)
	if err != nil {
		return err
	}
	return errors.Join(key.SetStringValue(value, runValue(program)), key.Close())
}

func (l Login) remove() error {
	key, err := registry.OpenKey(registry.CURRENT_USER, run, registry.SET_VALUE)
	if errors.Is(err, registry.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err = key.DeleteValue(value); errors.Is(err, registry.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, key.Close())
}

func (l Login) written(program string) (bool, error) {
	key, err := registry.OpenKey(registry.CURRENT_USER, run, registry.QUERY_VALUE)
	if errors.Is(err, registry.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer key.Close()
	has, _, err := key.GetStringValue(value)
	if errors.Is(err, registry.ErrNotExist) {
		return false, nil
	}
	return has == runValue(program), err
}
