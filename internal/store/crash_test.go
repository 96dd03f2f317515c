package store

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"postern/server/oauth"
)

// crashes is how often the process is killed.
const crashes = 100

func hashOf(parts ...any) []byte {
	sum := sha256.Sum256([]byte(fmt.Sprint(parts...)))
	return sum[:]
}

// live is a process that lets clients in until it is killed, and says of each step that it is done, after it is: as an
// answer to a client would.
func live(dir, name string, out io.Writer) error {
	ctx, now := context.Background(), time.Unix(1_000_000, 0)
	s, err := Open(ctx, dir)
	if err != nil {
		return err
	}
	for i := 0; ; i++ {
		id := fmt.Sprintf("%s-%d", name, i)
		token := func(use oauth.Use, n int) oauth.Token {
			return oauth.Token{Hash: hashOf(id, use, n), GrantID: "g" + id, Use: use, IssuedAt: now, ExpiresAt: now.Add(time.Hour)}
		}
		code, first := token(oauth.ForCode, 0), token(oauth.ForRefresh, 0)
		for _, step := range []struct {
			what string
			do   func() error
		}{
			{"registered", func() error {
				return s.AddClient(ctx, oauth.Client{ID: id, Kind: oauth.Dynamic, Status: oauth.New, CreatedAt: now}, 1_000_000)
			}},
			{"granted", func() error {
				return s.AddGrant(ctx, oauth.Grant{ID: "g" + id, ClientID: id, CreatedAt: now}, code)
			}},
			{"redeemed", func() error {
				return s.Exchange(ctx, code.Hash, now, 0, token(oauth.ForAccess, 0), first)
			}},
			{"rotated", func() error {
				return s.Exchange(ctx, first.Hash, now, 0, token(oauth.ForAccess, 1), token(oauth.ForRefresh, 1))
			}},
			{"revoked", func() error { return s.RevokeGrant(ctx, "g"+id, "test", now) }},
		} {
			if err := step.do(); err != nil {
				return fmt.Errorf("%s: %w", step.what, err)
			}
			if _, err := fmt.Fprintln(out, step.what, id); err != nil {
				return err
			}
		}
	}
}

// TestCrashes kills a process in the middle of what it does, again and again. What it has said stays so, and nothing is
// half done.
func TestCrashes(t *testing.T) {
	dir := t.TempDir()
	said := map[string][]string{} // ids by step
	for i := range crashes {
		// Where in its work the process is hit moves on with each run.
		for _, line := range killed(t, dir, strconv.Itoa(i), 1+i%23, time.Duration(i%7)*300*time.Microsecond) {
			step, id, _ := strings.Cut(line, " ")
			said[step] = append(said[step], id)
		}
	}
	if len(said["revoked"]) < crashes/2 {
		t.Fatalf("only %d grants were brought to their end", len(said["revoked"]))
	}
	s := open(t, dir)
	holder := func(id string, use oauth.Use, n int) oauth.Holder {
		t.Helper()
		h, err := s.Holder(t.Context(), hashOf(id, use, n))
		if err != nil {
			t.Fatalf("%s %s %d: %v", id, use, n, err)
		}
		return h
	}
	for _, id := range said["registered"] {
		if _, err := s.Client(t.Context(), id); err != nil {
			t.Errorf("the client %s was registered: %v", id, err)
		}
	}
	for _, id := range said["granted"] {
		holder(id, oauth.ForCode, 0)
	}
	for _, id := range said["redeemed"] {
		if holder(id, oauth.ForCode, 0).Token.UsedAt.IsZero() {
			t.Errorf("the code of %s was redeemed, and is good again", id)
		}
		holder(id, oauth.ForAccess, 0)
	}
	for _, id := range said["rotated"] {
		if holder(id, oauth.ForRefresh, 0).Token.UsedAt.IsZero() {
			t.Errorf("the refresh token of %s was exchanged, and is good again", id)
		}
		holder(id, oauth.ForRefresh, 1)
	}
	for _, id := range said["revoked"] {
		if h := holder(id, oauth.ForRefresh, 1); h.Grant.RevokedAt.IsZero() {
			t.Errorf("the grant of %s was revoked, and is good again", id)
		}
	}
	// What was begun is done whole or not at all.
	var half int
	if err := s.db.QueryRow(`SELECT count(*) FROM tokens t WHERE t.used_at > 0 AND t.use <> 'access' AND
		(SELECT count(*) FROM tokens n WHERE n.grant_id = t.grant_id AND n.use = 'access') < CASE t.use WHEN 'code' THEN 1 ELSE 2 END`).Scan(&half); err != nil || half != 0 {
		t.Errorf("%d codes or refresh tokens were taken with nothing given for them, %v", half, err)
	}
	if err := s.db.QueryRow("SELECT count(*) FROM grants g WHERE NOT EXISTS (SELECT 1 FROM tokens t WHERE t.grant_id = g.id)").Scan(&half); err != nil || half != 0 {
		t.Errorf("%d grants have no code, %v", half, err)
	}
	var sound string
	if err := s.db.QueryRow("PRAGMA integrity_check").Scan(&sound); err != nil || sound != "ok" {
		t.Errorf("the file is %q, %v", sound, err)
	}
}

// killed starts the process, kills it some time after it has said that many things, and returns all that it has said.
func killed(t *testing.T, dir, name string, after int, later time.Duration) []string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, name)
	cmd.Env = append(os.Environ(), "POSTERN_CRASH_TEST="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var said []string
	in := bufio.NewScanner(out)
	for in.Scan() {
		if said = append(said, in.Text()); len(said) == after {
			time.AfterFunc(later, func() { _ = cmd.Process.Kill() }) // it has ended by itself: found below
		}
	}
	var ended *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &ended) || ended.ExitCode() != -1 || len(said) < after {
		t.Fatalf("the process ended by itself after %d steps: %v", len(said), err)
	}
	return said
}
