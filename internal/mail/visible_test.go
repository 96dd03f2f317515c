package mail

import (
	"bytes"
	"strings"
	"testing"
)

func TestVisibleHTML(t *testing.T) {
	out, ok := VisibleHTML([]byte(`<style>.x{display:none}</style><p>Seen</p><p class="x">class</p><p style="font-size:0">zero</p><p style="color:#fff;background:#fff">white</p><p hidden>attr</p><!-- note --><script>run</script><img src="cid:1"><img src="https://example.org/p" width="1" height="1">`))
	if !ok {
		t.Fatal("it was not judged")
	}
	for _, bad := range []string{"class", "zero", "white", "attr", "note", "run", "example.org/p", "display"} {
		if strings.Contains(string(out), bad) {
			t.Errorf("%q is left in %s", bad, out)
		}
	}
	for _, good := range []string{"Seen", `src="cid:1"`} {
		if !strings.Contains(string(out), good) {
			t.Errorf("%q is missing in %s", good, out)
		}
	}
	if _, ok := VisibleHTML(bytes.Repeat([]byte("<div>"), 5000)); ok {
		t.Error("HTML nested 5000 deep was judged")
	}
	if _, ok := VisibleHTML(bytes.Repeat([]byte("x"), maxHTML+1)); ok {
		t.Error("HTML over the limit was judged")
	}
}
