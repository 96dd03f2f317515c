//go:build !linux

package notify

import (
	"context"
	"errors"
)

func dial(context.Context, []byte, func(Kind)) (desktop, error) {
	return nil, errors.New("this operating system has no org.freedesktop.Notifications")
}
