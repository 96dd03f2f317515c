// Package assets holds the files that Postern carries in its binary.
package assets

import _ "embed"

// DemoMailbox is the demo account's mail, in the form that package demo reads.
//
//go:embed demo/mailbox.json
var DemoMailbox []byte

// PageStyle is the style of the web pages that package page writes.
//
//go:embed pages/page.css
var PageStyle string

// WaitingScript is the script of the page on which somebody waits for the owner.
//
//go:embed pages/waiting.js
var WaitingScript string
