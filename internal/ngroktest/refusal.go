package ngroktest

import (
	"fmt"
	"strings"
)

// refusal is an error that the edge gives an agent, with ngrok's code.
type refusal struct{ code, message string }

// text returns the refusal as ngrok words it: the code stands on a line of its own at the end.
func (r *refusal) text() string {
	return r.message + "\r\n\r\n" + r.code + "\r\n"
}

// fullCode turns "334" into "ERR_NGROK_334".
func fullCode(code string) string {
	if code == "" || strings.HasPrefix(code, "ERR_NGROK_") {
		return code
	}
	return "ERR_NGROK_" + code
}

// wording is how ngrok words its refusals, or close to it. Two of them repeat the authtoken. {token}, {url}, {account},
// {plan} and {sessions} are filled in.
var wording = map[string]string{
	"ERR_NGROK_105": "The authtoken you specified does not look like a proper ngrok authtoken.\nYour authtoken: {token}\nInstructions to install your authtoken are on your ngrok dashboard:\nhttps://dashboard.ngrok.com/get-started/your-authtoken",
	"ERR_NGROK_107": "The authtoken you specified is properly formed, but it is invalid.\nYour authtoken: {token}\nThis usually happens when:\n    - You reset your authtoken\n    - Your authtoken was for a team account that you were removed from\n    - You are using ngrok link and this authtoken was explicitly revoked\n\nGo to your ngrok dashboard and double check that your authtoken is correct:\nhttps://dashboard.ngrok.com/get-started/your-authtoken",
	"ERR_NGROK_108": "Your account is limited to {sessions} simultaneous ngrok agent sessions.\nYou can run multiple simultaneous tunnels from a single agent session.\nYou can view your current agent sessions in the dashboard:\nhttps://dashboard.ngrok.com/agents",
	"ERR_NGROK_120": "Your ngrok agent version is no longer supported.\nPlease update to a newer version.",
	"ERR_NGROK_121": "Your ngrok agent version is too old.\nThe minimum supported agent version for your account is newer. Please update to a newer version.",
	"ERR_NGROK_313": "Custom subdomains are a feature on ngrok's paid plans.\nFailed to bind the custom subdomain '{url}' for the account '{account}'.\nThis account is on the '{plan}' plan.\n\nUpgrade to a paid plan at: https://dashboard.ngrok.com/billing/choose-a-plan",
	"ERR_NGROK_316": "The account '{account}' may not bind '{url}'.\nThe domain is reserved for another account.",
	"ERR_NGROK_334": "The endpoint '{url}' is already online. Either\n1. stop your existing endpoint first, or\n2. start both endpoints with `--pooling-enabled` to load balance between them.",
	"ERR_NGROK_4018": "Usage of ngrok requires a verified account and authtoken.\n\nSign up for an account: https://dashboard.ngrok.com/signup\n" +
		"Install your authtoken: https://dashboard.ngrok.com/get-started/your-authtoken",
	"ERR_NGROK_8013":  "You must add a credit or debit card before you can use TCP endpoints on a free account.",
	"ERR_NGROK_15002": "The domain of '{url}' is not yet claimed by the account '{account}'.\nClaim your dev domain: https://dashboard.ngrok.com/domains",
	"ERR_NGROK_15013": "The account '{account}' has no dev domain yet.\nClaim your dev domain: https://dashboard.ngrok.com/domains",
}

// refuse returns the refusal with a code; an empty message means ngrok's own wording.
func (e *Edge) refuse(code, message, token, url string) *refusal {
	code = fullCode(code)
	if message == "" {
		message = wording[code]
	}
	if message == "" {
		message = "The service refused."
	}
	return &refusal{code, strings.NewReplacer("{token}", token, "{url}", url, "{account}", e.Account, "{plan}", e.Plan,
		"{sessions}", fmt.Sprint(e.MaxSessions)).Replace(message)}
}

// malformed reports whether ngrok would not even look an authtoken up.
func malformed(token string) bool {
	return token == "" || strings.ContainsFunc(token, func(r rune) bool {
		return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_' || r == '-')
	})
}
