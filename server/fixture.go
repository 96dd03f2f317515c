//go:build !conformance

package server

import "github.com/mark3labs/mcp-go/server"

// The conformance suite calls tools, prompts and resources by names that it fixes. They exist only in a build with the
// tag conformance, see conformance.go; what it tests of them is the way to and from them, which is the product's own.

func fixtureOptions() []server.ServerOption { return nil }

func (s *Server) addFixtures(*server.MCPServer) {}

// fixture reports whether a tool is one of the suite's, which is shown to every client.
func fixture(string) bool { return false }
