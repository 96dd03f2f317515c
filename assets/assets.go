// Package assets holds the files that Postern carries in its binary.
package assets

import _ "embed"

// DemoMailbox is the demo account's mail, in the form that package demo reads.
//
//go:embed demo/mailbox.json
var DemoMailbox []byte
