package clientconfig

import "bytes"

// deepest is how many levels of objects and lists a file may have. The parser goes down level by level, and the program
// ends if it goes down for ever.
const deepest = 10_000

// tooDeep reports whether JSON with comments has more levels than that.
func tooDeep(data []byte) bool {
	depth := 0
	for len(data) > 0 {
		switch c := data[0]; {
		case c == '{', c == '[':
			if depth++; depth > deepest {
				return true
			}
		case c == '}', c == ']':
			depth--
		case c == '"':
			data = afterString(data[1:])
			continue
		case bytes.HasPrefix(data, []byte("//")):
			_, data, _ = bytes.Cut(data, []byte("\n"))
			continue
		case bytes.HasPrefix(data, []byte("/*")):
			_, data, _ = bytes.Cut(data[2:], []byte("*/"))
			continue
		}
		data = data[1:]
	}
	return false
}

// afterString is what comes after a string that has begun.
func afterString(data []byte) []byte {
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '\\':
			i++
		case '"':
			return data[i+1:]
		}
	}
	return nil
}
