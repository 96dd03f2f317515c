package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"postern/internal/clientconfig"
)

// connecting is how "postern connect" was called.
type connecting struct {
	show, yes, remove, replace bool
}

func (f *face) connect() *cobra.Command {
	var how connecting
	c := &cobra.Command{Use: "connect [CLIENT]", Short: "Write Postern into the configuration of an AI app on this computer; without one, list them", Args: within(0, 1), RunE: func(_ *cobra.Command, args []string) error {
		here := clientconfig.Computer{}
		if len(args) == 0 {
			if how != (connecting{}) {
				return usageError{fmt.Errorf("--print, --yes, --remove and --replace go with a client: postern connect CLIENT")}
			}
			return f.listClientConfigs(here)
		}
		if how.remove && (how.show || how.replace) {
			return usageError{fmt.Errorf("--remove goes with neither --print nor --replace")}
		}
		return f.connectClient(here, args[0], how)
	}}
	c.Flags().BoolVar(&how.show, "print", false, "only show what would be written")
	c.Flags().BoolVar(&how.yes, "yes", false, "write without a question")
	c.Flags().BoolVar(&how.remove, "remove", false, "take Postern out again")
	c.Flags().BoolVar(&how.replace, "replace", false, "replace another entry of that name")
	return c
}

// configRow is a client for programs.
type configRow struct {
	ID      string             `json:"id"`
	Name    string             `json:"name"`
	State   clientconfig.State `json:"state"`
	File    string             `json:"file"`
	Problem string             `json:"problem,omitempty"`
	Entry   string             `json:"entry,omitempty"` // what would be written
}

func configRowOf(c clientconfig.Client) configRow {
	return configRow{c.ID, c.Name, c.State, c.File, c.Problem, c.Entry}
}

func (f *face) listClientConfigs(here clientconfig.Computer) error {
	all, err := here.Clients()
	if err != nil {
		return err
	}
	rows, out := [][]string{}, []configRow{}
	for _, one := range all {
		row := configRowOf(one)
		row.Entry = ""
		out = append(out, row)
		state := string(one.State)
		if one.Problem != "" {
			state += ": " + one.Problem
		}
		rows = append(rows, []string{one.ID, one.Name, state})
	}
	if f.json {
		return f.printJSON(out)
	}
	if err := f.table([]string{"CLIENT", "NAME", "STATE"}, rows); err != nil {
		return err
	}
	f.show("\nTo connect one: postern connect CLIENT. Others take the address of \"postern serve\", or a file of theirs: see the README.")
	return nil
}

// connectClient writes the entry of a client, or takes it out, after a yes.
func (f *face) connectClient(here clientconfig.Computer, id string, how connecting) error {
	one, err := here.Client(id)
	switch {
	case err != nil:
		return usageError{fmt.Errorf("%w: \"postern connect\" lists those that it can", err)}
	case how.show && f.json:
		return f.printJSON(configRowOf(one))
	case how.show:
		f.labelled("File", one.File)
		fmt.Fprintf(f.out, "\n%s\n", clean(one.Entry))
		return nil
	case how.remove:
		return f.removeClientConfig(here, one, how)
	case one.State == clientconfig.Connected:
		return f.done(one.Name+" is connected already.", configRowOf(one))
	case one.State == clientconfig.Missing || one.State == clientconfig.Broken: // it says why
		_, err := here.Connect(id, false)
		return err
	case one.State == clientconfig.Differs:
		f.show("%s has this entry %q in %s:\n\n%s\n", one.Name, clientconfig.Name, line(one.File), clean(one.Old))
		if !how.replace {
			return ownerMust{fmt.Errorf("it starts something else: to have it replaced, add --replace")}
		}
	}
	if err := f.agreed(how, fmt.Sprintf("This goes into %s:\n\n%s\n", line(one.File), clean(one.Entry))); err != nil {
		return err
	}
	backup, err := here.Connect(id, how.replace)
	if err != nil {
		return err
	}
	says := one.Name + " is connected."
	if one.Restart {
		says += " If it runs, start it again."
	}
	return f.written(here, id, says, backup)
}

func (f *face) removeClientConfig(here clientconfig.Computer, one clientconfig.Client, how connecting) error {
	if one.State != clientconfig.Connected && one.State != clientconfig.Differs && one.State != clientconfig.Broken {
		return f.done("Postern is not in the configuration of "+one.Name+".", configRowOf(one))
	}
	if err := f.agreed(how, fmt.Sprintf("The entry %q is taken out of %s.\n", clientconfig.Name, line(one.File))); err != nil {
		return err
	}
	backup, err := here.Remove(one.ID)
	if err != nil {
		return err
	}
	return f.written(here, one.ID, "Postern is taken out of "+one.Name+".", backup)
}

// written says what was done, and where the file lies as it was.
func (f *face) written(here clientconfig.Computer, id, says, backup string) error {
	now, err := here.Client(id)
	if err != nil {
		return err
	}
	if backup != "" {
		f.show("As it was before, the file is kept as %s.", line(backup))
	}
	return f.done(says, configRowOf(now))
}

// agreed asks the owner, unless they have said yes already.
func (f *face) agreed(how connecting, what string) error {
	if how.yes {
		return nil
	}
	f.show("%s", what)
	if !f.terminal() {
		return ownerMust{fmt.Errorf("nothing was changed: there is no terminal to ask you in; add --yes")}
	}
	fmt.Fprint(f.err, "Do it? yes or no\n> ")
	text, err := f.answer(func() (string, error) { return bufio.NewReader(f.in).ReadString('\n') })
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("nothing was changed: %w", err)
	}
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "y", "yes":
		return nil
	}
	return fmt.Errorf("nothing was changed")
}
