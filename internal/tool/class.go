package tool

import "fmt"

// Class is the most that any call of a tool can do. It decides the annotations, the Postern scope and whether the
// owner is asked.
type Class int

// The classes, in rising order of consequence.
const (
	ClassRead        Class = iota + 1 // changes nothing
	ClassWrite                        // changes the owner's own things, reversibly
	ClassOutward                      // other people see it
	ClassDestructive                  // cannot be undone
)

func (c Class) String() string {
	switch c {
	case ClassRead:
		return "read"
	case ClassWrite:
		return "write"
	case ClassOutward:
		return "outward"
	case ClassDestructive:
		return "destructive"
	}
	return fmt.Sprintf("Class(%d)", int(c))
}

// Annotations are the four behaviour hints of MCP (ToolAnnotations). All four are always stated: the protocol's own
// defaults say destructive and open-world for a tool that keeps silent.
type Annotations struct {
	ReadOnly    bool
	Destructive bool
	Idempotent  bool
	OpenWorld   bool
}

// Annotations returns the hints of the class.
func (c Class) Annotations() Annotations {
	switch c {
	case ClassRead:
		return Annotations{ReadOnly: true, Idempotent: true}
	case ClassOutward:
		return Annotations{OpenWorld: true}
	case ClassDestructive:
		return Annotations{Destructive: true}
	}
	return Annotations{}
}
