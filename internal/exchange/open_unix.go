//go:build unix

package exchange

import (
	"os"
	"syscall"
)

// readOnly opens without waiting: a FIFO would wait for its writer.
const readOnly = os.O_RDONLY | syscall.O_NONBLOCK
