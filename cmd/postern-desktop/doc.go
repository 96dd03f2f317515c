// Command postern-desktop is Postern on the desktop: an icon in the tray, a window, and a pop-up for each question to the
// owner. It needs a display and cgo; without them there is the command postern.
package main
