package extract

import "syscall"

// maxCPU is how many seconds of computing the process may take: a goroutine that never gives way cannot be ended by a
// timer.
const maxCPU = 60

// boundMemory ends the process when it wants more than maxMemory, or computes for longer than maxCPU. Only Linux counts
// address space so that a limit holds.
func boundMemory() {
	_ = syscall.Setrlimit(syscall.RLIMIT_CPU, &syscall.Rlimit{Cur: maxCPU, Max: maxCPU})
	_ = syscall.Setrlimit(syscall.RLIMIT_AS, &syscall.Rlimit{Cur: maxMemory, Max: maxMemory}) // the limits of time and stack remain
}
