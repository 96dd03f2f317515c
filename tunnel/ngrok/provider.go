// Package ngrok is the tunnel through ngrok's service, in this process (golang.ngrok.com/ngrok/v2).
package ngrok

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	sdk "golang.ngrok.com/ngrok/v2"

	"postern/tunnel"
)

// Provider is the account by which ngrok is used, and the one domain of it.
type Provider struct {
	// Authtoken reads the account's authtoken. It is never taken from the environment. An *tunnel.Error of it is Start's.
	Authtoken func(ctx context.Context) (string, error)
	// Domain is the one host that is served, e.g. "name.ngrok-free.dev": the issuer of all tokens hangs on it, so another
	// from the service is an error.
	Domain string
	// ConnectURL is the host and port at which the service is reached (ngrok's connect_url); "" for its own.
	ConnectURL string
	// CAFile names a PEM file with the certificates that the service's is checked with; "" for ngrok's own.
	CAFile string
	// Version is Postern's, which the service is told.
	Version string
	Log     *slog.Logger // nil: silent

	// Silence is how long nothing may be heard of the service before the connection to it is made anew, and Patience how
	// long a reader may stand still; zero for the usual times.
	Silence, Patience time.Duration
	answer            time.Duration // how long the service may take to let an agent in; zero for the usual time
	heartbeat         time.Duration // how often the service is asked whether it is there; zero for ngrok's usual time
}

// DefaultConnectURL is where ngrok's service is reached.
const DefaultConnectURL = "connect.ngrok-agent.com:443"

// Name implements tunnel.Provider.
func (*Provider) Name() string { return "ngrok" }

// Start implements tunnel.Provider.
func (p *Provider) Start(ctx context.Context, side *http.Server, notify func(tunnel.Status)) (tunnel.Session, error) {
	if p.Domain == "" {
		return nil, &tunnel.Error{Reason: tunnel.NoAccount, Detail: `the domain of the ngrok account is not known yet: run "postern tunnel login"`}
	}
	token, err := p.Authtoken(ctx)
	var why *tunnel.Error
	switch {
	case errors.As(err, &why):
		return nil, why
	case err != nil:
		return nil, &tunnel.Error{Detail: err.Error()}
	}
	roots, err := p.roots()
	if err != nil {
		return nil, &tunnel.Error{Detail: err.Error()}
	}
	s := newSession(p, token, roots, side, notify)
	go s.run()
	select {
	case <-s.up:
		return s, nil
	case <-s.done:
		return nil, s.Err()
	case <-ctx.Done():
		return nil, errors.Join(context.Cause(ctx), s.Close())
	}
}

// roots are the certificates of CAFile, nil without one.
func (p *Provider) roots() (*x509.CertPool, error) {
	if p.CAFile == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(p.CAFile)
	if err != nil {
		return nil, fmt.Errorf("reading the setting tunnel.ca_file: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("the setting tunnel.ca_file: there is no certificate in %s", p.CAFile)
	}
	return pool, nil
}

// agent makes an agent of the SDK. It is used for one connection and thrown away: one whose context has ended says that
// it is connected for ever.
func (p *Provider) agent(token string, roots *x509.CertPool, more ...sdk.AgentOption) (sdk.Agent, error) {
	log := slog.DiscardHandler
	if p.Log != nil {
		log = p.Log.Handler()
	}
	options := []sdk.AgentOption{
		sdk.WithAuthtoken(token), sdk.WithClientInfo("postern", cmp.Or(p.Version, "devel")),
		sdk.WithLogger(slog.New(discreet{log, token})),
	}
	if p.ConnectURL != "" {
		options = append(options, sdk.WithAgentConnectURL(p.ConnectURL))
	}
	if roots != nil {
		options = append(options, sdk.WithAgentConnectCAs(roots))
	}
	if p.heartbeat != 0 {
		options = append(options, sdk.WithHeartbeatInterval(p.heartbeat))
	}
	return sdk.NewAgent(append(options, more...)...)
}

// Diagnose implements tunnel.Diagnoser.
func (p *Provider) Diagnose(ctx context.Context) (string, error) {
	roots, err := p.roots()
	if err != nil {
		return "", err
	}
	agent, err := p.agent("", roots)
	if err != nil {
		return "", err
	}
	where := cmp.Or(p.ConnectURL, DefaultConnectURL)
	d, ok := agent.(sdk.Diagnoser)
	if !ok {
		return "", errors.New("this version of the ngrok SDK cannot be asked")
	}
	r, err := d.Diagnose(ctx, "")
	switch {
	case err == nil:
		return fmt.Sprintf("%s, region %s, %d ms", where, r.Region, r.Latency.Milliseconds()), nil
	case sdk.IsTCPDiagnoseFailure(err):
		return "", fmt.Errorf("%s cannot be reached: is this computer online, and does its firewall allow it? (%w)", where, err)
	case sdk.IsTLSDiagnoseFailure(err) && !distrusted(err):
		return "", fmt.Errorf("%s cuts the connection off: a firewall on the way, or an outage of ngrok's; see status.ngrok.com (%w)", where, err)
	case sdk.IsTLSDiagnoseFailure(err):
		return "", fmt.Errorf("%s answers with a certificate that is not ngrok's: something on the way reads along, such as an office proxy; ask who runs it, or set tunnel.connect_url and tunnel.ca_file (%w)", where, err)
	case sdk.IsMuxadoDiagnoseFailure(err):
		return "", fmt.Errorf("%s answers, but does not speak ngrok's protocol (%w)", where, err)
	}
	return "", err
}

// distrusted reports whether an error says that a certificate is not to be trusted.
func distrusted(err error) bool {
	var verification *tls.CertificateVerificationError
	return errors.As(err, &verification)
}
