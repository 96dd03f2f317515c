package extract

import "syscall"

// boundMemory ends the process when it wants more than maxMemory. Only Linux counts address space so that a limit holds.
func boundMemory() {
	_ = syscall.Setrlimit(syscall.RLIMIT_AS, &syscall.Rlimit{Cur: maxMemory, Max: maxMemory}) // the limits of time and stack remain
}
