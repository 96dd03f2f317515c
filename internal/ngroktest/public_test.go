package ngroktest

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// seen is what a handler says about the request it got.
type seen struct {
	Method, Target, Host, Proto, Address string
	Header                               http.Header
	Body                                 string
}

// mirror answers with what it sees.
var mirror = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	address, _, _ := strings.Cut(r.RemoteAddr, ":")
	json.NewEncoder(w).Encode(seen{r.Method, r.RequestURI, r.Host, r.Proto, address, r.Header, string(body)})
})

// raw sends a request written by hand and returns the answer.
func raw(t *testing.T, e *Edge, name, request string) (*http.Response, string) {
	t.Helper()
	conn, err := e.Dial(limit(t), name, "")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("%q: %v", request, err)
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatalf("%q: %v", request, err)
	}
	return answer, string(body)
}

func parse(t *testing.T, body string) (s seen) {
	t.Helper()
	if err := json.Unmarshal([]byte(body), &s); err != nil {
		t.Fatalf("%q: %v", body, err)
	}
	return s
}

func TestForwardedHeaders(t *testing.T) {
	e := start(t, &Edge{})
	serve(t, e, mirror)
	_, body := get(t, e.ClientFrom("127.0.0.7"), e.URL()+"/a?b=c;d&e", "User-Agent", "")
	want := seen{
		Method: "GET", Target: "/a?b=c;d&e", Host: e.Domain, Proto: "HTTP/1.1", Address: "198.18.0.7",
		Header: http.Header{
			"Accept-Encoding": {"gzip"}, "X-Forwarded-For": {"198.18.0.7"}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {e.Domain},
		},
	}
	if diff := cmp.Diff(want, parse(t, body)); diff != "" {
		t.Errorf("plain request (-want +got):\n%s", diff)
	}
	_, body = get(t, e.ClientFrom("127.0.0.8"), e.URL(), "X-Forwarded-For", "1.2.3.4", "X-Forwarded-For", "5.6.7.8",
		"X-Forwarded-Proto", "http", "X-Forwarded-Host", "evil.example", "Forwarded", "for=1.2.3.4")
	got := parse(t, body).Header
	for name, want := range map[string]string{
		"X-Forwarded-For": "1.2.3.4, 5.6.7.8, 198.18.0.8", "X-Forwarded-Proto": "http, https", "X-Forwarded-Host": "evil.example", "Forwarded": "for=1.2.3.4",
	} {
		if strings.Join(got[name], "|") != want {
			t.Errorf("%s: %q, want %q", name, got[name], want)
		}
	}
}

func TestTargetsPassAsTheyAre(t *testing.T) {
	e := start(t, &Edge{})
	serve(t, e, mirror)
	for _, target := range []string{
		"/a/../../b", "//evil.example/x", "/%2e%2e/%2F", "/a//b/./c?x=%zz&y=;", "https://" + e.Domain + "/absolute", "/x?y=https://evil.example", "*",
	} {
		method := "GET"
		if target == "*" {
			method = "OPTIONS"
		}
		_, body := raw(t, e, e.Domain, method+" "+target+" HTTP/1.1\r\nHost: "+e.Domain+"\r\nConnection: close\r\n\r\n")
		if got := parse(t, body); got.Target != target || got.Method != method || got.Host != e.Domain {
			t.Errorf("%s %s came as %s %s with host %s", method, target, got.Method, got.Target, got.Host)
		}
	}
}

