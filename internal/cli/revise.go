package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"postern/internal/approval"
	"postern/internal/bridge"
)

// reviseWait is how long the program that asked may take to make a call anew.
const reviseWait = 20 * time.Second

// maxChange is the most bytes of a file that a change is read from.
const maxChange = 1 << 20

func (f *face) revise() *cobra.Command {
	var files []string
	c := &cobra.Command{Use: "edit ID [NAME=VALUE...]", Short: "Change what would happen, before you say yes", Args: within(1, 20), RunE: func(c *cobra.Command, args []string) error {
		if len(args)+len(files) < 2 {
			return usageError{fmt.Errorf("usage: %s", c.UseLine())}
		}
		return f.open(func(ctx context.Context, b *bridge.Bridge, args []string) error { return f.edit(ctx, b, args, files) })(c, args)
	}}
	c.Flags().StringArrayVar(&files, "file", nil, "NAME=FILE: take the value from a file, - for standard input")
	return c
}

func (f *face) edit(ctx context.Context, b *bridge.Bridge, args, files []string) error {
	r, err := find(ctx, b, args[0])
	if err != nil {
		return err
	}
	if r.State != approval.Pending {
		return settled(r)
	}
	changes, err := f.changes(r, args[1:], files)
	if err != nil {
		return err
	}
	// What is changed is what the owner is asked about, so it is guarded as a yes is.
	if err := f.mayApprove(ctx, b, r); err != nil {
		return err
	}
	if err := b.Queue.Revise(ctx, r.ID, changes); err != nil {
		return f.unanswered(ctx, b, r, err)
	}
	within, cancel := context.WithTimeout(ctx, reviseWait)
	defer cancel()
	again, err := b.Queue.WaitRevised(within, r.ID)
	switch {
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		return fmt.Errorf("the program that asked does not answer: look later with \"postern approvals show %s\"", r.ID)
	case err != nil:
		return err
	case again.State != approval.Pending:
		return settled(again)
	case again.Problem != "":
		return fmt.Errorf("nothing was changed: %s", again.Problem)
	}
	return f.showApproval(ctx, b, []string{r.ID})
}

// changes reads values, and those in files, each behind its name.
func (f *face) changes(r approval.Request, values, files []string) (map[string]string, error) {
	var names []string
	for _, e := range r.Preview.Edits {
		names = append(names, e.Name)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("nothing of this can be changed: deny it with a reason instead")
	}
	changes := map[string]string{}
	for i, arg := range append(slices.Clone(values), files...) {
		name, value, ok := strings.Cut(arg, "=")
		if !ok || !slices.Contains(names, name) {
			return nil, usageError{fmt.Errorf("%q: want NAME=VALUE, with one of %s", line(arg), strings.Join(names, ", "))}
		}
		if i >= len(values) {
			var err error
			if value, err = f.file(value); err != nil {
				return nil, fmt.Errorf("reading the change of %s: %w", name, err)
			}
		}
		changes[name] = value
	}
	return changes, nil
}

// file reads a file, "-" for standard input.
func (f *face) file(name string) (string, error) {
	in := f.in
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return "", err
		}
		defer file.Close()
		in = file
	}
	data, err := io.ReadAll(io.LimitReader(in, maxChange+1))
	if err == nil && len(data) > maxChange {
		err = fmt.Errorf("more than %d bytes", maxChange)
	}
	return string(data), err
}
