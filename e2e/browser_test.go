//go:build e2e

package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// startBrowser starts Chromium, headless, behind the proxy, and returns the context in which chromedp drives it.
func startBrowser(t *testing.T, proxy string) context.Context {
	t.Helper()
	path := needs(t, "chromium")
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.NoSandbox, // the tests may run as root
		chromedp.UserDataDir(t.TempDir()),
		chromedp.ProxyServer(proxy),
		chromedp.IgnoreCertErrors, // the stand-in's authority is unknown to the browser; Postern itself checks it
		chromedp.WindowSize(420, 900),
		chromedp.WSURLReadTimeout(patience),
	)
	alloc, stop := chromedp.NewExecAllocator(t.Context(), opts...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(func() {
		bounded, end := context.WithTimeout(ctx, 10*time.Second)
		defer end()
		_ = chromedp.Cancel(bounded) // closes the browser before its folder is removed
		cancel()
	})
	return ctx
}
