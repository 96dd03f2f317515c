package control

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// The test binary is also the other processes: childEnv says which, with the arguments after it.
const childEnv = "POSTERN_CONTROL_TEST_CHILD"

func TestMain(m *testing.M) {
	role, arg, _ := strings.Cut(os.Getenv(childEnv), " ")
	var err error
	switch role {
	case "":
		os.Exit(m.Run())
	case "bridge": // of the state directory arg
		err = childBridge(arg)
	case "caller": // connects to arg and says what it got
		err = childCaller(arg)
	case "squatter": // listens at arg and says what it heard
		err = childSquatter(arg)
	default:
		err = fmt.Errorf("no role %q", role)
	}
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func childBridge(dir string) error {
	l, err := Listen(dir, noEnv, Info{URL: "http://127.0.0.1:7878/mcp"})
	if err != nil {
		return err
	}
	fmt.Println("ready")
	return Serve(context.Background(), l, http.NewServeMux())
}

func childCaller(path string) error {
	c, err := net.Dial("unix", path)
	if err != nil {
		return err
	}
	fmt.Println("connected")
	_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: postern\r\nPostern-Control: 1\r\nConnection: close\r\n\r\n") // it may be closed already
	b, _ := io.ReadAll(c)                                                                                          // so may this
	fmt.Printf("got %q\n", b)
	return nil
}

func childSquatter(path string) error {
	l, err := net.Listen("unix", path)
	if err != nil {
		return err
	}
	if err := os.Chmod(path, 0o666); err != nil {
		return err
	}
	fmt.Println("ready")
	c, err := l.Accept()
	if err != nil {
		return err
	}
	b := make([]byte, 1<<10)
	n, err := c.Read(b)
	fmt.Printf("heard %q %v\n", b[:n], err)
	return nil
}

// child is a started process whose lines of output are read one by one.
type child struct {
	*exec.Cmd
	lines *bufio.Scanner
}

// start runs a command as a child with the role.
func start(t *testing.T, cmd *exec.Cmd, role, arg string) *child {
	t.Helper()
	cmd.Env = append(os.Environ(), childEnv+"="+role+" "+arg)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()
	})
	return &child{cmd, bufio.NewScanner(out)}
}

// expect reads the next line.
func (c *child) expect(t *testing.T, want string) {
	t.Helper()
	if !c.lines.Scan() || c.lines.Text() != want {
		t.Fatalf("the other process said %q, want %q", c.lines.Text(), want)
	}
}

// self is the command of this very binary.
func self(t *testing.T) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return exec.Command(exe)
}

// noEnv is the environment of a process that has none.
func noEnv(string) string { return "" }
