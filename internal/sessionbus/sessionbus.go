// Package sessionbus reaches the D-Bus of the owner's desktop session, and knows whether that desktop has a tray.
package sessionbus

import "context"

// TrayHost reports whether something shows tray icons: on Linux an org.kde.StatusNotifierWatcher on the session bus,
// which GNOME lacks without an extension; elsewhere the system itself.
func TrayHost(ctx context.Context) bool { return trayHost(ctx) }
