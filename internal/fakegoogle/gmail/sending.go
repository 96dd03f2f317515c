package gmail

import (
	"bytes"
	"fmt"
	"time"
)

// complete adds what Gmail adds to a mail that is sent: sender, date and Message-ID, if they are missing.
func complete(raw []byte, account string, now time.Time) []byte {
	h, _ := splitHeader(raw)
	var b bytes.Buffer
	if h.get("From") == "" {
		fmt.Fprintf(&b, "From: %s\r\n", account)
	}
	if h.get("Date") == "" {
		fmt.Fprintf(&b, "Date: %s\r\n", now.Format(time.RFC1123Z))
	}
	if h.get("Message-ID") == "" {
		fmt.Fprintf(&b, "Message-ID: <CA%x@mail.gmail.com>\r\n", now.UnixNano())
	}
	if b.Len() == 0 {
		return raw
	}
	b.Write(raw)
	return b.Bytes()
}
