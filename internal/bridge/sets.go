package bridge

import (
	"postern/internal/tool"
	"postern/internal/workspace/gmail"
)

// Sets are the tools, by Google service.
func Sets() []tool.Set { return append([]tool.Set{gmail.Tools}, fixtures()...) }
