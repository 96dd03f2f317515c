// Command baretray is the least that a Fyne app with a tray icon can be: a menu, and a window that is not shown. The
// benchmark measures postern-desktop beside it.
package main
