// Package e2e tries the shipped binary against real parts: real MCP clients, a real browser, a real keychain over
// D-Bus, a terminal. Only Google is a stand-in, reached under its real names through a proxy. The tests are built with
// the tag e2e and run by "make test".
package e2e
