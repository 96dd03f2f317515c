package auth

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestImportGoogleClient(t *testing.T) {
	v := &shelf{items: map[string]string{}}
	if _, err := LoadGoogleClient(t.Context(), v); !errors.Is(err, ErrNoGoogleClient) {
		t.Errorf("LoadGoogleClient from an empty vault: %v", err)
	}
	for name, file := range map[string]string{
		"installed":  installedJSON,
		"of Windows": "\ufeff" + strings.ReplaceAll(installedJSON, ",", ",\r\n"),
		"web":        `{"web":{"client_id":"1.apps.googleusercontent.com","client_secret":"not-so-secret","redirect_uris":["https://a.example/","http://127.0.0.1:7879/"]}}`,
	} {
		c, err := ImportGoogleClient(t.Context(), v, []byte(file))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, err := LoadGoogleClient(t.Context(), v)
		if err != nil || got != c || got.ID != clientID || got.Secret != "not-so-secret" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if (got.Redirect != "") != (name == "web") {
			t.Errorf("%s: answered at %q", name, got.Redirect)
		}
	}
	if err := RemoveGoogleClient(t.Context(), v); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadGoogleClient(t.Context(), v); !errors.Is(err, ErrNoGoogleClient) {
		t.Errorf("LoadGoogleClient after the removal: %v", err)
	}
}

func TestImportRefusesWithWhatItIs(t *testing.T) {
	for name, c := range map[string]struct{ file, says string }{
		"nothing":           {" \n", "empty"},
		"an API key":        {"AIzaQUJD", "API key"},
		"an API key, typed": {`{"current_key":"AIzaQUJD"}`, "API key"},
		"a private key":     {"-----BEGIN PRIVATE KEY-----\nQUJD\n", "key or certificate"},
		"a web page":        {"<!doctype html><p>Sign in", "web page"},
		"prose":             {"client id: QUJD", "not JSON"},
		"a list":            {"[1]", "no OAuth client"},
		"other JSON":        {`{"name":"QUJD"}`, "no OAuth client"},
		"a service account": {`{"type":"service_account","private_key":"QUJD"}`, "--adc"},
		"a person":          {`{"type":"authorized_user","refresh_token":"QUJD"}`, "--adc"},
		"a workload":        {`{"type":"external_account"}`, "workload"},
		"another type":      {`{"type":"impersonated_service_account"}`, `"impersonated_service_account"`},
		"no secret":         {`{"installed":{"client_id":"1.apps.googleusercontent.com"}}`, "no client_secret"},
		"no id":             {`{"installed":{"client_secret":"QUJD"}}`, "no client_id"},
		"another's":         {`{"installed":{"client_id":"x","client_secret":"QUJD"}}`, "not one of Google's"},
		"a web site":        {`{"web":{"client_id":"1.apps.googleusercontent.com","client_secret":"QUJD","redirect_uris":["https://a.example/","http://localhost"]}}`, "Desktop app"},
	} {
		t.Run(name, func(t *testing.T) {
			v := &shelf{items: map[string]string{}}
			_, err := ImportGoogleClient(t.Context(), v, []byte(c.file))
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("ImportGoogleClient: %v; want %q", err, c.says)
			}
			if err != nil && strings.Contains(err.Error(), "QUJD") {
				t.Errorf("the error quotes a secret: %v", err)
			}
			if len(v.items) > 0 {
				t.Errorf("the vault holds %v", v.items)
			}
		})
	}
}

func TestTheSecretOfAClientIsNotPrinted(t *testing.T) {
	c := GoogleClient{ID: "id", Secret: "not-so-secret"}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "client", c)
	for _, s := range []string{fmt.Sprint(c), fmt.Sprintf("%+v", &c), log.String()} {
		if strings.Contains(s, "not-so-secret") || !strings.Contains(s, "id") {
			t.Errorf("printed: %s", s)
		}
	}
}
