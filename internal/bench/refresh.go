package main

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// refreshes measures how long fifty clients take that all change the same refresh token at once, as the processes of one
// assistant do. Each time is a new bridge's, since there is a limit to how many tokens are changed in a minute.
func refreshes(binary, dir string, runs int) ([]figure, error) {
	const side = 50
	all := figure{name: fmt.Sprintf("%d refreshes side by side, all answered", side), unit: "ms", digits: 1}
	for range runs {
		err := with(binary, dir, func(b *bridge, g *grant) error {
			c := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: side}}
			defer c.CloseIdleConnections()
			var wg sync.WaitGroup
			errs := make([]error, side)
			began := time.Now()
			for i := range side {
				wg.Go(func() { errs[i] = b.refresh(c, g) })
			}
			wg.Wait()
			all.add(ms(time.Since(began)))
			return errors.Join(errs...)
		})
		if err != nil {
			return nil, err
		}
	}
	return []figure{all}, nil
}
