// Package assets holds the files that Postern carries in its binary.
package assets

import "embed"

// DemoMailbox is the demo account's mail, in the form that package demo reads.
//
//go:embed demo/mailbox.json
var DemoMailbox []byte

// Pages are the templates of the web pages that package page writes: frame.html and one file for each page.
//
//go:embed pages/*.html
var Pages embed.FS
