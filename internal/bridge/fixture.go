//go:build !conformance

package bridge

import "postern/internal/tool"

// fixtures are tools for tests and measurements, which only a build with the tag conformance has.
func fixtures() []tool.Set { return nil }
