//go:build e2e

package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// startBrowser starts Chromium, headless, behind the proxy if one is given, and returns the context in which chromedp drives it.
func startBrowser(t *testing.T, proxy string) context.Context {
	t.Helper()
	path, r := needs(t, "chromium"), recordOf(t)
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.NoSandbox, // the tests may run as root
		chromedp.UserDataDir(t.TempDir()),
		chromedp.IgnoreCertErrors, // the stand-in's authority is unknown to the browser; Postern itself checks it
		chromedp.WindowSize(420, 900),
		chromedp.WSURLReadTimeout(patience),
	)
	if proxy != "" {
		opts = append(opts, chromedp.ProxyServer(proxy))
	}
	alloc, stop := chromedp.NewExecAllocator(t.Context(), opts...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(alloc, chromedp.WithListener(func(ev any) {
		if e, ok := ev.(*network.EventRequestWillBeSent); ok {
			referrer, _ := e.Request.Headers["Referer"].(string)
			r.address(address{e.Request.URL, referrer})
		}
	}))
	t.Cleanup(func() { closeBrowser(ctx); cancel() })
	if err := chromedp.Do(ctx); err != nil { // starts it; a limit on this first context would end the browser
		t.Fatalf("starting Chromium: %v", err)
	}
	return ctx
}

// closeBrowser closes the browser, before its folder is removed. It may be closed already.
func closeBrowser(ctx context.Context) {
	if ctx.Err() != nil {
		return
	}
	bounded, end := context.WithTimeout(ctx, 10*time.Second)
	defer end()
	_ = chromedp.Cancel(bounded)
}

// browse runs steps in the browser with a limit, and tells on failure what it shows.
func browse(t *testing.T, ctx context.Context, what string, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	bounded, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := chromedp.Do(bounded, steps...); err != nil {
		look, end := context.WithTimeout(ctx, 10*time.Second)
		defer end()
		at, _ := chromedp.Run(look, chromedp.Location())
		text, _ := chromedp.Run(look, chromedp.Text(`body`))
		t.Fatalf("%s: %v; the browser shows %q:\n%s", what, err, at, text)
	}
}
