//go:build conformance

package bridge

import (
	"context"

	"postern/internal/tool"
)

// fixtures are tools for measurements.
func fixtures() []tool.Set {
	return []tool.Set{{Name: "test", Title: "Test", Tools: []tool.Tool{
		tool.Own(tool.ClassRead, "test_nothing", "Do nothing, for make bench.", func(context.Context, nothing) (nothing, error) { return nothing{}, nil }),
	}}}
}

type nothing struct{}

func (nothing) Markdown() string { return "nothing" }
