package cli

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"postern/auth"
	"postern/internal/bridge"
)

// maxClientFile is the most bytes of a file with an OAuth client.
const maxClientFile = 1 << 20

func (f *face) googleClient() *cobra.Command {
	return noun("google-client", "Your OAuth client from Google Cloud",
		&cobra.Command{Use: "import FILE", Short: "Keep the client of a JSON file in the vault (- for standard input)", Args: exactly(1), RunE: f.open(f.importClient)},
		&cobra.Command{Use: "show", Short: "Show which client is kept", Args: exactly(0), RunE: f.open(f.showGoogleClient)},
		&cobra.Command{Use: "remove", Short: "Forget the client", Args: exactly(0), RunE: f.open(f.removeClient)},
	)
}

func (f *face) importClient(ctx context.Context, b *bridge.Bridge, args []string) error {
	in := f.in
	if args[0] != "-" {
		file, err := os.Open(args[0])
		if err != nil {
			return fmt.Errorf("importing the OAuth client: %w", err)
		}
		defer file.Close()
		in = file
	}
	data, err := io.ReadAll(io.LimitReader(in, maxClientFile+1))
	if err != nil {
		return fmt.Errorf("importing the OAuth client: %w", err)
	}
	if len(data) > maxClientFile {
		return fmt.Errorf("importing the OAuth client: the file is too large to be one")
	}
	id, note, err := b.ImportGoogleClient(ctx, data)
	if err != nil {
		return err
	}
	if note != "" {
		f.show("%s", note)
	}
	v, err := b.Vault(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(f.out, "The OAuth client %s is kept in the %s.\n", line(id), v.Kind())
	if args[0] != "-" {
		fmt.Fprintln(f.out, "You can delete the file now.")
	}
	fmt.Fprintln(f.out, "Next: postern profiles add NAME")
	return nil
}

func (f *face) showGoogleClient(ctx context.Context, b *bridge.Bridge, _ []string) error {
	v, err := b.Vault(ctx)
	if err != nil {
		return err
	}
	c, err := auth.LoadGoogleClient(ctx, v)
	if err != nil {
		return err
	}
	if f.json {
		return f.printJSON(map[string]string{"client_id": c.ID, "project_id": c.ProjectID, "kind": c.Kind, "vault": v.Kind()})
	}
	return f.table([]string{"CLIENT", "PROJECT", "KIND", "VAULT"}, [][]string{{c.ID, c.ProjectID, c.Kind, v.Kind()}})
}

func (f *face) removeClient(ctx context.Context, b *bridge.Bridge, _ []string) error {
	if err := b.RemoveGoogleClient(ctx); err != nil {
		return err
	}
	fmt.Fprintln(f.out, "The OAuth client is forgotten. Profiles that it signed in go on working.")
	return nil
}
