// Package extract reads the text out of a file: PDF, Word, Excel, PowerPoint, CSV, HTML, mails and plain text. It trusts
// no file: a process of its own reads it, with bounds on size, unpacked size, time and memory, and may crash.
package extract

import (
	"bytes"
	"errors"
	"path"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
)

const (
	// MaxInput is the most bytes of a file that is read.
	MaxInput = 30 << 20
	// maxText is the most characters of text that are taken out of one file.
	maxText = 2_000_000
	// maxUnpacked is the most bytes that the parts of a packed file may have together: what is over is a bomb.
	maxUnpacked = 200 << 20
)

// ErrUnsupported is returned for a file that holds no text that can be read here.
var ErrUnsupported = errors.New("no text can be read from this kind of file")

// reader reads the text of one kind of file.
type reader func(data []byte) (string, error)

// Kind returns the kind of a file by its name, else its media type: "pdf", "docx", … ; "" if it is not supported.
func Kind(name, mimeType string) string {
	switch ext := strings.ToLower(path.Ext(name)); ext {
	case ".pdf", ".docx", ".xlsx", ".xlsm", ".pptx", ".csv", ".tsv", ".eml", ".ics", ".html", ".htm":
		return map[string]string{".xlsm": "xlsx", ".htm": "html"}[ext] + kindOf(ext)
	case ".txt", ".md", ".json", ".xml", ".log", ".yaml", ".yml", ".ini", ".rst", ".tex", ".vcf", ".srt", ".sql", ".py", ".go", ".js", ".ts", ".sh", ".c", ".h", ".java", ".rb", ".toml":
		return "txt"
	}
	mimeType, _, _ = strings.Cut(strings.ToLower(mimeType), ";")
	switch strings.TrimSpace(mimeType) {
	case "application/pdf":
		return "pdf"
	case "application/vnd.openxmlformats-officedocument.wordprocessingml.document":
		return "docx"
	case "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":
		return "xlsx"
	case "application/vnd.openxmlformats-officedocument.presentationml.presentation":
		return "pptx"
	case "text/csv":
		return "csv"
	case "text/html":
		return "html"
	case "message/rfc822":
		return "eml"
	case "text/calendar":
		return "ics"
	case "application/json", "application/xml":
		return "txt"
	}
	if strings.HasPrefix(mimeType, "text/") {
		return "txt"
	}
	return ""
}

// kindOf is the ending without its dot, "" for those that have another name.
func kindOf(ext string) string {
	if ext == ".xlsm" || ext == ".htm" {
		return ""
	}
	return ext[1:]
}

// text returns the text of a file of that kind as Markdown, CSV or plain text; it came from outside and is not cleaned.
func text(kind string, data []byte) (string, error) {
	read := map[string]reader{"pdf": pdfText, "docx": docxText, "xlsx": xlsxText, "pptx": pptxText, "csv": plain, "tsv": plain, "html": htmlText, "eml": mailText, "ics": calendarText, "txt": plain}[kind]
	if read == nil {
		return "", ErrUnsupported
	}
	s, err := guarded(read, data)
	return cut(s), err
}

func guarded(read reader, data []byte) (text string, err error) {
	defer func() {
		if v := recover(); v != nil {
			text, err = "", errors.New("the file is damaged")
		}
	}()
	return read(data)
}

func cut(s string) string {
	if len(s) <= maxText {
		return s
	}
	return strings.ToValidUTF8(s[:maxText], "") + "\n\n[cut: the file has more text]"
}

// plain decodes text by its byte order mark, as UTF-8, or as the charset that it looks like.
func plain(data []byte) (string, error) {
	if bytes.HasPrefix(data, []byte{0xef, 0xbb, 0xbf}) {
		data = data[3:]
	}
	if utf8.Valid(data) {
		if bytes.IndexByte(data, 0) >= 0 {
			return "", errors.New("the file is not text")
		}
		return string(data), nil
	}
	enc, _, _ := charset.DetermineEncoding(data[:min(len(data), 4096)], "")
	out, err := enc.NewDecoder().Bytes(data)
	if err != nil {
		return strings.ToValidUTF8(string(data), "\uFFFD"), nil
	}
	return string(out), nil
}
