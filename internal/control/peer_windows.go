package control

// peer knows nothing: Windows does not tell whose the other end is, and the access list of the socket's directory stands in.
func peer(int) (Process, error) { return Process{UID: -1}, nil }
