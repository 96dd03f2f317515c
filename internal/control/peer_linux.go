package control

import "golang.org/x/sys/unix"

// peer asks who connected, or on the side that did, who listens: unix(7), SO_PEERCRED.
func peer(fd int) (Process, error) {
	cred, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return Process{}, err
	}
	return Process{PID: int(cred.Pid), UID: int(cred.Uid)}, nil
}
