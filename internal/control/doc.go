// Package control is the user-only local socket by which command lines and stdio processes reach a running bridge, and
// what makes the bridge the only one for its state directory. It transports, and knows nothing of what is said.
//
//	l, err := control.Listen(dir, os.Getenv, control.Info{Started: now, URL: url, Version: version})
//	var running *control.RunningError // errors.As: there is another bridge, and this is where
//	defer l.Close()
//	err = control.Serve(ctx, l, mux)
//
//	err := control.Dial(dir, os.Getenv).Do(ctx, "GET", "/status", nil, &status)
//	errors.Is(err, control.ErrNotRunning)
//
// # Who may talk
//
// The directory of the socket is closed to other users, the socket has the mode 0600, and both sides ask the operating
// system who is at the other end before they read or write a byte: SO_PEERCRED on Linux, LOCAL_PEERCRED on macOS. Windows
// does not tell; there it is the access list of the user's own directory alone that keeps others out. Root is another
// user, too. The processes of one user are not kept apart: who asks is for the handler to judge, by Peer.
//
// # The protocol
//
// HTTP/1.1 with JSON bodies of at most MaxBody. A request must carry the header Postern-Control: 1, the host "postern"
// and no Origin, so that no web page can make one, through whatever proxy. A refusal is {"error": "…"}. A stream is lines of JSON;
// an empty line only shows that the server is alive.
//
// # Finding it
//
// The socket is where Path says. Clients start stdio processes with few of the user's environment variables, often without
// XDG_RUNTIME_DIR, so the bridge also writes into the state directory where it listens, and that is tried first.
package control
