//go:build cgo && !windowcrash

package main

func breakWhenAsked() {}
