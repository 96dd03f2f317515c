//go:build e2e

package e2e

import (
	wire "encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// hand is a mouse and a keyboard on a Wayland desktop, which has none of its own. It speaks Wayland's wire format: an
// object, an opcode with the length, and 32-bit arguments; and in it wlr-virtual-pointer-unstable-v1 and
// virtual-keyboard-unstable-v1. Programs that type for you, such as wtype, make up keys which are elsewhere on the keyboard:
// to a program that asks where a key is, their first one is Escape.
type hand struct {
	conn *net.UnixConn
	name map[string]uint32 // of the globals
}

// The objects of the connection, by the numbers that we give them in this order, and the size of the screen.
const (
	wlDisplay = iota + 1
	wlRegistry
	wlCallback
	wlSeat
	mouseManager
	keyboardManager
	mouse
	keyboard

	screenWidth, screenHeight = 1280, 900
)

const leftButton = 0x110 // BTN_LEFT of linux/input-event-codes.h

// keymap is that of an American keyboard.
const keymap = `xkb_keymap {
	xkb_keycodes { include "evdev" };
	xkb_types { include "complete" };
	xkb_compat { include "complete" };
	xkb_symbols { include "pc+us" };
};` + "\x00"

// rows are the keys by the codes of linux/input-event-codes.h, which count from the left of each row.
var rows = map[uint32]string{2: "1234567890", 16: "qwertyuiop", 30: "asdfghjkl", 44: "zxcvbnm,./"}

const (
	keyEscape, keyTab, keyEnter, keyCtrl, keyShift, keySpace = 1, 15, 28, 29, 42, 57

	shift, ctrl = 1, 4 // modifiers
)

// newHand plugs a mouse and a keyboard in.
func newHand(display string) (*hand, error) {
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: display})
	if err != nil {
		return nil, err
	}
	h := &hand{conn, map[string]uint32{}}
	if err := h.plugIn(); err != nil {
		conn.Close()
		return nil, fmt.Errorf("plugging in a mouse and a keyboard: %w", err)
	}
	return h, nil
}

func (h *hand) plugIn() error {
	if err := h.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if err := errors.Join(h.send(wlDisplay, 1, wlRegistry), h.send(wlDisplay, 0, wlCallback)); err != nil { // get_registry, sync
		return err
	}
	if err := h.globals(); err != nil {
		return err
	}
	keys, err := os.CreateTemp("", "postern-e2e-keymap-")
	if err != nil {
		return err
	}
	defer keys.Close()
	defer os.Remove(keys.Name())
	if _, err := keys.WriteString(keymap); err != nil {
		return err
	}
	const format = 1 // xkb_v1
	return errors.Join(h.bind("wl_seat", wlSeat), h.bind("zwlr_virtual_pointer_manager_v1", mouseManager), h.bind("zwp_virtual_keyboard_manager_v1", keyboardManager),
		h.send(mouseManager, 0, wlSeat, mouse), h.send(keyboardManager, 0, wlSeat, keyboard), // create_virtual_pointer, create_virtual_keyboard
		h.pass(keys, keyboard, 0, format, uint32(len(keymap)))) // keymap
}

// globals reads what the display offers.
func (h *hand) globals() error {
	for {
		object, opcode, args, err := h.read()
		switch {
		case err != nil:
			return err
		case object == wlDisplay && opcode == 0:
			return fmt.Errorf("the display says %q", args)
		case object == wlCallback: // all were told
			return nil
		case object == wlRegistry && opcode == 0:
			length := wire.NativeEndian.Uint32(args[4:])
			h.name[string(args[8:8+length-1])] = wire.NativeEndian.Uint32(args)
		}
	}
}

func (h *hand) bind(global string, as uint32) error {
	name, ok := h.name[global]
	if !ok {
		return errors.New("the display has no " + global)
	}
	return h.send(wlRegistry, 0, name, global, uint32(1), as)
}

