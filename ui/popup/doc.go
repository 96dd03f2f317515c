// Package popup is the window that puts a question to the owner. It shows one question at a time, exactly what would
// happen, and takes a yes only from somebody who has had the time to read it.
//
// What is shown next is decided in queue.go, when Allow can be pressed in armed.go, and what an answer says in choice.go;
// none of them knows a widget. Cards are built from a question by pure functions; Desk alone has a window.
package popup
