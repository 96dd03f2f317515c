package settings

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

// never is the span that has no end.
const never = "never"

// Span reads a span of time such as 30m, 12h or 30d.
func Span(v string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(v, "d"); ok {
		if n, err := strconv.ParseUint(days, 10, 16); err == nil { // 65535 days are no overflow
			return time.Duration(n) * day, nil
		}
	}
	d, err := time.ParseDuration(v)
	if err != nil {
		return 0, fmt.Errorf("want a time such as 30m, 12h or 30d")
	}
	return d, nil
}

// span wants a span from least to most.
func span(least, most time.Duration) func(string) error {
	return func(v string) error {
		d, err := Span(v)
		if err == nil && (d < least || d > most) {
			err = fmt.Errorf("want a time from %s to %s", written(least), written(most))
		}
		return err
	}
}

// or takes a word, too.
func or(word string, check func(string) error) func(string) error {
	return func(v string) error {
		if v == word {
			return nil
		}
		return check(v)
	}
}

// lasting is a span that was checked: 0 for none, less than zero for never.
func lasting(v string) time.Duration {
	if v == never {
		return -1
	}
	d, err := Span(v)
	if err != nil {
		return 0
	}
	return d
}

// written is a span as the owner writes it.
func written(d time.Duration) string {
	switch {
	case d%day == 0:
		return fmt.Sprintf("%dd", d/day)
	case d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return fmt.Sprintf("%dm", d/time.Minute)
}
