package template

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFindPrefersTheMostLiteralTemplate(t *testing.T) {
	var table Table[string]
	for _, path := range []string{
		"v1/users/{userId}/messages/{id}", "v1/users/{userId}/messages/send", "v1/{+name}", "v1/{+name}:undelete",
		"v1/keys/{id}:disable",
	} {
		if err := table.Add("GET", path, path); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		path, want string
		values     map[string]string
	}{
		{"v1/users/me/messages/send", "v1/users/{userId}/messages/send", map[string]string{"userId": "me"}},
		{"v1/users/a%40b.c/messages/1%2F2", "v1/users/{userId}/messages/{id}", map[string]string{"userId": "a@b.c", "id": "1/2"}},
		{"v1/keys/k1:disable", "v1/keys/{id}:disable", map[string]string{"id": "k1"}},
		{"v1/spaces/a/b", "v1/{+name}", map[string]string{"name": "spaces/a/b"}},
		{"v1/spaces/a:undelete", "v1/{+name}:undelete", map[string]string{"name": "spaces/a"}},
	} {
		got, values, ok := table.Find("GET", c.path)
		if !ok || got != c.want {
			t.Errorf("Find(%q) = %q, %v; want %q", c.path, got, ok, c.want)
		}
		if d := cmp.Diff(c.values, values); d != "" {
			t.Errorf("Find(%q): %s", c.path, d)
		}
	}
	for _, path := range []string{"v2/x", "v1/", "v1"} {
		if got, _, ok := table.Find("GET", path); ok {
			t.Errorf("Find(%q) = %q, want none", path, got)
		}
	}
	if _, _, ok := table.Find("POST", "v1/spaces/a"); ok {
		t.Error("Find with another verb found something")
	}
}

func TestBadTemplates(t *testing.T) {
	for _, path := range []string{"a/{b", "a/b}"} {
		if _, err := Parse(path); err == nil {
			t.Errorf("Parse(%q) gave no error", path)
		}
	}
	var table Table[int]
	if err := table.Add("GET", "a/{b}", 1); err != nil {
		t.Fatal(err)
	}
	if err := table.Add("GET", "a/{b}", 2); err == nil {
		t.Error("the same template twice gave no error")
	}
	if _, _, ok := table.Find("GET", "a/%zz"); ok {
		t.Error("a badly encoded path matched")
	}
}