func TestHosts(t *testing.T) {
	e := start(t, &Edge{})
	serve(t, e, mirror)
	request := func(host string) string {
		return "GET / HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n"
	}
	for _, host := range []string{e.Domain + ":443", strings.ToUpper(e.Domain), e.Domain + "."} {
		if _, body := raw(t, e, e.Domain, request(host)); parse(t, body).Host != host {
			t.Errorf("host %s came as %s", host, body)
		}
	}
	for _, c := range []string{request("evil.example"), "GET https://evil.example/ HTTP/1.1\r\nHost: " + e.Domain + "\r\nConnection: close\r\n\r\n"} {
		e.AnyHost(false)
		before := e.Requests()
		answer, _ := raw(t, e, e.Domain, c)
		if answer.StatusCode != http.StatusNotFound || answer.Header.Get("Ngrok-Error-Code") != "ERR_NGROK_3200" || e.Requests() != before {
			t.Errorf("%q: %s", c, answer.Status)
		}
		e.AnyHost(true)
		if _, body := raw(t, e, e.Domain, c); parse(t, body).Host != "evil.example" {
			t.Errorf("%q with AnyHost: %s", c, body)
		}
	}
}

func TestQuota(t *testing.T) {
	e := start(t, &Edge{})
	serve(t, e, text("hello"))
	for _, c := range []struct {
		code   string
		status int
	}{{"727", http.StatusForbidden}, {"ERR_NGROK_734", http.StatusTooManyRequests}} {
		e.Quota(c.code)
		answer, body := get(t, e.Client(), e.URL())
		if code := fullCode(c.code); answer.StatusCode != c.status || answer.Header.Get("Ngrok-Error-Code") != code || !strings.Contains(body, code) {
			t.Errorf("%s: %s %v %s", c.code, answer.Status, answer.Header, body)
		}
	}
	if e.Requests() != 0 {
		t.Errorf("%d requests got through", e.Requests())
	}
	e.Quota("")
	if _, body := get(t, e.Client(), e.URL()); body != "hello" {
		t.Errorf("afterwards: %q", body)
	}
}

// browser is what a browser says of itself.
var browser = []string{"User-Agent", "Mozilla/5.0 (X11; Linux x86_64)", "Accept", "text/html,*/*;q=0.8"}

func TestInterstitial(t *testing.T) {
	e := start(t, &Edge{})
	serve(t, e, text("hello"))
	client := e.Client()
	client.Jar, _ = cookiejar.New(nil)
	page := e.URL() + "/authorize?a=b"
	answer, body := get(t, client, page, browser...)
	if answer.Header.Get("Ngrok-Error-Code") != "ERR_NGROK_6024" || !strings.Contains(body, `id="visit"`) || !strings.Contains(body, e.Domain) {
		t.Errorf("%s %v\n%s", answer.Status, answer.Header, body)
	}
	for name, header := range map[string][]string{
		"no browser": {"Accept", "text/html"}, "no page": {browser[0], browser[1], "Accept", "application/json"},
		"skipped": append([]string{"ngrok-skip-browser-warning", "1"}, browser...),
	} {
		if _, body := get(t, client, page, header...); body != "hello" {
			t.Errorf("%s: %q", name, body)
		}
	}
	u, err := url.Parse(e.URL())
	if err != nil {
		t.Fatal(err)
	}
	client.Jar.SetCookies(u, []*http.Cookie{{Name: InterstitialCookie, Value: "evil.example"}})
	if answer, _ := get(t, client, page, browser...); answer.Header.Get("Ngrok-Error-Code") != "ERR_NGROK_6024" {
		t.Error("the cookie of another domain lets the browser in")
	}
	client.Jar.SetCookies(u, []*http.Cookie{{Name: InterstitialCookie, Value: e.Domain}})
	if _, body := get(t, client, page, browser...); body != "hello" {
		t.Errorf("with the cookie: %q", body)
	}
}

func TestNoInterstitialOnPaidPlans(t *testing.T) {
	e := start(t, &Edge{NoInterstitial: true})
	serve(t, e, text("hello"))
	if _, body := get(t, e.Client(), e.URL(), browser...); body != "hello" {
		t.Errorf("got %q", body)
	}
}

func TestErrorCodeComesFromTheEdgeOnly(t *testing.T) {
	e := start(t, &Edge{})
	serve(t, e, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Ngrok-Error-Code", "ERR_NGROK_3200") }))
	if answer, _ := get(t, e.Client(), e.URL()); answer.Header.Get("Ngrok-Error-Code") != "" {
		t.Errorf("header %v", answer.Header)
	}
}
