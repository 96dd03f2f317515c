package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"postern/internal/tool"
)

// mcp-go gives every error of a prompt or resource the code of an internal one, also where the client is wrong. So the
// right code travels in the text, behind a mark that no text has, and is put in its place when the answer is written.

const (
	codeMark = "\x01code "
	dataMark = "\x01data "
)

// coded makes an error with a code of the protocol.
func coded(code int, format string, args ...any) error {
	return errors.New(codeMark + strconv.Itoa(code) + " " + fmt.Sprintf(format, args...))
}

// about adds the data of an error to one that coded made.
func about(err error, data map[string]any) error {
	return errors.New(err.Error() + dataMark + string(encode(data)))
}

// resourceError is what a read of a resource answers when its tool failed.
func resourceError(ctx context.Context, uri string, e *tool.Error) error {
	switch e.Code {
	case "unknown_profile", "no_profile", "unknown_tool":
		code := mcp.RESOURCE_NOT_FOUND
		if mcp.IsModernProtocol(server.RequestProtocolVersion(ctx)) {
			code = mcp.INVALID_PARAMS
		}
		return about(coded(code, "%s", e.Message), map[string]any{"uri": uri})
	case "invalid_argument":
		return coded(mcp.INVALID_PARAMS, "%s", e.Message)
	}
	return e
}

// reword puts a code in its place, and says of a tool that does not exist what to do. It reports whether it changed
// anything.
func (e *protocolError) reword() bool {
	if rest, ok := strings.CutPrefix(e.Message, codeMark); ok {
		number, message, _ := strings.Cut(rest, " ")
		if code, err := strconv.Atoi(number); err == nil {
			e.Code = code
		}
		var data string
		if e.Message, data, ok = strings.Cut(message, dataMark); ok {
			e.Data = json.RawMessage(data)
		}
		return true
	}
	if name, ok := strings.CutSuffix(e.Message, "' not found: "+server.ErrToolNotFound.Error()); ok && e.Code == mcp.INVALID_PARAMS {
		name = strings.TrimPrefix(name, "tool '")
		if r := []rune(name); len(r) > 60 {
			name = string(r[:60]) + "…"
		}
		e.Message = fmt.Sprintf("there is no tool %q: take a name from tools/list", tool.CleanLine(name))
		return true
	}
	return false
}
