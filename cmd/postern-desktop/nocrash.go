//go:build cgo && !windowcrash

package main

import "context"

func breakWhenAsked() {}

func (*desktop) stirWhenAsked(context.Context) {}
