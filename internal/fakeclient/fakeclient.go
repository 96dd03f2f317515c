// Package fakeclient is an OAuth client over HTTP with a browser without scripts, for tests and measurements of a bridge
// that really runs.
package fakeclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"

	"golang.org/x/oauth2"
)

// Client is a registered client whose page waits for the owner.
type Client struct {
	ID       string // client_id
	Number   string // that the page shows
	Question string // id of the approval, which the page shows where no face does; "" if it does not

	resource string
	config   oauth2.Config
	verifier string
	browser  *http.Client
	fields   url.Values // of the page's form
}

var (
	number   = regexp.MustCompile(`class="number">(\d\d)<`)
	question = regexp.MustCompile(`approvals approve (\S+) `)
	field    = regexp.MustCompile(`<input type="hidden" name="(\w+)" value="([^"]*)">`)
	onwards  = regexp.MustCompile(`href="([^"]*[?&;]code=[^"]*)"`)
)

// Ask registers a client with the bridge whose /mcp is at resource, and opens its page.
func Ask(ctx context.Context, resource, name, redirect string) (*Client, error) {
	issuer := strings.TrimSuffix(resource, "/mcp")
	metadata, err := json.Marshal(map[string]any{"client_name": name, "redirect_uris": []string{redirect}, "token_endpoint_auth_method": "none"})
	if err != nil {
		return nil, err
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	c := &Client{resource: resource, verifier: oauth2.GenerateVerifier(), browser: &http.Client{Jar: jar}, fields: url.Values{}}
	answer, err := c.send(ctx, http.MethodPost, issuer+"/register", "application/json", metadata)
	if err != nil {
		return nil, fmt.Errorf("registering: %w", err)
	}
	var registered struct {
		ID string `json:"client_id"`
	}
	if err := json.Unmarshal([]byte(answer), &registered); err != nil {
		return nil, fmt.Errorf("registering: %w", err)
	}
	c.ID = registered.ID
	c.config = oauth2.Config{ClientID: c.ID, RedirectURL: redirect, Endpoint: oauth2.Endpoint{AuthURL: issuer + "/authorize", TokenURL: issuer + "/token", AuthStyle: oauth2.AuthStyleInParams}}
	return c.open(ctx)
}

// Again opens the page once more, for the same client.
func (c *Client) Again(ctx context.Context) (*Client, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	return (&Client{ID: c.ID, resource: c.resource, config: c.config, verifier: oauth2.GenerateVerifier(), browser: &http.Client{Jar: jar}, fields: url.Values{}}).open(ctx)
}

// open opens the page.
func (c *Client) open(ctx context.Context) (*Client, error) {
	page, err := c.send(ctx, http.MethodGet, c.config.AuthCodeURL("s", oauth2.S256ChallengeOption(c.verifier), oauth2.SetAuthURLParam("resource", c.resource)), "", nil)
	if err != nil {
		return nil, fmt.Errorf("opening the page: %w", err)
	}
	shown := number.FindStringSubmatch(page)
	if shown == nil {
		return nil, fmt.Errorf("the page shows no number:\n%s", page)
	}
	c.Number = shown[1]
	if shown := question.FindStringSubmatch(page); shown != nil {
		c.Question = shown[1]
	}
	for _, f := range field.FindAllStringSubmatch(page, -1) {
		c.fields.Set(f[1], html.UnescapeString(f[2]))
	}
	return c, nil
}

// Finish goes on in the browser and returns the page that it gets.
func (c *Client) Finish(ctx context.Context) (page string, err error) {
	return c.form(ctx, "/authorize/finish")
}

// Cancel takes the request back in the browser.
func (c *Client) Cancel(ctx context.Context) error {
	_, err := c.form(ctx, "/authorize/cancel")
	return err
}

// Token goes on in the browser after the owner's yes, and exchanges the code.
func (c *Client) Token(ctx context.Context) (*oauth2.Token, error) {
	page, err := c.Finish(ctx)
	if err != nil {
		return nil, err
	}
	to := onwards.FindStringSubmatch(page)
	if to == nil {
		return nil, fmt.Errorf("the page leads to no client:\n%s", page)
	}
	u, err := url.Parse(html.UnescapeString(to[1]))
	if err != nil {
		return nil, err
	}
	return c.config.Exchange(ctx, u.Query().Get("code"), oauth2.VerifierOption(c.verifier), oauth2.SetAuthURLParam("resource", c.resource))
}

func (c *Client) form(ctx context.Context, path string) (string, error) {
	return c.send(ctx, http.MethodPost, strings.TrimSuffix(c.resource, "/mcp")+path, "application/x-www-form-urlencoded", []byte(c.fields.Encode()))
}

// send returns the body of a good answer.
func (c *Client) send(ctx context.Context, method, address, kind string, body []byte) (string, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	resp, err := c.browser.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if resp.StatusCode >= http.StatusBadRequest {
		err = errors.Join(err, fmt.Errorf("%s:\n%s", resp.Status, b))
	}
	return string(b), err
}