// click moves the mouse to a place on the screen, and clicks.
func (h *hand) click(x, y int) error {
	const motionAbsolute, button, frame = 1, 2, 4
	var err error
	for _, x := range []int{x - 1, x} { // where a mouse enters a window is nothing to an app, only where it moves
		err = errors.Join(err, h.send(mouse, motionAbsolute, h.now(), x, y, screenWidth, screenHeight), h.send(mouse, frame))
	}
	for _, down := range []uint32{1, 0} {
		time.Sleep(humanly)
		err = errors.Join(err, h.send(mouse, button, h.now(), uint32(leftButton), down), h.send(mouse, frame))
	}
	return err
}

// humanly is how fast a hand is.
const humanly = 20 * time.Millisecond

// press presses a key together with a modifier, or 0.
func (h *hand) press(key, modifier uint32) error {
	held := map[uint32]uint32{shift: keyShift, ctrl: keyCtrl}[modifier]
	steps := []struct{ key, down, modifiers uint32 }{{held, 1, modifier}, {key, 1, modifier}, {key, 0, modifier}, {held, 0, 0}}
	for _, s := range steps {
		if s.key == 0 {
			continue
		}
		const press, modifiers = 1, 2
		if err := errors.Join(h.send(keyboard, press, h.now(), s.key, s.down), h.send(keyboard, modifiers, s.modifiers, uint32(0), uint32(0), uint32(0))); err != nil {
			return err
		}
		time.Sleep(humanly / 4)
	}
	return nil
}

// write types a text of letters, digits and a few signs.
func (h *hand) write(text string) error {
	for _, r := range text {
		key, modifier := uint32(keySpace), uint32(0)
		if r == '?' {
			r, modifier = '/', shift
		} else if low := strings.ToLower(string(r)); low != string(r) {
			r, modifier = []rune(low)[0], shift
		}
		for first, row := range rows {
			if i := strings.IndexRune(row, r); i >= 0 {
				key = first + uint32(i)
			}
		}
		if key == keySpace && r != ' ' {
			return fmt.Errorf("no key for %q", r)
		}
		if err := h.press(key, modifier); err != nil {
			return err
		}
	}
	return nil
}

func (h *hand) now() uint32 { return uint32(time.Now().UnixMilli()) }

func (h *hand) send(object uint32, opcode uint16, args ...any) error {
	_, err := h.conn.Write(message(object, opcode, args...))
	return err
}

// pass is send with an open file.
func (h *hand) pass(f *os.File, object uint32, opcode uint16, args ...any) error {
	_, _, err := h.conn.WriteMsgUnix(message(object, opcode, args...), unix.UnixRights(int(f.Fd())), nil)
	return err
}

func message(object uint32, opcode uint16, args ...any) []byte {
	var body []byte
	for _, a := range args {
		switch a := a.(type) {
		case uint32:
			body = wire.NativeEndian.AppendUint32(body, a)
		case int:
			body = wire.NativeEndian.AppendUint32(body, uint32(a))
		case string:
			body = wire.NativeEndian.AppendUint32(body, uint32(len(a)+1))
			body = append(body, a...)
			body = append(body, make([]byte, 4-len(a)%4)...) // the zero that ends it, up to a whole word
		}
	}
	head := wire.NativeEndian.AppendUint32(nil, object)
	head = wire.NativeEndian.AppendUint32(head, uint32(len(body)+8)<<16|uint32(opcode))
	return append(head, body...)
}

func (h *hand) read() (object uint32, opcode uint16, args []byte, err error) {
	var head [8]byte
	if _, err := io.ReadFull(h.conn, head[:]); err != nil {
		return 0, 0, nil, err
	}
	object, size := wire.NativeEndian.Uint32(head[:]), wire.NativeEndian.Uint32(head[4:])
	args = make([]byte, max(size>>16, 8)-8)
	_, err = io.ReadFull(h.conn, args)
	return object, uint16(size), args, err
}
