package control

import "golang.org/x/sys/unix"

// peer asks who connected, or on the side that did, who listens: unix(4), LOCAL_PEERCRED and LOCAL_PEERPID.
func peer(fd int) (Process, error) {
	cred, err := unix.GetsockoptXucred(fd, unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
	if err != nil {
		return Process{}, err
	}
	pid, err := unix.GetsockoptInt(fd, unix.SOL_LOCAL, unix.LOCAL_PEERPID)
	if err != nil {
		pid = 0 // it ended meanwhile
	}
	return Process{PID: pid, UID: int(cred.Uid)}, nil
}
