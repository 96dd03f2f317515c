//go:build !unix

package exchange

import "os"

// readOnly opens a file for reading; no FIFO is found in a folder here.
const readOnly = os.O_RDONLY
