package extract

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime/debug"
	"strings"
	"time"
)

// The libraries that read files were not written for files that are made to do harm: there are some that never end, some
// that take all memory, and some that crash the process in ways that it cannot catch. So the process is another one.

const (
	// usualLimit is how long one file may take.
	usualLimit = 20 * time.Second
	// maxMemory is the most bytes of address space of the process that reads, where the system can bound that.
	maxMemory = 4 << 30
	// maxStack is the most bytes of the stack of one goroutine there.
	maxStack = 64 << 20
	// exitError is how it ends after it has written an error, rather than text.
	exitError = 3
)

// Reader reads files in another process.
type Reader struct {
	Command []string      // program and first arguments; the kind of the file follows, and it calls Work
	Limit   time.Duration // how long one file may take; 20 s
}

// Text returns the text of a file as Markdown, CSV or plain text; it came from outside and is not cleaned. The error is
// ErrUnsupported for a kind that has no text.
func (r *Reader) Text(ctx context.Context, name, mimeType string, data []byte) (string, error) {
	kind := Kind(name, mimeType)
	if kind == "" {
		return "", ErrUnsupported
	}
	if len(data) > MaxInput {
		return "", fmt.Errorf("it has %d MB, the most that is read is %d", len(data)>>20, MaxInput>>20)
	}
	limit := cmp.Or(r.Limit, usualLimit)
	within, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := exec.CommandContext(within, r.Command[0], append(r.Command[1:len(r.Command):len(r.Command)], kind)...)
	cmd.Env = []string{"SYSTEMROOT=" + os.Getenv("SYSTEMROOT")} // without which Windows starts nothing; the rest is none of its business
	cmd.Stdin = bytes.NewReader(data)
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	var ended *exec.ExitError
	switch {
	case err == nil:
		return cut(string(out)), nil
	case ctx.Err() != nil:
		return "", ctx.Err()
	case within.Err() != nil:
		return "", fmt.Errorf("reading it took more than %v", limit)
	case errors.As(err, &ended) && ended.ExitCode() == exitError && len(out) > 0:
		return "", errors.New(string(out))
	case errors.As(err, &ended):
		return "", errors.New("the file is damaged, or made to do harm")
	}
	return "", fmt.Errorf("starting the process that reads it: %w", err)
}

// Work reads the file in, of that kind, and writes its text or an error to out. It returns the code to exit with. It
// bounds what the process may take, and leaves it fit for nothing else.
func Work(kind string, in io.Reader, out io.Writer) int {
	// Who started it ends it sooner, unless that was killed.
	time.AfterFunc(usualLimit+2*time.Second, func() { os.Exit(exitError) })
	debug.SetMaxStack(maxStack)
	debug.SetMemoryLimit(maxMemory / 4)
	boundMemory()
	data, err := io.ReadAll(io.LimitReader(in, MaxInput+1))
	if err == nil {
		var s string
		if s, err = text(kind, data); err == nil {
			_, err = io.WriteString(out, s)
		}
	}
	if err != nil {
		fmt.Fprint(out, strings.ToValidUTF8(err.Error(), "\uFFFD"))
		return exitError
	}
	return 0
}
