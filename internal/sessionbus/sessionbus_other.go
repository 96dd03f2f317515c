//go:build !linux

package sessionbus

import "context"

func trayHost(context.Context) bool { return true }

// Settle does nothing here.
func Settle() error { return nil }
